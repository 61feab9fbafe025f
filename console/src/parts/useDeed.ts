// What an address asks to be done on its page (?do=link), done once; then the address is as without it.
import { useEffect, useRef } from 'react';
import { useSearchParams } from 'react-router-dom';

/** `isReady`: the page has what the deeds need. A deed that the reader may not do is left out by the caller. */
export function useDeed(deeds: Record<string, (() => void) | false>, isReady = true): void {
  const [params, setParams] = useSearchParams();
  const latest = useRef(deeds);
  latest.current = deeds;
  const wanted = params.get('do');
  useEffect(() => {
    if (!wanted || !isReady) return;
    const deed = Object.entries(latest.current).find(([name]) => name === wanted)?.[1];
    setParams(
      (old) => {
        const next = new URLSearchParams(old);
        next.delete('do');
        return next;
      },
      { replace: true },
    );
    if (deed) deed();
  }, [wanted, isReady, setParams]);
}
