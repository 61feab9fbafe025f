// A person's name and e-mail address.
import { Button, Group, Modal, TextInput } from '@mantine/core';
import { useState } from 'react';
import { ifMatch } from '@/api/client';
import { useChange } from '@/api/hooks';
import { useLatest } from '@/api/latest';
import { people, type Person } from '@/session/people';
import { SESSION } from '@/session/session';
import { useText } from '@/text/text';
import { fieldErrors, TEXT_FAULTS } from './fields';
import { FormError } from './States';
import { toast } from './toast';

export function PersonEdit({ person, onClose }: { person: Person; onClose: () => void }) {
  const t = useText('shell');
  const [typed, setTyped] = useState({ name: person.name ?? '', email: person.email ?? '' });
  const { theirs, guard } = useLatest(person, () => people.one(person.id));
  const save = useChange((body: { name?: string; email?: string }) => guard((base) => people.edit(person.id, body, ifMatch(base))), {
    makesOld: [['users'], SESSION],
    onDone: () => {
      toast(t('person_saved'));
      onClose();
    },
  });
  const { at, rest } = fieldErrors(save.error, { email: ['records.email', 'records.email_taken'], name: TEXT_FAULTS });
  const name = typed.name.trim();
  const email = typed.email.trim();
  const changes = { ...(name !== (person.name ?? '') && { name }), ...(email !== person.email && { email }) };
  const theirText = (mine: string, other: string | null | undefined) => (theirs && (other ?? '') !== mine ? t('person_theirs', { value: other || '–' }) : undefined);
  return (
    <Modal opened onClose={onClose} title={t('person_edit')} closeButtonProps={{ 'aria-label': t('close') }}>
      <form
        className="l-form"
        onSubmit={(event) => {
          event.preventDefault();
          void save.run(changes);
        }}
      >
        <TextInput label={t('person_name')} error={at.name ?? theirText(name, theirs?.name)} value={typed.name} onChange={(event) => { save.reset(); setTyped({ ...typed, name: event.currentTarget.value }); }} autoComplete="off" data-autofocus required={!!person.name} />
        <TextInput label={t('person_email')} description={t('person_email_hint')} type="email" error={at.email ?? theirText(email, theirs?.email)} value={typed.email} onChange={(event) => { save.reset(); setTyped({ ...typed, email: event.currentTarget.value }); }} autoComplete="off" required />
        <FormError error={rest} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" loading={save.isBusy} disabled={Object.keys(changes).length === 0}>{t('person_save')}</Button>
        </Group>
      </form>
    </Modal>
  );
}
