// What is asked before a key changes for the integration that uses it.
import { NativeSelect, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { api, data, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { Confirm } from '@/parts/Confirm';
import { Facts } from '@/parts/Page';
import { Notice } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';
import { Known } from '@/use/lazy';
import { keyReads } from './data';
import { type Key, linksIn, REASONS, tokenOf } from './model';

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
      <Stack gap="sm">
        <Text size="sm">{t(`turn_detail_${name}`, { label: item.label })}</Text>
        {(turn === 'finish-rotation' || turn === 'cancel-rotation') && <Known appKey={item.appKey} kind={turn === 'finish-rotation' ? 'previous' : 'current'} />}
        {turn === 'deactivate' && <Known appKey={item.appKey} />}
      </Stack>
    </Confirm>
  );
}

/** What is known of the key's use, so that no key is revoked that somebody still needs. */
function Use({ item }: { item: Key }) {
  const t = useText('keys');
  const format = useFormat();
  const token = tokenOf(item, 'current');
  // Read by the key's own page only.
  const state = (item as Partial<Schemas['LimitsState']>).limitsState;
  const used = [...(state?.rate ?? []), ...(state?.quota ? [state.quota] : [])].filter((limit) => limit.remaining !== undefined && limit.remaining < limit.count);
  const live = linksIn(item, item.account).length;
  return (
    <Facts
      items={[
        ...(item.addresses.length > 0 ? [[t('addresses'), format.list(item.addresses)] as [string, string]] : []),
        ...(used.length > 0 ? [[t('used_now'), format.list(used.map((limit) => t('used_line', { count: limit.count - (limit.remaining ?? 0), per: t(`per_${limit.per}`) })))] as [string, string]] : []),
        [t('tokens'), token ? t('token_since', { when: format.relative(token.createdAt) }) : t('no_token')],
        [t('col_profiles'), live > 0 ? format.list(item.profiles.map((link) => link.name)) : t('links_none')],
      ]}
    />
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
        <Known appKey={item.appKey} />
        <Use item={item} />
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
