// What holds for the whole account.
import { useRead } from '@/api/hooks';
import { api, data } from '@/api/client';
import { Page } from '@/parts/Page';
import { ErrorState, LoadingState } from '@/parts/States';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { Account } from './Account';
import { Delegation } from './Delegation';
import { Hosts } from './Hosts';
import { Server } from './Server';
import { Tokens } from './Tokens';
import { Transfer } from './Transfer';

export default function Settings() {
  const t = useText('settings');
  const { account, may } = useSession();
  const read = useRead(['account', account], () => data(api.GET('/v1/accounts/{account}', { params: { path: { account } } })));
  return (
    <Page narrow title={t('title')} lead={t('lead')}>
      {read.data ? (
        <>
          <Account account={read.data} />
          <Hosts account={read.data} />
        </>
      ) : read.error ? (
        <ErrorState error={read.error} onRetry={() => void read.refetch()} />
      ) : (
        <LoadingState />
      )}
      <Delegation />
      {may('owner') && <Tokens />}
      {may('owner') && <Transfer />}
      <Server />
    </Page>
  );
}
