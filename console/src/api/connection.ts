// Whether the keeper answers. While it does not, it is asked every two seconds.
import { useSyncExternalStore } from 'react';

const RETRY_MS = 2000;

let online = true;
const listeners = new Set<() => void>();
const returns = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;

function set(value: boolean): void {
  if (online === value) return;
  online = value;
  listeners.forEach((listener) => listener());
  if (value) returns.forEach((back) => back());
}

async function probe(): Promise<void> {
  timer = undefined;
  try {
    // Any answer will do, also "no session": somebody is there.
    const response = await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(10_000) });
    if (response.status < 502) return set(true);
  } catch {
    // Still away.
  }
  timer = setTimeout(() => void probe(), RETRY_MS);
}

export function connectionLost(): void {
  set(false);
  timer ??= setTimeout(() => void probe(), RETRY_MS);
}

export function connectionHeld(): void {
  if (timer !== undefined) clearTimeout(timer);
  timer = undefined;
  set(true);
}

/** Ask now instead of waiting. */
export function connectionRetry(): void {
  if (timer !== undefined) clearTimeout(timer);
  void probe();
}

export function onReturn(back: () => void): () => void {
  returns.add(back);
  return () => void returns.delete(back);
}

export function useOnline(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => online,
  );
}
