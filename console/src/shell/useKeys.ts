// The keyboard: Ctrl-K or Cmd-K, `/`, `?`, and `g` with a letter. Keys typed into a field are the field's.
import { useEffect, useRef } from 'react';

interface Keys {
  palette: () => void;
  help: () => void;
  go: (letter: string) => void;
}

const SEQUENCE_MS = 1500;

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    let goUntil = 0;
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        if (!document.querySelector('[role="dialog"]')) latest.current.palette();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector('[role="dialog"]')) return;
      if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('[data-search]');
        if (!search) return;
        event.preventDefault();
        search.focus();
        search.select();
      } else if (event.key === '?') {
        latest.current.help();
      } else if (event.key === 'g') {
        goUntil = Date.now() + SEQUENCE_MS;
      } else if (Date.now() < goUntil) {
        goUntil = 0;
        latest.current.go(event.key);
      }
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}
