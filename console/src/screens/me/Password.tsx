import { Button, Group, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { useChange } from '@/api/hooks';
import { fieldErrors, PASSWORD_FAULTS } from '@/parts/fields';
import { Panel } from '@/parts/Page';
import { FormError } from '@/parts/States';
import { toast } from '@/parts/toast';
import { people } from '@/session/people';
import { SESSION } from '@/session/session';
import { useText } from '@/text/text';

const EMPTY = { current: '', password: '', again: '' };

export function Password({ email }: { email: string }) {
  const t = useText('me');
  const [typed, setTyped] = useState(EMPTY);
  const change = useChange(people.password, {
    makesOld: [['sessions'], SESSION],
    onDone: () => {
      setTyped(EMPTY);
      toast(t('password_changed'));
    },
  });
  const { at, rest } = fieldErrors(change.error, { current: ['login.login_failed'], password: PASSWORD_FAULTS });
  const differs = typed.again !== '' && typed.again !== typed.password;
  const ready = typed.current !== '' && typed.password !== '' && typed.again === typed.password;
  const field = (name: keyof typeof typed, autoComplete: string, error: string | undefined, description?: string) => (
    <PasswordInput label={t(`password_${name}`)} description={description} error={error} value={typed[name]} autoComplete={autoComplete} visibilityToggleButtonProps={{ 'aria-label': t('password_show') }} onChange={(event) => { const { value } = event.currentTarget; setTyped((before) => ({ ...before, [name]: value })); }} />
  );
  return (
    <Panel title={t('password')} lead={t('password_lead')}>
      <form
        className="l-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void change.run({ current: typed.current, password: typed.password });
        }}
      >
        <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
        {field('current', 'current-password', at.current)}
        {field('password', 'new-password', at.password, t('password_hint'))}
        {field('again', 'new-password', differs ? t('password_differs') : undefined)}
        <FormError error={rest} />
        <Group justify="flex-end">
          <Button type="submit" variant="default" disabled={!ready} loading={change.isBusy}>{t('password_save')}</Button>
        </Group>
      </form>
    </Panel>
  );
}
