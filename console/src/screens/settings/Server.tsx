// The server itself: which one it is, whether it is well, how long a session lasts.
import { Text } from '@mantine/core';
import { Link } from 'react-router-dom';
import { api, data } from '@/api/client';
import { useRead } from '@/api/hooks';
import { CopyIcon } from '@/parts/Copy';
import { Facts, Panel } from '@/parts/Page';
import { ErrorState, LoadingState, Mark } from '@/parts/States';
import { useSession } from '@/session/session';
import { Ago, useFormat } from '@/text/format';
import { useText } from '@/text/text';

const EVERY_MS = 15_000;

export function Server() {
  const t = useText('settings');
  const format = useFormat();
  const session = useSession();
  const read = useRead(['status'], () => data(api.GET('/v1/status')), { every: EVERY_MS });
  if (!read.data) return <Panel title={t('server')}>{read.error ? <ErrorState error={read.error} onRetry={() => void read.refetch()} /> : <LoadingState />}</Panel>;
  const { version, startedAt, index, clock, revision, epoch, eventPublicKey, appKeyPrefix, counts } = read.data;
  const isCurrent = index.status === 'ok' && (revision === undefined || index.revision >= revision);
  const facts: [string, React.ReactNode][] = [
    [t('server_version'), `Llavero ${version}`],
    [t('server_since'), <Ago key="since" at={startedAt} />],
    [t('server_index'), <Mark key="index" tone={isCurrent ? 'good' : 'warn'}>{t(isCurrent ? 'server_index_current' : 'server_index_behind', { revision: format.number(index.revision) })}</Mark>],
    [t('server_clock'), <Mark key="clock" tone={clock.state === 'right' ? 'good' : 'bad'}>{t(`clock_${clock.state}`)}</Mark>],
    [t('server_prefix'), <code key="prefix" className="l-code">{appKeyPrefix}</code>],
  ];
  if (revision !== undefined) facts.push([t('server_events'), <Text key="events" component="span" size="sm">{t('server_head', { revision: format.number(revision), epoch: epoch ?? 0 })}{session.may('events.view') && <> · <Link className="l-link" to="/events">{t('server_chain')}</Link></>}</Text>]);
  if (eventPublicKey) facts.push([t('server_key'), <span key="key"><code className="l-code">{eventPublicKey}</code> <CopyIcon text={eventPublicKey} what={t('server_key_copy')} /></span>]);
  if (counts) facts.push([t('server_holds'), t('server_counts', { accounts: format.number(counts.accounts), users: format.number(counts.users), keys: format.number(counts.keys), routes: format.number(counts.routes) })]);
  if (session.idleUntil && session.expiresAt) facts.push([t('server_session'), t('server_session_until', { until: format.dateTime(session.expiresAt) })]);
  return (
    <Panel title={t('server')} lead={t('server_lead')}>
      <Facts items={facts} />
      <Text size="xs" c="dimmed" mt="sm">{t('server_file')}</Text>
    </Panel>
  );
}
