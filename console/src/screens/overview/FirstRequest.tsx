// The first request as a command to copy; watches until one was allowed, where that can be seen.
import { Loader, SegmentedControl, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router-dom';
import { useRead } from '@/api/hooks';
import { type Status, useStatus } from '@/api/status';
import { CopyIcon } from '@/parts/Copy';
import { ErrorState } from '@/parts/States';
import type { Key } from '@/screens/keys/model';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { askGate, type Found, targetOf, throughApi } from './firstRequest';

const EVERY_MS = 3000;

/** Whether a gate of this machine let a request pass; undefined when that is not for the reader. */
export const wasAllowed = (status: Status | undefined) => status?.gates && status.gates.allowed > 0;

function Watch({ status }: { status: Status }) {
  const t = useText('overview');
  if (!status.gates) return null;
  const refused = Object.values(status.gates.refused).reduce((sum, count) => sum + count, 0);
  return (
    <p className="l-watch" role="status">
      <Loader size={12} color="gray" /> {refused > 0 ? t('watch_refused', { count: refused }) : t('watch')}
    </p>
  );
}

export function FirstRequest({ found, item }: { found: Found; item: Key }) {
  const t = useText('overview');
  const { may } = useSession();
  const [way, setWay] = useState('gate');
  const status = useStatus({ every: EVERY_MS });
  const target = useRead(['overview', 'target', item.appKey, item.profiles.map((link) => link.id)], () => targetOf(found, item));
  const error = status.error ?? target.error;
  if (error && !(status.data && target.data)) return <ErrorState error={error} onRetry={() => void Promise.all([status.refetch(), target.refetch()])} />;
  if (!status.data || !target.data) return null;
  const ways = Object.entries({ gate: askGate(target.data, item, status.data), api: throughApi(target.data, item, status.data) }).filter((each): each is [string, string] => each[1] !== undefined);
  const [name, command] = ways.find(([each]) => each === way) ?? ways[0] ?? [];
  if (!command) return <Text size="sm" c="dimmed" mt={6}>{t('request_no_host')}</Text>;
  return (
    <>
      {ways.length > 1 && <SegmentedControl size="xs" mt={8} aria-label={t('way')} value={name ?? ''} onChange={setWay} data={ways.map(([value]) => ({ value, label: t(`way_${value}`) }))} />}
      <Text size="sm" c="dimmed" mt={6}>{t(`way_detail_${name}`)}</Text>
      <div className="l-curl">
        <pre className="l-pre" tabIndex={0}>{command}</pre>
        <CopyIcon text={command} what={t('copy_curl')} />
      </div>
      <Text size="sm" c="dimmed" mt={6}>{t('curl_hint')} {may('diagnose') && <Link className="l-link" to="/diagnose">{t('curl_diagnose')}</Link>}</Text>
      {!wasAllowed(status.data) && <Watch status={status.data} />}
    </>
  );
}
