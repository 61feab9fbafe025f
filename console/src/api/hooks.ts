// Reading and changing through the client. Reads are kept by TanStack Query; a change says which reads it made old.
import { type QueryKey, QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useRef } from 'react';
import { useAttended } from './attended';
import { onReturn } from './connection';
import { ApiError, CancelledError, OfflineError } from './problem';
import { onTabs, tellTabs } from './tabs';

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: 'always',
      staleTime: 5_000,
      // An answer is an answer; only silence is asked again, when the keeper is back.
      retry: false,
      refetchOnWindowFocus: true,
    },
    mutations: { networkMode: 'always', retry: false },
  },
});

/** Everything on the screen; not what was answered once for all: asked again it would change under the person's hands. */
export function readAnew(): void {
  void queries.invalidateQueries({ predicate: (query) => query.meta?.once !== true || query.state.data === undefined });
}
onReturn(readAnew);
onTabs((news) => news.kind === 'changed' && readAnew());

/** `once` for what is not to be asked again by itself. One thing: `useRead(['user', id], () => data(api.GET('/v1/users/{id}', ...)))`. */
export function useRead<T>(key: QueryKey, read: () => Promise<T>, options: { enabled?: boolean; every?: number; once?: boolean } = {}) {
  const isAttended = useAttended();
  return useQuery({
    queryKey: key,
    queryFn: read,
    enabled: options.enabled ?? true,
    refetchInterval: (isAttended && options.every) || false,
    // Asked again would be another answer (a secret made anew), and it is forgotten with the screen.
    ...(options.once && { meta: { once: true }, staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false, refetchOnMount: false }),
  });
}

export type ListPage<T> = { items: T[]; next?: string | null };

/** A list by pages: `items` so far, `more` when there is a next page. */
export function useList<T>(key: QueryKey, page: (cursor: string | undefined) => Promise<ListPage<T>>, options: { enabled?: boolean } = {}) {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => page(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    enabled: options.enabled ?? true,
    placeholderData: (previous) => previous,
  });
  const items = useMemo(() => query.data?.pages.flatMap((one) => one.items) ?? [], [query.data]);
  return {
    items,
    isLoading: query.isLoading,
    error: query.error,
    reload: () => void query.refetch(),
    more: query.hasNextPage ? () => void query.fetchNextPage() : undefined,
    isLoadingMore: query.isFetchingNextPage,
  };
}

/**
 * A change. `run(input)` resolves to the answer, or to undefined when it failed; then `error` says why, and what was
 * typed is still there. A second call while one runs is ignored (double click).
 */
export function useChange<I, O>(change: (input: I) => Promise<O>, options: { makesOld?: QueryKey[]; onDone?: (answer: O) => void } = {}) {
  const client = useQueryClient();
  const busy = useRef(false);
  const latest = useRef(options);
  latest.current = options;
  const { mutateAsync, isPending, error, reset } = useMutation({ mutationFn: change, gcTime: 0 });
  const run = useCallback(
    async (input: I): Promise<O | undefined> => {
      if (busy.current) return undefined;
      busy.current = true;
      try {
        const answer = await mutateAsync(input);
        // Secrets are among the answers: none stays in the cache.
        reset();
        // What is not on the screen is read anew when it is shown again, whatever the change was about.
        void client.invalidateQueries({ type: 'inactive', refetchType: 'none' });
        tellTabs({ kind: 'changed' });
        await Promise.all((latest.current.makesOld ?? []).map((queryKey) => client.invalidateQueries({ queryKey })));
        latest.current.onDone?.(answer);
        return answer;
      } catch (thrown) {
        if (thrown instanceof CancelledError) reset();
        return undefined;
      } finally {
        busy.current = false;
      }
    },
    [client, mutateAsync, reset],
  );
  return { run, isBusy: isPending, error: error as Error | null, code: error instanceof ApiError ? error.code : undefined, isOffline: error instanceof OfflineError, reset };
}

/**
 * The Idempotency-Key of one intention. It stays the same while the same body is sent again after a lost connection, so
 * that the thing is made once; a form that was changed meanwhile is another intention. Call `renew` when it was made.
 */
export function useIdempotencyKey(): { header: (body?: unknown) => { 'Idempotency-Key': string }; renew: () => void } {
  const key = useRef<string>();
  const meant = useRef<string>();
  return useMemo(() => {
    const renew = () => void (key.current = undefined);
    const header = (body?: unknown) => {
      const text = JSON.stringify(body);
      if (text !== meant.current) renew();
      meant.current = text;
      return { 'Idempotency-Key': (key.current ??= crypto.randomUUID()) };
    };
    return { header, renew };
  }, []);
}
