// Who was refused lately: to be explained also when nobody kept the code.
import { Button } from '@mantine/core';
import { Link } from 'react-router-dom';
import { api, data, type Schemas } from '@/api/client';
import { useList } from '@/api/hooks';
import { DataTable } from '@/parts/DataTable';
import { Panel } from '@/parts/Page';
import { EmptyState } from '@/parts/States';
import { useSession } from '@/session/session';
import { Ago } from '@/text/format';
import { useText } from '@/text/text';
import { useCauseText } from './read';

type Refusal = Schemas['Refusal'];
const SHOWN = 20;

export default function Refusals() {
  const t = useText('use');
  const { account } = useSession();
  const causeText = useCauseText();
  const list = useList<Refusal>(['refusals', account], (cursor) => data(api.GET('/v1/refusals', { params: { query: { account, limit: SHOWN, cursor } } })));
  return (
    <Panel flush title={t('refusals')} lead={t('refusals_lead')} actions={<Button variant="default" size="xs" onClick={list.reload}>{t('reload')}</Button>}>
      <DataTable<Refusal>
        label={t('refusals')}
        list={list}
        keyOf={(row) => row.diagnosis}
        empty={<EmptyState icon="check" title={t('refusals_none')} />}
        columns={[
          { key: 'at', title: t('time'), render: (row) => <Ago at={row.at} /> },
          { key: 'cause', title: t('cause'), render: (row) => causeText(row.cause) },
          { key: 'key', title: t('key'), render: (row) => row.key?.label ?? row.presented ?? '–' },
          { key: 'what', title: t('request'), render: (row) => <span className="l-code">{row.method ?? '?'} {row.path ?? '?'}</span> },
          { key: 'address', title: t('address'), render: (row) => row.address ?? '–' },
          { key: 'why', title: t('why'), quiet: true, align: 'right', render: (row) => <Button component={Link} to={`/diagnose#${row.diagnosis}`} variant="subtle" size="compact-sm">{t('why')}</Button> },
        ]}
      />
    </Panel>
  );
}
