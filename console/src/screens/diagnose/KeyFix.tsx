// What is mended at the key itself, by the dialogs of its own page: a new token, or higher limits. No other key changes by it.
import { Modal } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { api, data } from '@/api/client';
import { useRead } from '@/api/hooks';
import { ErrorState, LoadingState } from '@/parts/States';
import { loadTexts, useText } from '@/text/text';

const Rotate = lazy(async () => {
  const [module] = await Promise.all([import('../keys/Rotate'), loadTexts('keys')]);
  return { default: module.Rotate };
});

const KeyEdit = lazy(async () => {
  const [module] = await Promise.all([import('../keys/KeyEdit'), loadTexts('keys')]);
  return { default: module.KeyEdit };
});

export function KeyFix({ kind, appKey, onDone, onClose }: { kind: string; appKey: string; onDone: () => void; onClose: () => void }) {
  const t = useText('diagnose');
  const shell = useText('shell');
  const key = useRead(['key', appKey], () => data(api.GET('/v1/keys/{appKey}', { params: { path: { appKey } } })));
  const waiting = (
    <Modal opened onClose={onClose} title={appKey} closeButtonProps={{ 'aria-label': shell('close') }}>
      {key.error ? <ErrorState error={key.error} onRetry={() => void key.refetch()} /> : <LoadingState />}
    </Modal>
  );
  if (!key.data) return waiting;
  return (
    <Suspense fallback={waiting}>
      {kind === 'raise_limit' ? <KeyEdit item={key.data} lead={t('no_other_key')} onDone={onDone} onClose={onClose} /> : <Rotate item={key.data} lead={t('no_other_key')} onDone={onDone} onClose={onClose} />}
    </Suspense>
  );
}
