// What would help, the one that adds the fewest rights first; each with a button that does it, where one can be.
import { Button } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router-dom';
import { useSession, type Need } from '@/session/session';
import { useText } from '@/text/text';
import { type Explanation, type Fix } from './ask';
import { FixDialog } from './FixDialog';
import { RouteFix } from './RouteFix';

/** Done by the catalogue's dialog, opened here. */
const OF_ROUTE = new Set(['add_route', 'set_resources']);

/** Done here, by a dialog that first shows what changes. */
const DOES: Record<string, Need[]> = {
  link_profile: ['keys.edit'],
  link_any: ['keys.edit'],
  add_resource: ['profiles.edit'],
  make_profile: ['profiles.edit', 'keys.edit'],
  activate_key: ['keys.edit'],
  extend_expiry: ['keys.edit'],
  allow_address: ['keys.edit'],
};

const keyPage = (appKey: unknown) => (appKey ? `/keys/${encodeURIComponent(String(appKey))}` : undefined);

/** Done on another screen, which opens at the right place. */
function placeOf(fix: Fix, explanation: Explanation): { to: string; need: Need; label: string } | undefined {
  const appKey = fix.facts.appKey ?? explanation.appKey;
  const route = new URLSearchParams({ method: explanation.method ?? '', path: explanation.path ?? '', ...(explanation.host && { host: explanation.host }) });
  switch (fix.kind) {
    case 'rotate_key':
    case 'open_link':
    case 'use_new_token':
    case 'raise_limit':
    case 'create_key':
    case 'use_key_of_token':
    case 'use_nearest_key': {
      const to = keyPage(appKey);
      return to ? { to, need: 'keys.view', label: 'open_key' } : undefined;
    }
    case 'settle_route':
      return { to: `/catalog?${route}`, need: 'catalog.view', label: 'open_catalog' };
    default:
      return undefined;
  }
}

interface FixesProps {
  explanation: Explanation;
  onDone: () => void;
}

export function Fixes({ explanation, onDone }: FixesProps) {
  const t = useText('diagnose');
  const session = useSession();
  const [chosen, setChosen] = useState<Fix>();
  const mayAll = (needs: Need[]) => needs.every((need) => session.may(need));
  const has = (kind: string) => explanation.fixes.some((fix) => fix.kind === kind);
  // A wider profile widens other keys: a profile of its own is the way that does not.
  const own: Fix[] = has('add_resource') && !has('make_profile') && mayAll(DOES.make_profile!) ? [{ kind: 'make_profile', text: t('make_own'), facts: {} }] : [];
  return (
    <>
      <ol className="l-fixes">
        {[...explanation.fixes, ...own].map((fix, index) => {
          const needs = DOES[fix.kind];
          const place = placeOf(fix, explanation);
          // Without the key's name there is nothing that a button could change.
          const does = needs !== undefined && mayAll(needs) && Boolean(fix.facts.appKey ?? explanation.appKey);
          return (
            <li className="l-fix" key={index}>
              <div className="l-fix-text">{fix.text}</div>
              {does && (
                <Button size="xs" variant={index === 0 ? 'filled' : 'default'} onClick={() => setChosen(fix)} aria-haspopup="dialog">
                  {t(`do_${fix.kind}`)}
                </Button>
              )}
              {OF_ROUTE.has(fix.kind) && session.may('installation') && explanation.path && (
                <Button size="xs" variant={index === 0 ? 'filled' : 'default'} onClick={() => setChosen(fix)} aria-haspopup="dialog">
                  {t(`do_${fix.kind}`)}
                </Button>
              )}
              {place && session.may(place.need) && (
                <Button size="xs" variant="default" component={Link} to={place.to}>{t(place.label)}</Button>
              )}
            </li>
          );
        })}
      </ol>
      {chosen && OF_ROUTE.has(chosen.kind) && <RouteFix explanation={explanation} onDone={onDone} onClose={() => setChosen(undefined)} />}
      {chosen && !OF_ROUTE.has(chosen.kind) && (
        <FixDialog
          fix={chosen}
          explanation={explanation}
          onClose={() => setChosen(undefined)}
          onDone={() => {
            setChosen(undefined);
            onDone();
          }}
        />
      )}
    </>
  );
}
