// What the tabs of one browser tell each other: they share one session cookie, and show the same things.
export type News = { kind: 'in'; user: number | undefined } | { kind: 'out' } | { kind: 'changed' };

const channel = 'BroadcastChannel' in window ? new BroadcastChannel('llavero') : undefined;

export function tellTabs(news: News): void {
  channel?.postMessage(news);
}

/** What other tabs told; never one's own. */
export function onTabs(listen: (news: News) => void): () => void {
  const take = (event: MessageEvent) => listen(event.data as News);
  channel?.addEventListener('message', take);
  return () => channel?.removeEventListener('message', take);
}
