// The account's own keys.
import { Button, Group, Select } from '@mantine/core';
import { useCallback, useState } from 'react';
import { Link, useSearchParams } from 'react-router-dom';
import { api, data, type paths } from '@/api/client';
import { useChange, useList } from '@/api/hooks';
import { useProfiles } from '@/parts/delegates';
import { CopyIcon } from '@/parts/Copy';
import { Delegation } from '@/parts/Delegation';
import { DataTable } from '@/parts/DataTable';
import { download } from '@/parts/download';
import { Icon } from '@/parts/icons';
import { Page, Panel } from '@/parts/Page';
import { SearchField } from '@/parts/SearchField';
import { EmptyState, FormError, Mark, Notice } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useSession } from '@/session/session';
import { Ago } from '@/text/format';
import { useText } from '@/text/text';
import { csvOf } from './csv';
import { AlertMark, StateMark } from './marks';
import { ageOf, ALERTS, alertsOf, type Key, keyPath, linksIn, SORTS, tokenOf, UNUSED } from './model';
import { Tabs } from './Tabs';

const EXPORT_MAX = 50_000;
const FILTERS = ['q', 'state', 'profile', 'alert', 'sort'] as const;
type Filter = (typeof FILTERS)[number];
type Wanted = Partial<Record<Filter, string>>;
type Query = NonNullable<paths['/v1/keys']['get']['parameters']['query']>;

function useFilters() {
  const [params, setParams] = useSearchParams();
  const wanted: Wanted = Object.fromEntries(FILTERS.map((name) => [name, params.get(name) ?? undefined]).filter(([, value]) => value));
  const set = useCallback(
    (name: Filter, value: string | null) =>
      setParams(
        (old) => {
          const next = new URLSearchParams(old);
          if (value) next.set(name, value);
          else next.delete(name);
          return next;
        },
        { replace: true },
      ),
    [setParams],
  );
  return { wanted, set, clear: () => setParams({}, { replace: true }), isNarrowed: FILTERS.some((name) => name !== 'sort' && wanted[name]) };
}

function page(account: string, wanted: Wanted, cursor: string | undefined, limit: number) {
  const profile = Number(wanted.profile);
  // What stands in the address may be anything; the keeper refuses what it does not know.
  const { state, alert, sort = 'newest' } = wanted as Pick<Query, 'state' | 'alert' | 'sort'>;
  return data(api.GET('/v1/keys', { params: { query: { account, q: wanted.q, state, alert, sort, profile: profile > 0 ? profile : undefined, cursor, limit } } }));
}

function ExportButton({ account, wanted }: { account: string; wanted: Wanted }) {
  const t = useText('keys');
  const [error, setError] = useState<unknown>();
  const save = useChange(async () => {
    setError(undefined);
    const keys: Key[] = [];
    let cursor: string | undefined;
    do {
      const next = await page(account, wanted, cursor, 200).catch((thrown: unknown) => {
        setError(thrown);
        throw thrown;
      });
      keys.push(...next.items);
      cursor = next.next ?? undefined;
    } while (cursor && keys.length < EXPORT_MAX);
    download(`llavero-${account}.csv`, csvOf(keys), 'text/csv;charset=utf-8');
    toast(cursor ? t('export_cut', { count: keys.length }) : t('export_done', { count: keys.length }));
  });
  return (
    <>
      <Button variant="default" leftSection={<Icon name="download" />} loading={save.isBusy} onClick={() => void save.run(undefined)}>{t('export')}</Button>
      <FormError error={error} />
    </>
  );
}

