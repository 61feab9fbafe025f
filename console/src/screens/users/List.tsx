// The people of the account.
import { Button } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router-dom';
import { useList } from '@/api/hooks';
import { DataTable } from '@/parts/DataTable';
import { Icon } from '@/parts/icons';
import { Page, Panel } from '@/parts/Page';
import { SearchField } from '@/parts/SearchField';
import { EmptyState, Mark } from '@/parts/States';
import { useDeed } from '@/parts/useDeed';
import { people, type Person } from '@/session/people';
import { useSession } from '@/session/session';
import { Ago } from '@/text/format';
import { useText } from '@/text/text';
import { Invite } from './Invite';
import { StateMarks } from './StateMarks';

export function List() {
  const t = useText('users');
  const { account, may } = useSession();
  const [q, setQ] = useState('');
  const [invites, setInvites] = useState(false);
  useDeed({ invite: may('users.edit') && (() => setInvites(true)) });
  const list = useList<Person>(['users', account, q], (cursor) => people.list(account, q, cursor));
  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={may('users.edit') && <Button leftSection={<Icon name="plus" />} onClick={() => setInvites(true)}>{t('invite')}</Button>}
    >
      <div className="l-toolbar">
        <SearchField label={t('search')} value={q} onSearch={setQ} />
      </div>
      <Panel flush>
        <DataTable<Person>
          label={t('title')}
          list={list}
          keyOf={(user) => user.id}
          empty={<EmptyState icon="users" title={q ? t('none_found') : t('none')} />}
          columns={[
            { key: 'name', title: t('name'), render: (user) => <Link className="l-link" to={String(user.id)}>{user.name || user.email || t('erased_name', { id: user.id })}</Link> },
            { key: 'email', title: t('email'), render: (user) => user.email ?? '–' },
            { key: 'profiles', title: t('profiles'), render: (user) => (user.owner ? t('owner_all') : <span className="l-marks">{user.profiles?.length ? user.profiles.map((profile) => <Mark key={profile.id}>{profile.name}</Mark>) : '–'}</span>) },
            { key: 'state', title: t('state'), render: (user) => <StateMarks user={user} /> },
            { key: 'since', title: t('since'), render: (user) => <Ago at={user.createdAt} /> },
          ]}
        />
      </Panel>
      {invites && <Invite onClose={() => setInvites(false)} />}
    </Page>
  );
}
