// A short word that something was done. Nothing that must be read goes here.
import { useEffect, useSyncExternalStore } from 'react';
import { Icon } from './icons';

let shown: { text: string; at: number } | undefined;
const listeners = new Set<() => void>();

function show(next: typeof shown): void {
  shown = next;
  listeners.forEach((listener) => listener());
}

export function toast(text: string): void {
  show({ text, at: Date.now() });
}

export function Toasts() {
  const current = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => shown,
  );
  useEffect(() => {
    if (!current) return;
    const timer = setTimeout(() => show(undefined), 4000);
    return () => clearTimeout(timer);
  }, [current]);
  return (
    <div className="l-toasts" role="status" aria-live="polite">
      {current && (
        <div className="l-toast" key={current.at}>
          <Icon name="check" />
          {current.text}
        </div>
      )}
    </div>
  );
}
