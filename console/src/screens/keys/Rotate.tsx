// Renew a key's token: what becomes of the old one is chosen here, and the new one is said once.
import { Button, Group, Modal, NativeSelect, Radio, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { useChange, useIdempotencyKey } from '@/api/hooks';
import { FormError, Notice } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useText } from '@/text/text';
import { keyReads } from './data';
import { Delivery, type Given, GivenDialog, givenOf, isSecret, type Way as DeliveryWay } from './Delivery';
import { type Key, tokenOf } from './model';

const OVERLAPS = ['1h', '24h', '7d', '30d'] as const;
type Way = 'open' | 'overlap' | 'now';

/** `onDone`: the token was renewed, and what is to be said once was said. */
export function Rotate({ item, lead, onDone, onClose }: { item: Key; lead?: string; onDone?: () => void; onClose: () => void }) {
  const t = useText('keys');
  const [way, setWay] = useState<Way>('open');
  const [overlap, setOverlap] = useState<string>('24h');
  const [delivery, setDelivery] = useState<DeliveryWay>('show');
  const [given, setGiven] = useState<Given | undefined>();
  const hasToken = tokenOf(item, 'current') !== undefined;
  const name = t(hasToken ? 'rotate' : 'first_token');
  const once = useIdempotencyKey();
  const rotate = useChange(
    async () => {
      const body = { ...(way === 'open' ? {} : { overlap: way === 'now' ? 'now' : overlap }), ...(delivery === 'link' ? { handover: true } : {}) };
      const answer = givenOf(await data(api.POST('/v1/keys/{appKey}/rotate', { params: { path: { appKey: item.appKey }, header: once.header(body) }, body })));
      if (isSecret(answer)) setGiven(answer);
      return isSecret(answer);
    },
    {
      makesOld: keyReads(item.appKey),
      onDone: (isShown) => {
        once.renew();
        if (isShown) return;
        toast(t('rotated_unseen'));
        onDone?.();
        onClose();
      },
    },
  );
  if (given) {
    return (
      <GivenDialog
        title={t('rotated')}
        given={given}
        onClose={() => {
          setGiven(undefined);
          onDone?.();
          onClose();
        }}
      />
    );
  }
  return (
    <Modal opened onClose={onClose} title={name} closeButtonProps={{ 'aria-label': t('close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void rotate.run(undefined);
        }}
      >
        <Stack gap="md">
          {lead && <Text size="sm" c="dimmed">{lead}</Text>}
          {hasToken && (
            <>
              <Radio.Group label={t('rotate_old')} value={way} onChange={(value) => setWay(value as Way)}>
                <Stack gap="sm" mt="xs">
                  <Radio value="open" label={t('rotate_open')} description={t('rotate_open_hint')} data-autofocus />
                  <Radio value="overlap" label={t('rotate_overlap')} description={t('rotate_overlap_hint')} />
                  {way === 'overlap' && <NativeSelect className="l-indent" aria-label={t('rotate_overlap_length')} data={OVERLAPS.map((each) => ({ value: each, label: t(`overlap_${each}`) }))} value={overlap} onChange={(event) => setOverlap(event.currentTarget.value)} />}
                  <Radio value="now" label={t('rotate_now')} description={t('rotate_now_hint')} />
                </Stack>
              </Radio.Group>
              {way === 'now' && <Notice tone="warn">{t('rotate_now_warning')}</Notice>}
            </>
          )}
          <Delivery value={delivery} onChange={setDelivery} />
          <FormError error={rotate.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
            <Button type="submit" loading={rotate.isBusy}>{name}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
