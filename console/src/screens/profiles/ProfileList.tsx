// The account's profiles: what each opens and who holds it; below them those that the catalogue brings.
import { Button } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router-dom';
import { api, data } from '@/api/client';
import { useList } from '@/api/hooks';
import { DataTable } from '@/parts/DataTable';
import { DelegationMark } from '@/parts/Delegation';
import { Icon } from '@/parts/icons';
import { Page, Panel } from '@/parts/Page';
import { SearchField } from '@/parts/SearchField';
import { EmptyState, Mark } from '@/parts/States';
import { useSession } from '@/session/session';
import { Ago, useFormat } from '@/text/format';
import { useText } from '@/text/text';
import type { Profile } from './model';

const PRODUCTS_SHOWN = 4;

/** How many resources of each product. */
export function useOpens(): (profile: Profile) => string {
  const t = useText('profiles');
  const format = useFormat();
  return (profile) => {
    const counts = new Map<string, number>();
    profile.resources.forEach(({ product }) => counts.set(product, (counts.get(product) ?? 0) + 1));
    if (counts.size === 0) return t('opens_nothing');
    const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([product, count]) => t('of_product', { product, number: format.number(count) }));
    const more = parts.length - PRODUCTS_SHOWN;
    return parts.slice(0, PRODUCTS_SHOWN).join(', ') + (more > 0 ? ` ${t('and_more', { count: more })}` : '');
  };
}

function Predefined() {
  const t = useText('profiles');
  const opens = useOpens();
  const { account, may } = useSession();
  const list = useList<Profile>(['profiles', account, 'predefined'], (cursor) =>
    data(api.GET('/v1/profiles', { params: { query: { account, predefined: true, cursor } } })),
  );
  if (list.items.length === 0) return null;
  return (
    <Panel flush title={t('predefined')} lead={t('predefined_lead')}>
      <ul className="l-rows">
        {list.items.map((profile) => (
          <li key={profile.id}>
            <span>
              {profile.name}
              <span className="l-dim"> · {opens(profile)}</span>
            </span>
            {may('profiles.edit') && <Button component={Link} to={`/profiles/new?from=${profile.id}`} variant="subtle" size="compact-sm" aria-label={t('predefined_use_named', { name: profile.name })}>{t('predefined_use')}</Button>}
          </li>
        ))}
      </ul>
      {list.more && <div className="l-more"><Button variant="default" size="xs" loading={list.isLoadingMore} onClick={list.more}>{t('more')}</Button></div>}
    </Panel>
  );
}

export function ProfileList() {
  const t = useText('profiles');
  const format = useFormat();
  const opens = useOpens();
  const { account, may } = useSession();
  const [q, setQ] = useState('');
  const list = useList<Profile>(['profiles', account, 'list', q], (cursor) =>
    data(api.GET('/v1/profiles', { params: { query: { account, q: q || undefined, cursor } } })),
  );
  const create = may('profiles.edit') && <Button component={Link} to="/profiles/new" leftSection={<Icon name="plus" />}>{t('create')}</Button>;
  return (
    <Page title={t('title')} lead={t('lead')} actions={create || undefined}>
      <div className="l-toolbar" role="search">
        <SearchField label={t('search')} value={q} onSearch={setQ} />
      </div>
      <Panel flush>
        <DataTable<Profile>
          label={t('title')}
          list={list}
          keyOf={(profile) => profile.id}
          empty={<EmptyState icon="profile" title={q ? t('none_found') : t('none')} action={(!q && create) || undefined}>{!q && t('none_detail')}</EmptyState>}
          columns={[
            { key: 'name', title: t('col_name'), render: (profile) => <><Link className="l-link l-strong" to={`/profiles/${profile.id}`}>{profile.name}</Link> <DelegationMark profile={profile} /></> },
            { key: 'opens', title: t('col_opens'), render: (profile) => (profile.resources.length === 0 ? <Mark tone="warn">{opens(profile)}</Mark> : opens(profile)) },
            {
              key: 'keys',
              title: t('col_keys'),
              render: (profile) => (profile.keys > 0 && may('keys.view')
                ? <Link className="l-link" to={`/keys?profile=${profile.id}`}>{t('keys', { count: profile.keys })}</Link>
                : profile.keys > 0 ? format.number(profile.keys) : <span className="l-dim">{t('keys_none')}</span>),
            },
            {
              key: 'users',
              title: t('col_users'),
              render: (profile) => (profile.users > 0 ? t('users', { count: profile.users }) : <span className="l-dim">{t('users_none')}</span>),
            },
            { key: 'since', title: t('col_since'), render: (profile) => <Ago at={profile.createdAt} /> },
          ]}
        />
      </Panel>
      <Predefined />
    </Page>
  );
}
