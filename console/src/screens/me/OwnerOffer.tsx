// The owner offered me the account: accept or decline.
import { Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { useChange, useRead } from '@/api/hooks';
import { Confirm } from '@/parts/Confirm';
import { Panel } from '@/parts/Page';
import { FormError } from '@/parts/States';
import { toast } from '@/parts/toast';
import { people } from '@/session/people';
import { SESSION, useSession } from '@/session/session';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';

export function OwnerOffer({ userId }: { userId: number }) {
  const t = useText('me');
  const { account } = useSession();
  const format = useFormat();
  const [asks, setAsks] = useState(false);
  const offer = useRead(['owner-invitation', account], () => people.ownerInvitation(account));
  const makesOld = [['owner-invitation'], SESSION, ['users']];
  const accept = useChange(() => people.acceptOwner(account).then(() => true), { makesOld, onDone: () => toast(t('offer_accepted')) });
  const decline = useChange(() => people.withdrawOwner(account), { makesOld });
  if (!offer.data || offer.data.user.id !== userId) return null;
  return (
    <Panel title={t('offer_title')}>
      <Text size="sm">{t('offer_detail', { account, until: format.dateTime(offer.data.expiresAt) })}</Text>
      <FormError error={decline.error} />
      <Group mt="md" gap="xs">
        <Button onClick={() => setAsks(true)}>{t('offer_accept')}</Button>
        <Button variant="default" loading={decline.isBusy} onClick={() => void decline.run(undefined)}>{t('offer_decline')}</Button>
      </Group>
      {asks && (
        <Confirm
          title={t('offer_title')}
          action={t('offer_accept')}
          isBusy={accept.isBusy}
          error={accept.error}
          onConfirm={() => void accept.run(undefined).then((made) => made && setAsks(false))}
          onClose={() => setAsks(false)}
        >
          {t('offer_confirm')}
        </Confirm>
      )}
    </Panel>
  );
}
