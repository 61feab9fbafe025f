// "Which resource does GET /x need?", as the gates read the path.
import { Autocomplete, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useRead } from '@/api/hooks';
import { Panel } from '@/parts/Page';
import { ErrorState, LoadingState, Notice } from '@/parts/States';
import { useText } from '@/text/text';
import { matchRequest, METHODS, needOf, type Route } from './catalog';
import { NeedText } from './Need';

export interface Wanted {
  method: string;
  path: string;
  /** Where services differ by host. */
  host?: string | undefined;
  service?: string | undefined;
}

interface MatchProps {
  wanted: Wanted;
  onWanted: (wanted: Wanted) => void;
  /** Absent: this person may not. */
  onAdd?: ((wanted: Wanted) => void) | undefined;
  onEdit?: ((route: Route) => void) | undefined;
}

export function Match({ wanted, onWanted, onAdd, onEdit }: MatchProps) {
  const t = useText('catalog');
  const [method, setMethod] = useState(wanted.method || 'GET');
  const [path, setPath] = useState(wanted.path);
  const [host, setHost] = useState(wanted.host ?? '');
  const [asked, setAsked] = useState(false);
  const isBad = !path.startsWith('/');
  return (
    <Panel title={t('match')} lead={t('match_lead')}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(true);
          if (method && !isBad) onWanted({ method, path, ...(host.trim() && { host: host.trim() }) });
        }}
      >
        <Group align="flex-start" gap="sm" wrap="wrap">
          <Autocomplete aria-label={t('method')} value={method} onChange={(value) => setMethod(value.toUpperCase())} data={METHODS} w={120} />
          <TextInput aria-label={t('path')} placeholder="/api/orders/10" value={path} onChange={(event) => setPath(event.currentTarget.value)} error={asked && isBad ? t('path_slash') : undefined} spellCheck={false} flex={1} miw={220} />
          <TextInput aria-label={t('match_host')} placeholder={t('match_host')} value={host} onChange={(event) => setHost(event.currentTarget.value)} spellCheck={false} w={220} />
          <Button type="submit" variant="default">{t('match_ask')}</Button>
        </Group>
      </form>
      {wanted.path && <Answer wanted={wanted} onAdd={onAdd} onEdit={onEdit} />}
    </Panel>
  );
}

function RouteLine({ route, onEdit }: { route: Route; onEdit?: ((route: Route) => void) | undefined }) {
  const t = useText('catalog');
  return (
    <Group gap="xs" mt={4}>
      <code>{route.method} {route.path}</code>
      <NeedText need={needOf(route)} />
      {onEdit && <Button size="compact-xs" variant="default" onClick={() => onEdit(route)}>{t('edit')}</Button>}
    </Group>
  );
}

function Answer({ wanted, onAdd, onEdit }: Omit<MatchProps, 'onWanted'>) {
  const t = useText('catalog');
  const answer = useRead(['routes', 'match', wanted], () => matchRequest(wanted));
  if (answer.isLoading) return <LoadingState />;
  if (!answer.data) return <ErrorState error={answer.error} onRetry={() => void answer.refetch()} />;
  const { match, route, otherRoute, unmapped, reason, service } = answer.data;
  return (
    <Stack gap="xs" mt="md" aria-live="polite">
      {match === 'found' && route && (
        <>
          <Text size="sm">{t('match_found', { method: wanted.method, path: wanted.path, service: service ?? route.service })}</Text>
          <RouteLine route={route} onEdit={onEdit} />
        </>
      )}
      {match === 'none' && <Notice tone="warn">{unmapped === 'authenticated' ? t('match_unmapped') : t('match_none', { method: wanted.method, path: wanted.path })}</Notice>}
      {match === 'none' && onAdd && (
        <div><Button size="xs" onClick={() => onAdd({ ...wanted, service })}>{t('add_route')}</Button></div>
      )}
      {match === 'ambiguous' && (
        <>
          <Notice tone="bad">{t('match_ambiguous')}</Notice>
          {route && <RouteLine route={route} onEdit={onEdit} />}
          {otherRoute && <RouteLine route={otherRoute} onEdit={onEdit} />}
        </>
      )}
      {match === 'path_refused' && <Notice tone="bad">{t('match_refused', { reason })}</Notice>}
    </Stack>
  );
}
