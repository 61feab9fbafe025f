// Whether the same request would pass now: asked again and again after a fix, until it turns green.
import { Button, Group, Loader, Stack, Text } from '@mantine/core';
import { useRead } from '@/api/hooks';
import { useStatus } from '@/api/status';
import { CopyIcon } from '@/parts/Copy';
import { Panel } from '@/parts/Page';
import { ErrorState, Notice } from '@/parts/States';
import { useText } from '@/text/text';
import { type Attempt, curl, isOfToken, tryRequest } from './ask';

const EVERY_MS = 3000;

interface RecheckProps {
  attempt: Attempt;
  cause: string | undefined;
  watching: boolean;
  onWatch: (watching: boolean) => void;
}

export function Recheck({ attempt, cause, watching, onWatch }: RecheckProps) {
  const t = useText('diagnose');
  const now = useRead(['can', attempt], () => tryRequest(attempt), { enabled: watching, every: watching ? EVERY_MS : undefined });
  const green = watching && now.data?.allowed === true;
  const status = useStatus();
  const command = status.data && curl(attempt, status.data.credentials);
  return (
    <Panel title={t('again')} lead={isOfToken(cause) ? t('again_token') : t('again_lead')}>
      <Stack gap="sm">
        <div aria-live="polite">
          {green && <Notice tone="good">{isOfToken(cause) ? t('green_but_token') : t('green')}</Notice>}
          {watching && now.data && !now.data.allowed && (
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
          {watching && !green && <Button size="xs" variant="subtle" color="gray" onClick={() => onWatch(false)}>{t('stop')}</Button>}
        </Group>
      </Stack>
    </Panel>
  );
}
