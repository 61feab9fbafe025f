// What a page shows when there is nothing, nothing yet, or something wrong.
import { Button, Center, Group, Loader, Stack, Text } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import { connectionRetry } from '@/api/connection';
import { ApiError, CancelledError, OfflineError } from '@/api/problem';
import { useText } from '@/text/text';
import { Icon, type IconName } from './icons';

/** Nothing here: says what would be here and how it gets there. `asPage`: it stands for a page, its title is the heading. */
export function EmptyState({ icon, title, asPage, children, action }: { icon?: IconName; title: string; asPage?: boolean; children?: ReactNode; action?: ReactNode }) {
  return (
    <Stack className="l-empty" align="center" gap="xs">
      {icon && <span className="l-empty-icon"><Icon name={icon} size={22} /></span>}
      <Text component={asPage ? 'h1' : 'p'} fw={600} m={0}>{title}</Text>
      {children && <Text component="div" size="sm" c="dimmed" maw={460} ta="center">{children}</Text>}
      {action}
    </Stack>
  );
}

/** Shows itself only when it takes a while, so that quick answers do not flicker. */
export function LoadingState() {
  const t = useText('shell');
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 250);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Center mih={160} role="status" aria-label={t('loading')}>
      {late && <Loader size="sm" color="gray" />}
    </Center>
  );
}

/** In words: what happened, what to do. */
export function useErrorText(): (error: unknown) => string {
  const t = useText('shell');
  return (error) => {
    if (error instanceof OfflineError) return t('offline_detail');
    if (error instanceof CancelledError) return t('cancelled');
    if (error instanceof ApiError) return error.detail;
    return t('error_detail');
  };
}

/** In the place of a panel that could not be read, or, with `asPage`, of a page. */
export function ErrorState({ error, asPage, onRetry }: { error: unknown; asPage?: boolean; onRetry?: () => void }) {
  const t = useText('shell');
  const text = useErrorText();
  const offline = error instanceof OfflineError;
  const requestId = error instanceof ApiError ? error.requestId : '';
  const retry = () => {
    connectionRetry();
    onRetry?.();
  };
  return (
    <Stack className="l-empty" align="center" gap="xs" role="alert">
      <span className="l-empty-icon"><Icon name={offline ? 'offline' : 'warning'} size={22} /></span>
      <Text component={asPage ? 'h1' : 'p'} fw={600} m={0}>{offline ? t('offline_title') : t('error_title')}</Text>
      <Text size="sm" c="dimmed" maw={460} ta="center">{text(error)}</Text>
      {requestId && <Text size="xs" c="dimmed" ff="monospace">{t('request_id', { id: requestId })}</Text>}
      {onRetry && <Button size="xs" variant="default" onClick={retry}>{t('retry')}</Button>}
    </Stack>
  );
}

/** Above a form's buttons: why the change was not made. What was typed is kept. */
export function FormError({ error, action }: { error: unknown; action?: ReactNode }) {
  const t = useText('shell');
  const text = useErrorText();
  if (!error || error instanceof CancelledError) return null;
  return (
    <div className="l-notice" data-tone="bad" role="alert">
      <Icon name={error instanceof OfflineError ? 'offline' : 'warning'} />
      <div>
        {error instanceof ApiError && error.isStale ? t('stale') : text(error)}
        {error instanceof OfflineError && <> {t('kept')}</>}
        {action && <Group mt={6}>{action}</Group>}
      </div>
    </div>
  );
}

/** A sentence that matters on this page. */
export function Notice({ tone = 'info', children }: { tone?: 'info' | 'warn' | 'bad' | 'good'; children: ReactNode }) {
  const icon: IconName = tone === 'good' ? 'check' : tone === 'info' ? 'info' : 'warning';
  return (
    <div className="l-notice" data-tone={tone}>
      <Icon name={icon} />
      <div>{children}</div>
    </div>
  );
}

/** A state in one or two words: active, suspended, owner. */
export function Mark({ tone = 'neutral', children }: { tone?: 'neutral' | 'good' | 'warn' | 'bad' | 'info'; children: ReactNode }) {
  return <span className="l-mark" data-tone={tone}>{children}</span>;
}
