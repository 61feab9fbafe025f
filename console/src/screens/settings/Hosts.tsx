// The hosts that requests for this account arrive at: which they are is the installation's.
import { Text } from '@mantine/core';
import type { Schemas } from '@/api/client';
import { Panel } from '@/parts/Page';
import { useText } from '@/text/text';

export function Hosts({ account }: { account: Schemas['Account'] }) {
  const t = useText('settings');
  return (
    <Panel title={t('hosts')} lead={t('hosts_lead')}>
      {account.hosts.length === 0 ? (
        <Text size="sm" c="dimmed">{t('hosts_none')}</Text>
      ) : (
        <div className="l-deeds">
          {account.hosts.map((each) => <div key={each}><span className="l-code">{each}</span></div>)}
        </div>
      )}
      <Text size="sm" c="dimmed" mt="sm">{t('hosts_how')} <code>llavero account host add {account.name} HOST</code></Text>
    </Panel>
  );
}
