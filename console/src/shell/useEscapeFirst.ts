// Escape for a dialog that may lie over another one, which stays: it listens since before that one opened.
import { useEffect, useRef } from 'react';

export function useEscapeFirst(isOpen: () => boolean, escape: () => void): void {
  const latest = useRef({ isOpen, escape });
  latest.current = { isOpen, escape };
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.isComposing || !latest.current.isOpen()) return;
      event.stopImmediatePropagation();
      latest.current.escape();
    };
    window.addEventListener('keydown', press, { capture: true });
    return () => window.removeEventListener('keydown', press, { capture: true });
  }, []);
}
