// The last things that happened in the account.
import { useMemo } from 'react';
import { Link } from 'react-router-dom';
import { api, data, type Schemas } from '@/api/client';
import { useList, useRead } from '@/api/hooks';
import { DataTable } from '@/parts/DataTable';
import { Panel } from '@/parts/Page';
import { EmptyState } from '@/parts/States';
import { useActionText, useActorText } from '@/screens/events/words';
import { useSession } from '@/session/session';
import { Ago } from '@/text/format';
import { useText } from '@/text/text';

const SHOWN = 6;

/** Needs the texts of the events as well. */
export default function Recent() {
  const t = useText('overview');
  const { account, may } = useSession();
  const actionText = useActionText();
  const users = useRead(['users', 'actors', account], () => data(api.GET('/v1/users', { params: { query: { account, limit: 200 } } })), { enabled: may('users.view') });
  const names = useMemo(() => new Map((users.data?.items ?? []).map((user) => [`user:${user.id}`, user.name || user.email || `user:${user.id}`])), [users.data]);
  const actorText = useActorText(names);
  const list = useList<Schemas['Event']>(['events', account, 'recent'], async () => ({
    items: (await data(api.GET('/v1/events', { params: { query: { account, order: 'desc', limit: SHOWN } } }))).items,
  }));
  return (
    <Panel flush title={t('recent')} actions={<Link className="l-link" to="/events">{t('all')}</Link>}>
      <DataTable<Schemas['Event']>
        label={t('recent')}
        list={list}
        keyOf={({ event }) => `${event.revision}-${event.part}`}
        empty={<EmptyState title={t('recent_none')} />}
        columns={[
          { key: 'what', title: t('col_what'), render: ({ event }) => <>{actionText(event.action)}<span className="l-dim"> · {event.entity.id.startsWith('user:') ? actorText(event.entity.id) : event.entity.id}</span></> },
          { key: 'who', title: t('col_who'), render: ({ event }) => actorText(event.actor.id) },
          { key: 'when', title: t('col_when'), render: ({ event }) => <Ago at={event.time} /> },
        ]}
      />
    </Panel>
  );
}
