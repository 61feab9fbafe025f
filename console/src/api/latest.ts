// An edit of something that may be changed elsewhere meanwhile: then theirs is read and shown, what was typed stays,
// and saving once more goes by what was shown.
import { useCallback, useRef, useState } from 'react';
import { ApiError } from './problem';

export function useLatest<T>(first: T, read: () => Promise<T>) {
  const [theirs, setTheirs] = useState<T>();
  const base = useRef(first);
  const latestRead = useRef(read);
  latestRead.current = read;
  /** Run an edit of what was read last. */
  const guard = useCallback(async <O>(edit: (base: T) => Promise<O>): Promise<O> => {
    try {
      return await edit(base.current);
    } catch (error) {
      if (error instanceof ApiError && error.isStale) {
        base.current = await latestRead.current();
        setTheirs(base.current);
      }
      throw error;
    }
  }, []);
  return { theirs, guard };
}
