// What is asked before a key changes for the integration that uses it.
import { NativeSelect, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { useChange } from '@/api/hooks';
import { Confirm } from '@/parts/Confirm';
import { Notice } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useText } from '@/text/text';
import { keyReads } from './data';
import { type Key, REASONS } from './model';

interface DialogProps {
  item: Key;
  onClose: () => void;
}

export type Turn = 'activate' | 'deactivate' | 'finish-rotation' | 'cancel-rotation';
const TEXTS = { activate: 'activate', deactivate: 'deactivate', 'finish-rotation': 'finish', 'cancel-rotation': 'undo' } as const;

/** One of the changes that need no more than a yes. */
export function TurnDialog({ item, turn, onClose }: DialogProps & { turn: Turn }) {
  const t = useText('keys');
  const name = TEXTS[turn];
  const change = useChange(
    () => data(api.POST(`/v1/keys/{appKey}/${turn}`, { params: { path: { appKey: item.appKey } } })),
    {
      makesOld: keyReads(item.appKey),
      onDone: () => {
        toast(t(`turn_done_${name}`));
        onClose();
      },
    },
  );
  return (
    <Confirm title={t(name)} action={t(name)} danger={turn === 'deactivate'} isBusy={change.isBusy} error={change.error} onConfirm={() => void change.run(undefined)} onClose={onClose}>
      {t(`turn_detail_${name}`, { label: item.label })}
    </Confirm>
  );
}

/** Final: a reason is kept with the key, and its name is typed so that no other key is meant. */
export function RevokeDialog({ item, onClose }: DialogProps) {
  const t = useText('keys');
  const [reason, setReason] = useState('');
  const revoke = useChange(
    () => data(api.POST('/v1/keys/{appKey}/revoke', { params: { path: { appKey: item.appKey } }, body: { reason: reason as (typeof REASONS)[number] } })),
    {
      makesOld: keyReads(item.appKey),
      onDone: () => {
        toast(t('revoke_done'));
        onClose();
      },
    },
  );
  const [missing, setMissing] = useState(false);
  return (
    <Confirm
      title={t('revoke')}
      action={t('revoke')}
      danger
      typeThis={item.label}
      isBusy={revoke.isBusy}
      error={revoke.error}
      onConfirm={() => (reason ? void revoke.run(undefined) : setMissing(true))}
      onClose={onClose}
    >
      <Stack gap="sm">
        <Notice tone="bad">{t('revoke_detail')}</Notice>
        <Text size="sm">{t('revoke_instead')}</Text>
        <NativeSelect
          label={t('reason')}
          error={missing && !reason ? t('reason_missing') : undefined}
          data={[{ value: '', label: t('reason_choose') }, ...REASONS.map((each) => ({ value: each, label: t(`reason_${each}`) }))]}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      </Stack>
    </Confirm>
  );
}

export function UnlinkDialog({ item, link, onClose }: DialogProps & { link: Key['profiles'][number] }) {
  const t = useText('keys');
  const unlink = useChange(
    () => data(api.DELETE('/v1/keys/{appKey}/links/{profile}', { params: { path: { appKey: item.appKey, profile: link.id } } })),
    {
      makesOld: keyReads(item.appKey),
      onDone: () => {
        toast(t('unlinked'));
        onClose();
      },
    },
  );
  return (
    <Confirm title={t('unlink')} action={t('unlink')} danger isBusy={unlink.isBusy} error={unlink.error} onConfirm={() => void unlink.run(undefined)} onClose={onClose}>
      {t(item.profiles.length === 1 ? 'unlink_last' : 'unlink_detail', { label: item.label, profile: link.name })}
    </Confirm>
  );
}
