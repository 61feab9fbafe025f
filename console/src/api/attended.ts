// Whether somebody is there. What is asked again by itself stops when nobody has touched the page for a while: otherwise an
// open page would keep its session from ever being idle.
import { useSyncExternalStore } from 'react';

const AWAY_MS = 10 * 60_000;

let attended = true;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

function set(value: boolean): void {
  if (attended === value) return;
  attended = value;
  listeners.forEach((listener) => listener());
}

function touch(): void {
  clearTimeout(timer);
  timer = setTimeout(() => set(false), AWAY_MS);
  set(true);
}

for (const kind of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart']) window.addEventListener(kind, touch, { passive: true, capture: true });
touch();

export const isAttended = () => attended;

export function useAttended(): boolean {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, isAttended);
}
