// Files of what is shown, and the check of the chain. Both read everything page by page, and can be stopped.
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useChange } from '@/api/hooks';
import { download } from '@/parts/download';
import { Icon } from '@/parts/icons';
import { FormError, Notice } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';
import { all, type Chain, checkChain, csv, EXPORT_MAX, jsonLines, type Query } from './events';

export function Export({ query }: { query: Query }) {
  const t = useText('events');
  const format = useFormat();
  const [count, setCount] = useState(0);
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);
  const exporting = useChange(async (kind: 'csv' | 'jsonl') => {
    stop.current = new AbortController();
    setCount(0);
    const rows = await all(query, setCount, stop.current.signal);
    if (stop.current.signal.aborted) return;
    const day = new Date().toISOString().slice(0, 10);
    if (kind === 'csv') download(`llavero-events-${day}.csv`, csv(rows), 'text/csv');
    else download(`llavero-events-${day}.jsonl`, jsonLines(rows), 'application/x-ndjson');
    toast(t(rows.length === EXPORT_MAX ? 'exported_most' : 'exported', { count: rows.length }));
  });
  return (
    <>
      {(['csv', 'jsonl'] as const).map((kind) => (
        <Button key={kind} variant="default" leftSection={<Icon name="download" />} title={t(`export_${kind}`)} onClick={() => void exporting.run(kind)}>{t(`file_${kind}`)}</Button>
      ))}
      {(exporting.isBusy || exporting.error) && (
        <Modal opened onClose={() => { stop.current.abort(); exporting.reset(); }} title={t('export')} withCloseButton={false}>
          <Stack gap="md">
            {exporting.isBusy && <Text size="sm" role="status">{t('exporting', { number: format.number(count) })}</Text>}
            <FormError error={exporting.error} />
            <Group justify="flex-end">
              <Button variant="default" onClick={() => { stop.current.abort(); exporting.reset(); }}>{t('stop')}</Button>
            </Group>
          </Stack>
        </Modal>
      )}
    </>
  );
}

export function ChainCheck({ account }: { account: string | undefined }) {
  const t = useText('events');
  const shell = useText('shell');
  const format = useFormat();
  const [isOpen, setOpen] = useState(false);
  const [chain, setChain] = useState<Chain>();
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);
  const checking = useChange(async () => {
    stop.current = new AbortController();
    setChain(undefined);
    setChain(await checkChain(account, setChain, stop.current.signal));
  });
  const start = () => {
    setOpen(true);
    void checking.run(undefined);
  };
  const close = () => {
    stop.current.abort();
    setOpen(false);
  };
  const places = chain && { checked: format.number(chain.checked), first: chain.first, last: chain.last };
  return (
    <>
      <Button variant="default" leftSection={<Icon name="link" />} onClick={start}>{t('chain')}</Button>
      <Modal opened={isOpen} onClose={close} title={t('chain_title')} closeButtonProps={{ 'aria-label': shell('close') }}>
        <Stack gap="md">
          <Text size="sm">{t('chain_what')}</Text>
          <div aria-live="polite">
            {checking.isBusy && <Text size="sm" c="dimmed">{t('chain_busy', { checked: places?.checked ?? 0 })}</Text>}
            {!checking.isBusy && chain?.fault && <Notice tone="bad">{t(`chain_${chain.fault.kind}`, { revision: chain.fault.revision })}</Notice>}
            {!checking.isBusy && chain && !chain.fault && <Notice tone="good">{t(chain.gaps > 0 ? 'chain_good_own' : 'chain_good', places)}</Notice>}
          </div>
          <FormError error={checking.error} />
          <Text size="sm" c="dimmed">{t('chain_more')}</Text>
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>{shell('close')}</Button>
            {!checking.isBusy && <Button onClick={start}>{t('chain_again')}</Button>}
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
