// Is the log as it was written? What the keeper has checked of it, and the marks that a cut end would show against.
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { api, data, type Schemas } from '@/api/client';
import { useChange, useRead } from '@/api/hooks';
import { CopyButton } from '@/parts/Copy';
import { download } from '@/parts/download';
import { Icon } from '@/parts/icons';
import { Facts, Panel } from '@/parts/Page';
import { ErrorState, FormError, LoadingState, Mark, Notice } from '@/parts/States';
import { useSession } from '@/session/session';
import { Ago, useFormat } from '@/text/format';
import { useText } from '@/text/text';
import { ChainCheck } from './Tools';

type Checkpoint = Schemas['Checkpoint'];

const EVERY_MS = 5_000;
const TONES = { good: 'good', checking: 'neutral', bad: 'bad' } as const;

export function ChainState({ account }: { account: string | undefined }) {
  const t = useText('events');
  const format = useFormat();
  const { may } = useSession();
  const [made, setMade] = useState<Checkpoint>();
  const read = useRead(['events-chain'], () => data(api.GET('/v1/events/chain')), { every: EVERY_MS });
  const make = useChange(() => data(api.POST('/v1/events/checkpoint')), { makesOld: [['events-chain']], onDone: setMade });
  const actions = (
    <>
      <ChainCheck account={account} />
      {may('owner') && <Button variant="default" leftSection={<Icon name="download" />} loading={make.isBusy} onClick={() => void make.run(undefined)}>{t('checkpoint_make')}</Button>}
    </>
  );
  return (
    <Panel title={t('chain_panel')} lead={t('chain_panel_lead')} actions={actions}>
      {read.data ? (
        <>
          {read.data.checked.fault && <div className="l-gap"><Notice tone="bad">{read.data.checked.fault.detail} {t('chain_tell')}</Notice></div>}
          <Facts
            items={[
              [
                t('chain_state'),
                <span key="state"><Mark tone={TONES[read.data.checked.state]}>{t(`chain_state_${read.data.checked.state}`)}</Mark> {t('chain_upto', { checked: format.number(read.data.checked.revision), head: format.number(read.data.revision) })}</span>,
              ],
              [t('chain_mark'), read.data.highWaterRevision > 0 ? t('chain_mark_at', { revision: format.number(read.data.highWaterRevision) }) : t('chain_mark_none')],
              [
                t('checkpoint'),
                read.data.checkpoint ? (
                  <span key="checkpoint">{t('checkpoint_at', { revision: format.number(read.data.checkpoint.revision) })} · <Ago at={read.data.checkpoint.time} /> · <button type="button" className="l-text-button" onClick={() => setMade(read.data.checkpoint ?? undefined)}>{t('checkpoint_show')}</button></span>
                ) : (
                  t('checkpoint_none')
                ),
              ],
            ]}
          />
        </>
      ) : read.error ? (
        <ErrorState error={read.error} onRetry={() => void read.refetch()} />
      ) : (
        <LoadingState />
      )}
      <FormError error={make.error} />
      {made && <CheckpointDialog checkpoint={made} onClose={() => setMade(undefined)} />}
    </Panel>
  );
}

/** Not a secret: what it proves needs it to be kept elsewhere. */
function CheckpointDialog({ checkpoint, onClose }: { checkpoint: Checkpoint; onClose: () => void }) {
  const t = useText('events');
  const shell = useText('shell');
  const format = useFormat();
  return (
    <Modal opened onClose={onClose} size="lg" title={t('checkpoint_title', { revision: format.number(checkpoint.revision) })} closeButtonProps={{ 'aria-label': shell('close') }}>
      <Stack gap="md">
        <Text size="sm">{t('checkpoint_what')}</Text>
        <pre className="l-pre l-wrap">{checkpoint.text.trim()}</pre>
        <Facts items={[[t('checkpoint_key'), <code key="key" className="l-code">{checkpoint.publicKey}</code>]]} />
        <Group justify="flex-end" gap="xs">
          <CopyButton text={checkpoint.text} />
          <Button variant="default" leftSection={<Icon name="download" />} onClick={() => download(`llavero-checkpoint-${checkpoint.revision}.txt`, checkpoint.text)}>{shell('download')}</Button>
          <Button onClick={onClose}>{shell('close')}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
