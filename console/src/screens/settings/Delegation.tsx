// Which access profiles let others than the owner handle keys. Off by default; the owner alone switches it.
import { Button, Switch, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router-dom';
import { api, data, ifMatch, type Schemas } from '@/api/client';
import { useChange, useList } from '@/api/hooks';
import { Confirm } from '@/parts/Confirm';
import { delegationOf, useProfiles } from '@/parts/delegates';
import { DelegationMark } from '@/parts/Delegation';
import { Panel } from '@/parts/Page';
import { SearchField } from '@/parts/SearchField';
import { ErrorState, FormError, LoadingState, Notice } from '@/parts/States';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';

type Profile = Schemas['Profile'];

export function Delegation() {
  const t = useText('settings');
  const shell = useText('shell');
  const { account, may } = useSession();
  const [q, setQ] = useState('');
  const [asks, setAsks] = useState<Profile>();
  const list = useList<Profile>(['profiles', account, 'delegation', q], (cursor) => data(api.GET('/v1/profiles', { params: { query: { account, q: q || undefined, limit: 200, cursor } } })), { enabled: may('profiles.view') });
  const change = useChange((profile: Profile) => data(api.PATCH('/v1/profiles/{id}', { params: { path: { id: profile.id }, header: ifMatch(profile) }, body: { handlesKeys: !profile.handlesKeys } })), {
    makesOld: [['profiles'], ['profile']],
    onDone: () => setAsks(undefined),
  });
  if (!may('profiles.view')) return null;
  // Of all of them, whatever is searched for below.
  const all = useProfiles();
  const isOn = all.items.some((profile) => delegationOf(profile) === 'on');
  return (
    <Panel title={t('delegation')} lead={t('delegation_lead')}>
      {list.isLoading ? (
        <LoadingState />
      ) : list.error ? (
        <ErrorState error={list.error} onRetry={list.reload} />
      ) : (
        <>
          {isOn ? <Notice tone="warn">{t('delegation_on')}</Notice> : !all.isLoading && !all.more && <Notice tone="good">{t('delegation_off')}</Notice>}
          {(q || list.more || list.items.length > 10) && <div className="l-toolbar l-after"><SearchField label={t('delegation_search')} value={q} onSearch={setQ} /></div>}
          {list.items.length === 0 && <Text size="sm" c="dimmed" mt="sm">{t(q ? 'delegation_no_hit' : 'delegation_none')}</Text>}
          <div className="l-deeds l-after">
            {list.items.map((profile) => (
              <div key={profile.id}>
                <span><Link className="l-link" to={`/profiles/${profile.id}`}>{profile.name}</Link> <DelegationMark profile={profile} /></span>
                <Switch
                  aria-label={t('delegation_switch', { name: profile.name })}
                  checked={profile.handlesKeys ?? false}
                  disabled={!may('owner')}
                  onChange={() => {
                    change.reset();
                    if (profile.handlesKeys) void change.run(profile);
                    else setAsks(profile);
                  }}
                />
              </div>
            ))}
          </div>
          {list.more && <div className="l-more"><Button variant="default" size="xs" loading={list.isLoadingMore} onClick={list.more}>{shell('more')}</Button></div>}
          {!asks && <FormError error={change.error} />}
        </>
      )}
      {asks && (
        <Confirm title={t('delegation_ask_title', { name: asks.name })} action={t('delegation_allow')} danger isBusy={change.isBusy} error={change.error} onConfirm={() => void change.run(asks)} onClose={() => setAsks(undefined)}>
          {t('delegation_ask')}
        </Confirm>
      )}
    </Panel>
  );
}
