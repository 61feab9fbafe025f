// Management tokens: for machines that use /v1 in the owner's name.
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useChange, useList } from '@/api/hooks';
import { Confirm } from '@/parts/Confirm';
import { DataTable } from '@/parts/DataTable';
import { Panel } from '@/parts/Page';
import { EmptyState, Mark } from '@/parts/States';
import { useRightText } from '@/parts/rights';
import { type ManagementToken, people } from '@/session/people';
import { useSession } from '@/session/session';
import { Ago, useFormat } from '@/text/format';
import { useText } from '@/text/text';
import { NewToken } from './NewToken';

export function Tokens() {
  const t = useText('settings');
  const rightText = useRightText();
  const format = useFormat();
  const { account } = useSession();
  const [makes, setMakes] = useState(false);
  const [ending, setEnding] = useState<ManagementToken>();
  const list = useList<ManagementToken>(['management-tokens', account], (cursor) => people.tokens(account, cursor));
  const end = useChange((id: number) => people.endToken(id), { makesOld: [['management-tokens']], onDone: () => setEnding(undefined) });
  const isOver = (token: ManagementToken) => token.revokedAt !== null || new Date(token.expiresAt).getTime() <= Date.now();
  return (
    <Panel title={t('tokens')} lead={t('tokens_lead')} flush actions={<Button size="xs" variant="default" onClick={() => setMakes(true)}>{t('token_new')}</Button>}>
      <DataTable<ManagementToken>
        label={t('tokens')}
        list={list}
        keyOf={(token) => token.id}
        empty={<EmptyState title={t('tokens_none')} />}
        columns={[
          { key: 'label', title: t('token_label'), render: (token) => token.label },
          { key: 'rights', title: t('token_rights'), render: (token) => <span className="l-marks">{token.rights.map((right) => <Mark key={right}>{rightText(right)}</Mark>)}</span> },
          { key: 'addresses', title: t('token_addresses'), render: (token) => <span className="l-code">{token.addresses.join(', ')}</span> },
          { key: 'used', title: t('token_used'), render: (token) => (token.usedAt ? <Ago at={token.usedAt} /> : t('token_unused')) },
          { key: 'until', title: t('token_until'), render: (token) => (token.revokedAt ? <Mark tone="bad">{t('token_ended')}</Mark> : isOver(token) ? <Mark tone="warn">{t('token_expired')}</Mark> : format.date(token.expiresAt)) },
          { key: 'end', title: t('token_end'), quiet: true, align: 'right', render: (token) => !isOver(token) && <Button size="compact-xs" variant="default" onClick={() => { end.reset(); setEnding(token); }}>{t('token_end')}</Button> },
        ]}
      />
      {makes && <NewToken onClose={() => setMakes(false)} />}
      {ending && (
        <Confirm title={t('token_end_title', { label: ending.label })} action={t('token_end')} danger isBusy={end.isBusy} error={end.error} onConfirm={() => void end.run(ending.id)} onClose={() => setEnding(undefined)}>
          {t('token_end_ask')}
        </Confirm>
      )}
    </Panel>
  );
}
