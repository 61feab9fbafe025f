// What was done with a key, newest first, from the account's events.
import { api, data, type Schemas } from '@/api/client';
import { useList, useRead } from '@/api/hooks';
import { DataTable } from '@/parts/DataTable';
import { EmptyState } from '@/parts/States';
import { useSession } from '@/session/session';
import { Ago, useFormat } from '@/text/format';
import { type Translate, useText } from '@/text/text';

type Event = Schemas['Event']['event'];
type Snapshot = Record<string, unknown> | null;

const KNOWN = ['create', 'import', 'edit', 'link', 'unlink', 'rotate', 'finish_rotation', 'cancel_rotation', 'activate', 'deactivate', 'revoke', 'handover', 'handover_open', 'handover_void'];
const MEMBERS = ['label', 'expiresAt', 'addresses', 'externalId', 'metadata', 'limits'];

const differs = (before: Snapshot, after: Snapshot, member: string) => JSON.stringify(before?.[member] ?? null) !== JSON.stringify(after?.[member] ?? null);

function useDetail(t: Translate): (event: Event) => string {
  const format = useFormat();
  return (event) => {
    const [before, after] = [event.before as Snapshot, event.after as Snapshot];
    const profile = (after ?? before)?.['profile'];
    if (/^key\.(un)?link$/.test(event.action) && typeof profile === 'string') return profile;
    if (event.action === 'key.revoke' && typeof after?.['reason'] === 'string') return t(`reason_${after['reason']}`);
    if (event.action === 'key.edit') return format.list(MEMBERS.filter((member) => differs(before, after, member)).map((member) => t(`member_${member}`)));
    return '';
  };
}

export function useActor(): (actor: Event['actor']) => string {
  const t = useText('keys');
  const { account, user, may } = useSession();
  const users = useRead(['users', 'actors', account], () => data(api.GET('/v1/users', { params: { query: { account, limit: 200 } } })), { enabled: may('users.view') });
  return (actor) => {
    if (actor.kind === 'operator') return t('actor_operator');
    if (actor.kind === 'system') return t('actor_system');
    const id = actor.id.replace(/^[a-z]+:/, '');
    if (actor.kind === 'token') return t('actor_token', { id });
    if (user && actor.id === `user:${user.id}`) return t('actor_you');
    const known = users.data?.items.find((each) => String(each.id) === id);
    const name = known?.name || known?.email;
    if (name) return actor.delegated ? t('actor_delegate_named', { name }) : name;
    return t(actor.delegated ? 'actor_delegate' : 'actor_user', { id });
  };
}

export function History({ appKey }: { appKey: string }) {
  const t = useText('keys');
  const { account } = useSession();
  const detail = useDetail(t);
  const who = useActor();
  const list = useList<Schemas['Event']>(['events', account, 'key', appKey], (cursor) =>
    data(api.GET('/v1/events', { params: { query: { account, entity: 'key', entityId: appKey, order: 'desc', limit: 20, cursor } } })),
  );
  return (
    <DataTable<Schemas['Event']>
      label={t('history')}
      list={list}
      keyOf={({ event }) => event.revision}
      empty={<EmptyState title={t('history_none')} />}
      columns={[
        { key: 'when', title: t('col_when'), width: 150, render: ({ event }) => <Ago at={event.time} /> },
        {
          key: 'what',
          title: t('col_what'),
          render: ({ event }) => {
            const name = event.action.replace(/^key\./, '');
            const more = detail(event);
            return <>{KNOWN.includes(name) ? t(`did_${name}`) : event.action}{more && <span className="l-dim">: {more}</span>}</>;
          },
        },
        { key: 'who', title: t('col_who'), render: ({ event }) => <>{who(event.actor)}{event.actor.address && <span className="l-dim"> · {event.actor.address}</span>}</> },
      ]}
    />
  );
}
