// The audit log: who changed what, when, from where.
import './events.css';
import { Switch } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { useList } from '@/api/hooks';
import { Page, Panel } from '@/parts/Page';
import { EmptyState } from '@/parts/States';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { ChainState } from './Chain';
import { EventList } from './List';
import { filtersOf, page, queryOf, type Row, searchOf } from './events';
import { FilterBar } from './Filters';
import { Export } from './Tools';
import { useTail } from './useTail';

export default function Events() {
  const t = useText('events');
  const session = useSession();
  const [search, setSearch] = useSearchParams();
  const [isLive, setLive] = useState(false);
  const [head, setHead] = useState<number>();
  const filters = useMemo(() => filtersOf(search), [search]);
  // The operator reads the events of all accounts and of the catalogue.
  const account = session.caller === 'operator' ? undefined : session.account;
  const query = useMemo(() => queryOf(filters, account), [filters, account]);
  const list = useList<Row>(['events', query], async (cursor) => {
    const answer = await page(query, 'desc', cursor);
    if (cursor === undefined) setHead(answer.revision);
    return answer;
  });
  const tail = useTail(query, head, isLive);
  const rows = useMemo(() => {
    const known = new Set(list.items.map((row) => row.event.revision));
    return [...tail.filter((row) => !known.has(row.event.revision)), ...list.items];
  }, [tail, list.items]);
  const seen = useMemo(() => [...new Set(rows.map((row) => row.event.actor.id))], [rows]);
  const isFiltered = search.size > 0;

  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={<Export query={query} />}
    >
      <ChainState account={account} />
      <Panel>
        <FilterBar filters={filters} seen={seen} onChange={(next) => setSearch(searchOf(next), { replace: true })} />
      </Panel>
      <Panel title={isFiltered ? t('found') : t('newest')} actions={<Switch label={t('live')} checked={isLive} onChange={(event) => setLive(event.currentTarget.checked)} />} flush>
        <EventList rows={rows} list={list} empty={<EmptyState icon="events" title={isFiltered ? t('none_found') : t('none')}>{isFiltered ? t('none_found_why') : undefined}</EmptyState>} />
      </Panel>
    </Page>
  );
}
