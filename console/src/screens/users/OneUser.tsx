// One person: state, access profiles, and what can be done.
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useParams } from 'react-router-dom';
import { useRead } from '@/api/hooks';
import { delegationOf, useProfiles } from '@/parts/delegates';
import { DelegationNotice } from '@/parts/Delegation';
import { Facts, Page, Panel } from '@/parts/Page';
import { PersonEdit } from '@/parts/PersonEdit';
import { ErrorState, LoadingState, Notice } from '@/parts/States';
import { people, type Person } from '@/session/people';
import { useSession } from '@/session/session';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';
import { Deeds } from './Deeds';
import { ProfilesOf } from './ProfilesOf';
import { StateMarks } from './StateMarks';

/** What his profiles give him of handling keys: the most of them. */
function Handling({ user }: { user: Person }) {
  const format = useFormat();
  const held = useProfiles().items.filter((profile) => user.profiles.some(({ id }) => id === profile.id));
  const best = (['on', 'resource', 'switch'] as const).find((is) => held.some((profile) => delegationOf(profile) === is));
  const some = held.filter((profile) => best && delegationOf(profile) === best);
  return some[0] ? <DelegationNotice profile={some[0]} names={format.list(some.map((profile) => profile.name))} /> : null;
}

/** Somebody else than the owner knew the link: the owner reads it where he gives profiles. */
function LinkMaker({ id }: { id: number }) {
  const t = useText('users');
  const { data: maker } = useRead(['users', 'one', id], () => people.one(id));
  return maker ? <Notice tone="warn">{t('link_made', { name: maker.name || maker.email || t('erased_name', { id }) })}</Notice> : null;
}

export function OneUser() {
  const t = useText('users');
  const format = useFormat();
  const id = Number(useParams().id);
  const { may, user: me } = useSession();
  const [edits, setEdits] = useState(false);
  const read = useRead(['users', 'one', id], () => people.one(id));
  if (read.error && !read.data) return <ErrorState asPage error={read.error} onRetry={() => void read.refetch()} />;
  if (!read.data) return <LoadingState />;
  const user = read.data;
  const itself = me?.id === user.id;
  const editable = may('users.edit') && user.state !== 'erased' && !user.owner && !itself;
  return (
    <Page narrow title={user.name || user.email || t('erased_name', { id })} back={{ to: '/users', label: t('title') }}>
      <Panel title={t('who')} actions={(editable || (itself && user.owner)) && <Button size="xs" variant="default" onClick={() => setEdits(true)}>{t('edit')}</Button>}>
        <Facts
          items={[
            [t('state'), <StateMarks key="state" user={user} />],
            [t('email'), user.email ?? '–'],
            [t('name'), user.name || '–'],
            [t('since'), format.dateTime(user.createdAt)],
          ]}
        />
      </Panel>
      {user.codesHeldSince && <Notice tone="bad">{t('codes_held_detail', { since: format.dateTime(user.codesHeldSince) })}</Notice>}
      {user.linkMadeBy && <LinkMaker id={user.linkMadeBy} />}
      {!user.owner && user.state !== 'erased' && <Handling user={user} />}
      {user.owner ? (
        <Notice>{t('owner_detail')}</Notice>
      ) : (
        user.state !== 'erased' && <ProfilesOf key={user.id} user={user} editable={editable} />
      )}
      {itself && !user.owner && <Notice>{t('itself_detail')}</Notice>}
      {editable && <Deeds user={user} />}
      {edits && <PersonEdit person={user} onClose={() => setEdits(false)} />}
    </Page>
  );
}
