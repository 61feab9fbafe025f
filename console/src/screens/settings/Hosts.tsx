// The hosts that requests for this account arrive at.
import { ActionIcon, Button, Group, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api, data, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { Confirm } from '@/parts/Confirm';
import { fieldErrors } from '@/parts/fields';
import { Icon } from '@/parts/icons';
import { Panel } from '@/parts/Page';
import { FormError } from '@/parts/States';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';

export function Hosts({ account }: { account: Schemas['Account'] }) {
  const t = useText('settings');
  const { may } = useSession();
  const [host, setHost] = useState('');
  const [leaving, setLeaving] = useState<string>();
  const add = useChange((name: string) => data(api.POST('/v1/accounts/{account}/hosts', { params: { path: { account: account.name } }, body: { host: name } })), { makesOld: [['account']], onDone: () => setHost('') });
  const remove = useChange((name: string) => data(api.DELETE('/v1/accounts/{account}/hosts/{host}', { params: { path: { account: account.name, host: name } } })), { makesOld: [['account']], onDone: () => setLeaving(undefined) });
  const { at, rest } = fieldErrors(add.error, { host: ['records.host', 'records.too_many_hosts', 'error.name_taken'] });
  return (
    <Panel title={t('hosts')} lead={t('hosts_lead')}>
      {account.hosts.length === 0 ? (
        <Text size="sm" c="dimmed">{t('hosts_none')}</Text>
      ) : (
        <div className="l-deeds">
          {account.hosts.map((each) => (
            <div key={each}>
              <span className="l-code">{each}</span>
              {may('settings') && (
                <ActionIcon variant="subtle" color="gray" aria-label={t('host_remove', { host: each })} onClick={() => { remove.reset(); setLeaving(each); }}>
                  <Icon name="trash" />
                </ActionIcon>
              )}
            </div>
          ))}
        </div>
      )}
      {may('settings') && (
        <form
          className="l-form l-after"
          onSubmit={(event) => {
            event.preventDefault();
            if (host.trim()) void add.run(host.trim());
          }}
        >
          <Group align="flex-end" gap="xs">
            <TextInput flex={1} label={t('host')} placeholder="api.example.com" error={at.host} value={host} onChange={(event) => setHost(event.currentTarget.value)} autoCapitalize="none" spellCheck={false} />
            <Button type="submit" variant="default" disabled={!host.trim()} loading={add.isBusy}>{t('add')}</Button>
          </Group>
          <FormError error={rest} />
        </form>
      )}
      {leaving && (
        <Confirm title={t('host_remove', { host: leaving })} action={t('remove')} danger isBusy={remove.isBusy} error={remove.error} onConfirm={() => void remove.run(leaving)} onClose={() => setLeaving(undefined)}>
          {t('host_remove_ask')}
        </Confirm>
      )}
    </Panel>
  );
}
