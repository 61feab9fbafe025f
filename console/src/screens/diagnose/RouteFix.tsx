// A request that no route takes, that two take, or whose route nobody may use: the catalogue's own dialog, filled in from the
// request. What a route needs holds for every key of every account.
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { useRead } from '@/api/hooks';
import { ErrorState, LoadingState, Notice } from '@/parts/States';
import { loadTexts, useText } from '@/text/text';
import { matchRequest, nameOf, readServices, type Route } from '../catalog/catalog';
import type { Explanation } from './ask';

const RouteDialog = lazy(async () => {
  const [module] = await Promise.all([import('../catalog/RouteDialog'), loadTexts('catalog')]);
  return { default: module.RouteDialog };
});

export function RouteFix({ explanation, onDone, onClose }: { explanation: Explanation; onDone: () => void; onClose: () => void }) {
  const shell = useText('shell');
  const [chosen, setChosen] = useState<Route | 'new'>();
  const wanted = { method: explanation.method ?? '', path: explanation.path ?? '', host: explanation.host };
  const match = useRead(['routes', 'match', wanted], () => matchRequest(wanted));
  const services = useRead(['services'], readServices);
  const error = match.error ?? services.error;
  const frame = (content: React.ReactNode) => (
    <Modal opened onClose={onClose} title={wanted.path} closeButtonProps={{ 'aria-label': shell('close') }}>
      {content}
    </Modal>
  );
  const waiting = frame(error ? <ErrorState error={error} onRetry={() => void Promise.all([match.refetch(), services.refetch()])} /> : <LoadingState />);
  if (!match.data || !services.data) return waiting;
  const { route, otherRoute, service } = match.data;
  if (route && otherRoute && !chosen) return frame(<Settle routes={[route, otherRoute]} onChoose={setChosen} onClose={onClose} />);
  return (
    <Suspense fallback={waiting}>
      <RouteDialog route={chosen === 'new' ? undefined : (chosen ?? route)} wanted={wanted} services={services.data.items} service={service} onDone={onDone} onClose={onClose} />
    </Suspense>
  );
}

/** Two routes claim the path, and need different things: one of them is changed, or a third one says it for exactly this path. */
function Settle({ routes, onChoose, onClose }: { routes: Route[]; onChoose: (route: Route | 'new') => void; onClose: () => void }) {
  const t = useText('diagnose');
  const shell = useText('shell');
  const needs = (route: Route) => (route.needs === 'resources' ? route.resources.map(nameOf).join(` ${t('or')} `) : t(`needs_${route.needs}`));
  return (
    <Stack gap="md">
      <Text size="sm">{t('settle_what')}</Text>
      <div className="l-deeds">
        {routes.map((route) => (
          <div key={route.id}>
            <span><span className="l-code">{route.method} {route.path}</span><br /><Text component="span" size="sm" c="dimmed">{needs(route)}</Text></span>
            <Button size="xs" variant="default" onClick={() => onChoose(route)}>{t('do_set_resources')}</Button>
          </div>
        ))}
        <div>
          <span>{t('settle_new')}</span>
          <Button size="xs" variant="default" onClick={() => onChoose('new')}>{t('do_add_route')}</Button>
        </div>
      </div>
      <Notice tone="warn">{t('settle_widens')}</Notice>
      <Group justify="flex-end"><Button variant="default" onClick={onClose}>{shell('cancel')}</Button></Group>
    </Stack>
  );
}