function Filters({ wanted, set }: { wanted: Wanted; set: (name: Filter, value: string | null) => void }) {
  const t = useText('keys');
  const { may } = useSession();
  const profiles = useProfiles();
  const search = useCallback((text: string) => set('q', text), [set]);
  const known = profiles.items.map((profile) => ({ value: String(profile.id), label: profile.name }));
  if (wanted.profile && !known.some((each) => each.value === wanted.profile)) known.push({ value: wanted.profile, label: `#${wanted.profile}` });
  const choice = (name: Filter, options: { value: string; label: string }[], all?: string) => (
    <Select
      className="l-filter"
      aria-label={t(`filter_${name}`)}
      data={all ? [{ value: '', label: all }, ...options] : options}
      value={wanted[name] ?? (all ? '' : 'newest')}
      onChange={(value) => set(name, value)}
      searchable={name === 'profile'}
      nothingFoundMessage={t('nothing')}
    />
  );
  return (
    <div className="l-toolbar" role="search">
      <SearchField label={t('search')} value={wanted.q ?? ''} onSearch={search} />
      {choice('state', ['active', 'inactive', 'revoked'].map((state) => ({ value: state, label: t(`state_${state}`) })), t('any_state'))}
      {may('profiles.view') && choice('profile', known, t('any_profile'))}
      {choice('alert', [{ value: 'any', label: t('alert_any') }, ...[...ALERTS, ...UNUSED].map((alert) => ({ value: alert, label: t(`alert_${alert}`) }))], t('any_alert'))}
      {choice('sort', SORTS.map((sort) => ({ value: sort, label: t(`sort_${sort}`) })))}
    </div>
  );
}

function Profiles({ item }: { item: Key }) {
  const t = useText('keys');
  const links = linksIn(item, item.account);
  if (links.length === 0) return item.state === 'revoked' ? <>–</> : <AlertMark alert="unlinked" />;
  const more = links.length - 3;
  return (
    <>
      {links.slice(0, 3).map((link) => link.name).join(', ')}
      {more > 0 && ` ${t('and_more', { count: more })}`}
    </>
  );
}

function TokenAge({ item }: { item: Key }) {
  const t = useText('keys');
  const token = tokenOf(item, 'current');
  if (!token) return <>{item.state === 'revoked' ? '–' : t('no_token')}</>;
  const old = item.state === 'revoked' ? undefined : ageOf(token);
  return old ? <Mark tone={old === 'token_old' ? 'warn' : 'bad'}><Ago at={token.createdAt} /></Mark> : <Ago at={token.createdAt} />;
}

export function KeyList() {
  const t = useText('keys');
  const { account, may } = useSession();
  const { wanted, set, clear, isNarrowed } = useFilters();
  const list = useList<Key>(['keys', account, wanted], (cursor) => page(account, wanted, cursor, 50));
  const create = may('keys.edit') && (
    <Button component={Link} to="/keys?view=new" leftSection={<Icon name="plus" />}>{t('create')}</Button>
  );
  return (
    <Page title={t('title')} lead={t('lead')} actions={<><ExportButton account={account} wanted={wanted} />{create}</>}>
      <Tabs at="own" />
      <Filters wanted={wanted} set={set} />
      <Panel flush>
        <DataTable<Key>
          label={t('title')}
          list={list}
          keyOf={(key) => key.appKey}
          empty={
            isNarrowed ? (
              <EmptyState icon="search" title={t('none_found')} action={<Button variant="default" size="xs" onClick={clear}>{t('clear_filters')}</Button>} />
            ) : (
              <EmptyState icon="key" title={t('none')} action={create || undefined}>{t('none_detail')}</EmptyState>
            )
          }
          columns={[
            {
              key: 'name',
              title: t('col_key'),
              render: (key) => (
                <div>
                  <Link className="l-link l-strong" to={keyPath(key.appKey)}>{key.label}</Link>
                  <Group gap={2} wrap="nowrap">
                    <span className="l-code l-dim">{key.appKey}</span>
                    <CopyIcon text={key.appKey} what={t('copy_app_key')} />
                  </Group>
                </div>
              ),
            },
            { key: 'profiles', title: t('col_profiles'), render: (key) => <Profiles item={key} /> },
            {
              key: 'state',
              title: t('col_state'),
              render: (key) => (
                <Group gap={4}>
                  <StateMark item={key} />
                  {alertsOf(key).filter((alert) => alert === 'rotation_open' || alert === 'expiring').map((alert) => <AlertMark key={alert} alert={alert} />)}
                </Group>
              ),
            },
            { key: 'token', title: t('col_token'), render: (key) => <TokenAge item={key} /> },
            { key: 'used', title: t('col_last_use'), render: (key) => (key.lastUse ? <Ago at={key.lastUse.at} /> : <span className="l-dim">{t('never_used')}</span>) },
            { key: 'created', title: t('col_created'), render: (key) => <Ago at={key.createdAt} /> },
          ]}
        />
      </Panel>
      {may('keys.edit') ? <Delegation /> : <Notice>{t('only_owner')}</Notice>}
    </Page>
  );
}
