// The people of the account.
import { useState } from 'react';
import { api, data, type Schemas } from '@/api/client';
import { useList } from '@/api/hooks';
import { DataTable } from '@/parts/DataTable';
import { Page, Panel } from '@/parts/Page';
import { SearchField } from '@/parts/SearchField';
import { EmptyState, Mark } from '@/parts/States';
import { useSession } from '@/session/session';
import { Ago } from '@/text/format';
import { useText } from '@/text/text';

type User = Schemas['User'];

export default function Users() {
  const t = useText('users');
  const { account } = useSession();
  const [q, setQ] = useState('');
  const list = useList<User>(['users', account, q], (cursor) =>
    data(api.GET('/v1/users', { params: { query: { account, q: q || undefined, cursor } } })),
  );
  return (
    <Page title={t('title')} lead={t('lead')}>
      <div className="l-toolbar">
        <SearchField label={t('search')} value={q} onSearch={setQ} />
      </div>
      <Panel flush>
        <DataTable<User>
          label={t('title')}
          list={list}
          keyOf={(user) => user.id}
          empty={<EmptyState icon="users" title={q ? t('none_found') : t('none')} />}
          columns={[
            { key: 'name', title: t('name'), render: (user) => user.name || user.email },
            { key: 'email', title: t('email'), render: (user) => user.email },
            {
              key: 'state',
              title: t('state'),
              render: (user) => (
                <>
                  {user.owner && <Mark tone="info">{t('owner')}</Mark>}{' '}
                  <Mark tone={user.state === 'active' ? 'good' : 'warn'}>{t(`state_${user.state}`)}</Mark>
                </>
              ),
            },
            { key: 'since', title: t('since'), render: (user) => <Ago at={user.createdAt} /> },
          ]}
        />
      </Panel>
    </Page>
  );
}
