// Handing the account over: the open invitation, or where to make one.
import { Button, Group, Text } from '@mantine/core';
import { Link } from 'react-router-dom';
import { useChange, useRead } from '@/api/hooks';
import { ApiError } from '@/api/problem';
import { Panel } from '@/parts/Page';
import { ErrorState, FormError, LoadingState } from '@/parts/States';
import { toast } from '@/parts/toast';
import { people } from '@/session/people';
import { useSession } from '@/session/session';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';

export function Transfer() {
  const t = useText('settings');
  const format = useFormat();
  const { account } = useSession();
  const read = useRead(['owner-invitation', account], () => people.ownerInvitation(account));
  const withdraw = useChange(() => people.withdrawOwner(account), { makesOld: [['owner-invitation']], onDone: () => toast(t('transfer_withdrawn')) });
  const none = read.error instanceof ApiError && read.error.status === 404;
  return (
    <Panel title={t('transfer')} lead={t('transfer_lead')}>
      {none ? (
        <Text size="sm">
          {t('transfer_none')} <Link className="l-link" to="/users">{t('transfer_users')}</Link>
        </Text>
      ) : read.error ? (
        <ErrorState error={read.error} onRetry={() => void read.refetch()} />
      ) : read.data ? (
        <>
          <Text size="sm">{t('transfer_open', { name: read.data.user.name || read.data.user.email || String(read.data.user.id), until: format.dateTime(read.data.expiresAt) })}</Text>
          <FormError error={withdraw.error} />
          <Group mt="md">
            <Button variant="default" loading={withdraw.isBusy} onClick={() => void withdraw.run(undefined)}>{t('transfer_withdraw')}</Button>
          </Group>
        </>
      ) : (
        <LoadingState />
      )}
    </Panel>
  );
}
