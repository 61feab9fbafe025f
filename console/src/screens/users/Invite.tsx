import { Button, Group, Modal, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useChange, useIdempotencyKey } from '@/api/hooks';
import { fieldErrors, TEXT_FAULTS } from '@/parts/fields';
import { FormError } from '@/parts/States';
import { toast } from '@/parts/toast';
import { people } from '@/session/people';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { LinkOnce } from './LinkOnce';

export function Invite({ onClose }: { onClose: () => void }) {
  const t = useText('users');
  const { account } = useSession();
  const key = useIdempotencyKey();
  const [typed, setTyped] = useState({ email: '', name: '' });
  const [link, setLink] = useState<{ url: string; email: string }>();
  const invite = useChange((body: { account: string; email: string; name?: string }) => people.invite(body, key.header()), {
    makesOld: [['users']],
    onDone: (user) => {
      key.renew();
      if (user.enrolment) return setLink({ url: user.enrolment, email: user.email ?? '' });
      // Made by an earlier try whose answer was lost: its link was never seen, a new one can be made.
      toast(t('invited_before'));
      onClose();
    },
  });
  const { at, rest } = fieldErrors(invite.error, { email: ['records.email', 'records.email_taken'], name: TEXT_FAULTS });
  if (link) return <LinkOnce title={t('invited', { email: link.email })} url={link.url} onClose={onClose} />;
  return (
    <Modal opened onClose={onClose} title={t('invite_title')} closeButtonProps={{ 'aria-label': t('close') }}>
      <form
        className="l-form"
        onSubmit={(event) => {
          event.preventDefault();
          const name = typed.name.trim();
          void invite.run({ account, email: typed.email.trim(), ...(name && { name }) });
        }}
      >
        <TextInput label={t('email')} type="email" error={at.email} value={typed.email} onChange={(event) => { key.renew(); setTyped({ ...typed, email: event.currentTarget.value }); }} autoComplete="off" required data-autofocus />
        <TextInput label={t('name')} description={t('optional')} error={at.name} value={typed.name} onChange={(event) => { key.renew(); setTyped({ ...typed, name: event.currentTarget.value }); }} autoComplete="off" />
        <FormError error={rest} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" loading={invite.isBusy}>{t('invite')}</Button>
        </Group>
      </form>
    </Modal>
  );
}
