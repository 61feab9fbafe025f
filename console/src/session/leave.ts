// The way out of an account: nothing of it stays in the page, in memory, or behind the browser's Back.
import { queries } from '@/api/hooks';

const LEAVES = 'llavero-leaves';

/** What shows something of the account goes away first. */
export function onLeave(go: () => void): void {
  window.addEventListener(LEAVES, go, { once: true });
}

/** With a fresh page. A dialog that would ask whether to stay is not asked. */
export function leaveFor(path: string): void {
  window.addEventListener('beforeunload', (event) => event.stopImmediatePropagation(), { capture: true });
  // A browser that kept this page whole shows it again on Back: it begins anew then.
  window.addEventListener('pageshow', (event) => event.persisted && window.location.reload());
  window.dispatchEvent(new Event(LEAVES));
  queries.clear();
  window.location.replace(path);
}

export const signedOut = () => leaveFor('/login?reason=out');
