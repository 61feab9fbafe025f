// What can be done with a person: a new link, suspend, hand the account over, erase.
import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { ifMatch } from '@/api/client';
import { useChange } from '@/api/hooks';
import { Confirm } from '@/parts/Confirm';
import { Panel } from '@/parts/Page';
import { toast } from '@/parts/toast';
import { people, type Person } from '@/session/people';
import { useSession } from '@/session/session';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';
import { LinkOnce } from './LinkOnce';

type Deed = 'reset' | 'suspend' | 'activate' | 'transfer' | 'erase';

export function Deeds({ user }: { user: Person }) {
  const t = useText('users');
  const format = useFormat();
  const { account, may } = useSession();
  const [asks, setAsks] = useState<Deed>();
  const [link, setLink] = useState('');
  const name = user.name || user.email || String(user.id);
  const makesOld = [['users'], ['owner-invitation']];

  const act = useChange(
    async (deed: Deed): Promise<true> => {
      if (deed === 'reset') setLink((await people.reset(user.id)).enrolment);
      else if (deed === 'transfer') toast(t('transfer_done', { until: format.dateTime((await people.inviteOwner(account, user.id)).expiresAt) }));
      else if (deed === 'erase') await people.erase(user.id);
      else await people.edit(user.id, { state: deed === 'suspend' ? 'suspended' : 'active' }, ifMatch(user));
      return true;
    },
    { makesOld },
  );

  const button = (deed: Deed, danger = false): ReactNode => (
    <Button size="xs" variant="default" className={danger ? 'l-danger' : undefined} onClick={() => { act.reset(); setAsks(deed); }}>
      {t(`deed_${deed}`)}
    </Button>
  );
  const rows: [string, ReactNode][] = [];
  if (may('owner')) rows.push([t('about_reset'), button('reset')]);
  rows.push(user.state === 'active' ? [t('about_suspend'), button('suspend')] : [t('about_activate'), button('activate')]);
  if (may('owner') && user.state === 'active' && user.enrolled) rows.push([t('about_transfer'), button('transfer')]);
  rows.push([t('about_erase'), button('erase', true)]);

  return (
    <Panel title={t('deeds')}>
      <div className="l-deeds">
        {rows.map(([about, action]) => (
          <div key={about}>
            <span>{about}</span>
            {action}
          </div>
        ))}
      </div>
      {asks && (
        <Confirm
          title={t(`deed_${asks}`)}
          action={t(`deed_${asks}`)}
          danger={asks === 'erase' || asks === 'suspend'}
          typeThis={asks === 'erase' || asks === 'transfer' ? name : undefined}
          isBusy={act.isBusy}
          error={act.error}
          onConfirm={() => void act.run(asks).then((made) => made && setAsks(undefined))}
          onClose={() => setAsks(undefined)}
        >
          {t(`ask_${asks}`, { name })}
        </Confirm>
      )}
      {link && <LinkOnce title={t('reset_done', { name })} url={link} onClose={() => setLink('')} />}
    </Panel>
  );
}
