// One event a line; opened, what it changed.
import { Button, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { api, data } from '@/api/client';
import { useRead } from '@/api/hooks';
import { Icon } from '@/parts/icons';
import { Facts } from '@/parts/Page';
import { ErrorState, LoadingState, Mark } from '@/parts/States';
import { useSession } from '@/session/session';
import { Ago, useFormat } from '@/text/format';
import { useText } from '@/text/text';
import { changes, type Row } from './events';
import { useActionText, useActorText, useFieldText } from './words';

interface ListProps {
  rows: Row[];
  list: { isLoading: boolean; error: unknown; reload: () => void; more?: (() => void) | undefined; isLoadingMore: boolean };
  empty: React.ReactNode;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

function toneOf(action: string): 'good' | 'bad' | 'warn' | 'neutral' {
  if (/\.(revoke|delete|erase|suspend|deactivate|refuse)$/.test(action)) return 'bad';
  if (/\.(create|activate|accept)$/.test(action)) return 'good';
  return 'neutral';
}

export function EventList({ rows, list, empty }: ListProps) {
  const t = useText('events');
  const shell = useText('shell');
  const session = useSession();
  const [open, setOpen] = useState<number>();
  const users = useRead(['users', 'actors', session.account], () => data(api.GET('/v1/users', { params: { query: { account: session.account, limit: 200 } } })), { enabled: session.may('users.view') });
  const names = useMemo(() => new Map((users.data?.items ?? []).map((user) => [`user:${user.id}`, user.name || user.email || `user:${user.id}`])), [users.data]);
  const actionText = useActionText();
  const actorText = useActorText(names);
  if (list.isLoading) return <LoadingState />;
  if (list.error && rows.length === 0) return <ErrorState error={list.error} onRetry={list.reload} />;
  if (rows.length === 0 && !list.more) return <>{empty}</>;
  return (
    <>
      <ol className="l-lines" aria-label={t('title')}>
        {rows.map((row) => {
          const { event } = row;
          const isOpen = open === event.revision;
          return (
            <li key={event.revision}>
              <button type="button" className="l-line l-event" aria-expanded={isOpen} onClick={() => setOpen(isOpen ? undefined : event.revision)}>
                <span className="l-turn" data-open={isOpen || undefined}><Icon name="chevron" size={14} /></span>
                <span className="l-event-action"><Mark tone={toneOf(event.action)}>{actionText(event.action)}</Mark></span>
                <span className="l-event-entity">{event.entity.id.startsWith('user:') ? actorText(event.entity.id) : event.entity.id}</span>
                <span className="l-event-actor">{actorText(event.actor.id)}</span>
                <span className="l-event-time"><Ago at={event.time} /></span>
              </button>
              {isOpen && <Detail row={row} actor={actorText(event.actor.id)} />}
            </li>
          );
        })}
      </ol>
      {list.more && (
        <div className="l-more">
          <Button variant="default" size="xs" loading={list.isLoadingMore} onClick={list.more}>{shell('more')}</Button>
        </div>
      )}
    </>
  );
}

function Detail({ row, actor }: { row: Row; actor: string }) {
  const t = useText('events');
  const format = useFormat();
  const { event } = row;
  const value = (text: string) => (TIME.test(text) ? format.dateTime(text) : text === 'true' || text === 'false' ? t(`is_${text}`) : text);
  const list = useMemo(() => changes(event), [event]);
  const fieldText = useFieldText();
  const who = event.actor.id === actor ? actor : `${actor} (${event.actor.id})`;
  const facts: [string, React.ReactNode][] = [
    [t('time'), format.dateTime(event.time)],
    [t('actor'), 'delegated' in event.actor ? `${who} · ${t('delegated')}` : who],
  ];
  if (event.actor.address) facts.push([t('address'), event.actor.address]);
  if (event.account) facts.push([t('account'), event.account]);
  facts.push([t('action'), <code key="a">{event.action}</code>], [t('revision'), event.parts > 1 ? `${event.revision} · ${t('part', { part: event.part, parts: event.parts })}` : event.revision]);
  if (event.actor.requestId) facts.push([t('request'), <code key="r">{event.actor.requestId}</code>]);
  facts.push([t('hash'), <code key="h">{row.hash}</code>], [t('previous'), <code key="p">{event.previous}</code>]);
  return (
    <div className="l-event-detail">
      <div>
        {list.length === 0 ? (
          <Text size="sm" c="dimmed">{t('no_change')}</Text>
        ) : (
          <table className="l-diff">
            <thead>
              <tr>
                <th scope="col">{t('field')}</th>
                <th scope="col">{t('before')}</th>
                <th scope="col">{t('after')}</th>
              </tr>
            </thead>
            <tbody>
              {list.map((change) => (
                <tr key={change.name}>
                  <th scope="row">{fieldText(change.name)}</th>
                  <td>{change.before.map((text) => <del key={text}>{value(text)}</del>)}</td>
                  <td>{change.after.map((text) => <ins key={text}>{value(text)}</ins>)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
      <Facts items={facts} />
    </div>
  );
}
