// Whether the same request would pass now: asked again and again after a fix, until it turns green.
import { Button, Group, Loader, Stack, Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { api, data } from '@/api/client';
import { useRead } from '@/api/hooks';
import { useStatus } from '@/api/status';
import { CopyIcon } from '@/parts/Copy';
import { Panel } from '@/parts/Page';
import { ErrorState, Notice } from '@/parts/States';
import { useSession } from '@/session/session';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';
import { type Attempt, curl, isOfToken, tryRequest } from './ask';

const EVERY_MS = 3000;

/** The key's first use since the watching began, whatever it asked for: a gateway let it through with its token. */
function useNextUse(appKey: string, watching: boolean) {
  const { may } = useSession();
  const began = useRef(0);
  const before = useRef<string>();
  const read = useRead(['key', appKey, 'next-use'], () => data(api.GET('/v1/keys/{appKey}', { params: { path: { appKey } } })), { enabled: watching && may('keys.view'), every: watching ? EVERY_MS : undefined });
  if (!watching) began.current = 0;
  else if (began.current === 0) {
    began.current = Date.now();
    before.current = undefined;
  }
  const at = read.data?.lastUse?.at ?? '';
  // What was read before says nothing of what came since.
  if (watching && read.data && read.dataUpdatedAt >= began.current) before.current ??= at;
  const isNew = watching && before.current !== undefined && at > before.current;
  return isNew ? (read.data?.lastUse ?? undefined) : undefined;
}

interface RecheckProps {
  attempt: Attempt;
  cause: string | undefined;
  watching: boolean;
  onWatch: (watching: boolean) => void;
  /** A real request of the key passed. */
  onPassed: () => void;
}

export function Recheck({ attempt, cause, watching, onWatch, onPassed }: RecheckProps) {
  const t = useText('diagnose');
  const now = useRead(['can', attempt], () => tryRequest(attempt), { enabled: watching, every: watching ? EVERY_MS : undefined });
  const green = watching && now.data?.allowed === true;
  const format = useFormat();
  const next = useNextUse(attempt.appKey, watching);
  const passed = next !== undefined;
  useEffect(() => {
    if (passed) onPassed();
  }, [passed, onPassed]);
  const status = useStatus();
  const command = status.data && curl(attempt, status.data.credentials);
  return (
    <Panel title={t('again')} lead={isOfToken(cause) ? t('again_token') : t('again_lead')}>
      <Stack gap="sm">
        <div aria-live="polite">
          {next && <Notice tone="good">{next.address ? t('passed_from', { when: format.relative(next.at), address: next.address }) : t('passed', { when: format.relative(next.at) })}</Notice>}
          {green && !next && (
            <Notice tone="good">
              {isOfToken(cause) ? t('green_but_token') : t('green')}
              <Group gap={8} mt={4}><Loader size={12} color="currentColor" /><Text size="xs">{t('waiting_real')}</Text></Group>
            </Notice>
          )}
          {watching && now.data && !now.data.allowed && !next && (
            <Notice tone="bad">
              {t('still_red', { title: now.data.title })}
              <Group gap={8} mt={4}><Loader size={12} color="currentColor" /><Text size="xs">{t('waiting')}</Text></Group>
            </Notice>
          )}
          {watching && now.error && <ErrorState error={now.error} onRetry={() => void now.refetch()} />}
        </div>
        {command && (
          <>
            <Text size="sm">{t('next_request')}</Text>
            <Group gap={6} wrap="nowrap" align="flex-start">
              <pre className="l-snippet" style={{ flex: 1, minWidth: 0 }}>{command}</pre>
              <CopyIcon text={command} what={t('copy_request')} />
            </Group>
          </>
        )}
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={() => (watching ? void now.refetch() : onWatch(true))} loading={watching && now.isFetching && !now.data}>{t('ask_again')}</Button>
          {watching && !next && <Button size="xs" variant="subtle" color="gray" onClick={() => onWatch(false)}>{t('stop')}</Button>}
        </Group>
      </Stack>
    </Panel>
  );
}
