// What would help, the one that adds the fewest rights first; each with a button that does it, where one can be.
import { Button } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router-dom';
import { useSession, type Need } from '@/session/session';
import { useText } from '@/text/text';
import { type Explanation, type Fix } from './ask';
import { FixDialog } from './FixDialog';
import { KeyFix } from './KeyFix';
import { RouteFix } from './RouteFix';

/** Done by the catalogue's dialog, opened here. */
const OF_ROUTE = new Set(['add_route', 'set_resources', 'settle_route']);

/** Done by the dialogs of the key's page, opened here. */
const OF_KEY = new Set(['rotate_key', 'use_new_token', 'open_link', 'raise_limit']);

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
  switch (fix.kind) {
    case 'create_key':
      return { to: '/keys?view=new', need: 'keys.edit', label: 'do_create_key' };
    case 'rotate_key':
    case 'open_link':
    case 'use_new_token':
    case 'raise_limit':
    case 'use_key_of_token':
    case 'use_nearest_key': {
      const to = keyPage(appKey);
      return to ? { to, need: 'keys.view', label: 'open_key' } : undefined;
    }
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
          const appKey = fix.facts.appKey ?? explanation.appKey;
          // Without the key's name there is nothing that a button could change.
          const does = needs !== undefined && mayAll(needs) && Boolean(appKey);
          return (
            <li className="l-fix" key={index}>
              <div className="l-fix-text">{fix.text}</div>
              {does && (
                <Button size="xs" variant={index === 0 ? 'filled' : 'default'} onClick={() => setChosen(fix)} aria-haspopup="dialog">
                  {t(`do_${fix.kind}`)}
                </Button>
              )}
              {((OF_ROUTE.has(fix.kind) && session.may('installation') && explanation.path) || (OF_KEY.has(fix.kind) && session.may('keys.edit') && appKey)) && (
                <Button size="xs" variant={index === 0 ? 'filled' : 'default'} onClick={() => setChosen(fix)} aria-haspopup="dialog">
                  {t(`do_${fix.kind}`)}
                </Button>
              )}
              {place && session.may(place.need) && !(OF_KEY.has(fix.kind) && session.may('keys.edit')) && (
                <Button size="xs" variant="default" component={Link} to={place.to}>{t(place.label)}</Button>
              )}
            </li>
          );
        })}
      </ol>
      {chosen && OF_ROUTE.has(chosen.kind) && <RouteFix explanation={explanation} onDone={onDone} onClose={() => setChosen(undefined)} />}
      {chosen && OF_KEY.has(chosen.kind) && <KeyFix kind={chosen.kind} appKey={String(chosen.facts.appKey ?? explanation.appKey)} onDone={onDone} onClose={() => setChosen(undefined)} />}
      {chosen && !OF_ROUTE.has(chosen.kind) && !OF_KEY.has(chosen.kind) && (
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
