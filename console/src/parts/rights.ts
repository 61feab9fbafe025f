// Names of rights inside Llavero, for people.
import { useCallback } from 'react';
import type { Right } from '@/session/session';
import { useText } from '@/text/text';

export const RIGHTS: Right[] = ['keys.view', 'keys.edit', 'profiles.view', 'profiles.edit', 'users.view', 'users.edit', 'catalog.view', 'catalog.edit', 'events.view', 'diagnose', 'settings'];

const known = new Set<string>(RIGHTS);

/** "View keys"; one that this console does not know yet keeps its code. */
export function useRightText(): (right: string) => string {
  const t = useText('shell');
  return useCallback((right) => (known.has(right) ? t(`right_${right.replace('.', '_')}`) : right), [t]);
}
