// A request that no route takes, or whose route nobody may use: the catalogue's own dialog, filled in from the request.
import { Modal } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useRead } from '@/api/hooks';
import { ErrorState, LoadingState } from '@/parts/States';
import { loadTexts, useText } from '@/text/text';
import { matchRequest, readServices } from '../catalog/catalog';
import type { Explanation } from './ask';

const RouteDialog = lazy(async () => {
  const [module] = await Promise.all([import('../catalog/RouteDialog'), loadTexts('catalog')]);
  return { default: module.RouteDialog };
});

export function RouteFix({ explanation, onDone, onClose }: { explanation: Explanation; onDone: () => void; onClose: () => void }) {
  const shell = useText('shell');
  const wanted = { method: explanation.method ?? '', path: explanation.path ?? '', host: explanation.host };
  const match = useRead(['routes', 'match', wanted], () => matchRequest(wanted));
  const services = useRead(['services'], readServices);
  const error = match.error ?? services.error;
  const waiting = error ? <ErrorState error={error} onRetry={() => void Promise.all([match.refetch(), services.refetch()])} /> : <LoadingState />;
  const dialog = (
    <Modal opened onClose={onClose} title={wanted.path} closeButtonProps={{ 'aria-label': shell('close') }}>
      {waiting}
    </Modal>
  );
  if (!match.data || !services.data) return dialog;
  return (
    <Suspense fallback={dialog}>
      <RouteDialog route={match.data.route} wanted={wanted} services={services.data.items} service={match.data.service} onDone={onDone} onClose={onClose} />
    </Suspense>
  );
}
