// How one key is used: counts, last use, and by which clients each of its tokens is sent.
import { Text } from '@mantine/core';
import { Panel } from '@/parts/Page';
import { Mark } from '@/parts/States';
import { Ago } from '@/text/format';
import { useText } from '@/text/text';
import { Counts } from './Counts';
import Known from './Known';
import { useKeyUsage } from './read';

function Tokens({ appKey }: { appKey: string }) {
  const t = useText('use');
  const read = useKeyUsage(appKey);
  const used = (read.data?.tokens ?? []).filter((token) => token.lastUse);
  if (used.length < 2 && used[0]?.kind !== 'retired') return null;
  return (
    <>
      <Text component="h3" size="sm" fw={600} mt="md" mb={2}>{t('tokens')}</Text>
      <table className="l-table" aria-label={t('tokens')}>
        <thead>
          <tr>
            <th scope="col">{t('token')}</th>
            <th scope="col">{t('last_use')}</th>
            <th scope="col">{t('clients')}</th>
          </tr>
        </thead>
        <tbody>
          {used.map((token) => (
            <tr key={token.token}>
              <td data-title={t('token')}><Mark tone={token.kind === 'current' ? 'good' : token.kind === 'previous' ? 'info' : 'bad'}>{t(`token_${token.kind}`)}</Mark></td>
              <td data-title={t('last_use')}>{token.lastUse && <Ago at={token.lastUse.at} />}</td>
              <td data-title={t('clients')}>{token.clients.map((client) => client.address ?? '?').join(', ') || '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

export default function KeyUse({ appKey }: { appKey: string }) {
  const t = useText('use');
  return (
    <Panel title={t('title')} lead={t('lead')}>
      <Known appKey={appKey} />
      <Tokens appKey={appKey} />
      <Text component="h3" size="sm" fw={600} mt="md" mb={6}>{t('requests')}</Text>
      <Counts of={{ key: appKey }} />
    </Panel>
  );
}
