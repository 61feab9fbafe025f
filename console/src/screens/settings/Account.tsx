import { Button, Group, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api, data, ifMatch, type Schemas } from '@/api/client';
import { queries, useChange } from '@/api/hooks';
import { ApiError } from '@/api/problem';
import { CopyIcon } from '@/parts/Copy';
import { fieldErrors, TEXT_FAULTS } from '@/parts/fields';
import { Facts, Panel } from '@/parts/Page';
import { FormError, Mark } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useSession } from '@/session/session';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';

export function Account({ account }: { account: Schemas['Account'] }) {
  const t = useText('settings');
  const format = useFormat();
  const { may } = useSession();
  const [name, setName] = useState(account.displayName);
  // What the typing began from.
  const [base, setBase] = useState(account.displayName);
  if (base !== account.displayName && (name === base || name.trim() === account.displayName)) {
    setBase(account.displayName);
    setName(account.displayName);
  }
  const save = useChange(
    async (displayName: string) => {
      try {
        return await data(api.PATCH('/v1/accounts/{account}', { params: { path: { account: account.name }, header: ifMatch(account) }, body: { displayName } }));
      } catch (error) {
        // Theirs is read and shown; saving once more goes by it.
        if (error instanceof ApiError && error.isStale) await queries.invalidateQueries({ queryKey: ['account'] });
        throw error;
      }
    },
    { makesOld: [['account']], onDone: () => toast(t('saved')) },
  );
  const { at, rest } = fieldErrors(save.error, { name: TEXT_FAULTS });
  const theirs = base === account.displayName ? undefined : t('theirs', { value: account.displayName });
  return (
    <Panel title={t('account')}>
      <Facts
        items={[
          [t('account_name'), <Group key="name" gap={4}><span className="l-code">{account.name}</span><CopyIcon text={account.name} what={t('account_copy')} /></Group>],
          [t('state'), <Mark key="state" tone={account.state === 'active' ? 'good' : 'bad'}>{t(`state_${account.state}`)}</Mark>],
          [t('since'), format.date(account.createdAt)],
        ]}
      />
      {may('settings') && (
        <form
          className="l-form l-after"
          onSubmit={(event) => {
            event.preventDefault();
            void save.run(name.trim());
          }}
        >
          <TextInput label={t('display_name')} description={t('display_name_hint')} error={at.name ?? theirs} value={name} onChange={(event) => { save.reset(); setName(event.currentTarget.value); }} />
          <FormError error={rest} />
          <Group justify="flex-end">
            <Button type="submit" variant="default" disabled={name.trim() === account.displayName} loading={save.isBusy}>{t('save')}</Button>
          </Group>
        </form>
      )}
    </Panel>
  );
}
