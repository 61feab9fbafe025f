// A one-time link's other end: the invited person sets a password and a second factor.
import { Button, PasswordInput, Text, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useNavigate } from 'react-router-dom';
import { useChange, useRead } from '@/api/hooks';
import { OfflineError } from '@/api/problem';
import { Door } from '@/parts/Door';
import { FactorSetup } from '@/parts/FactorSetup';
import { fieldErrors, PASSWORD_FAULTS } from '@/parts/fields';
import { SecretDialog } from '@/parts/SecretDialog';
import { ErrorState, FormError, LoadingState, Notice, useErrorText } from '@/parts/States';
import { people } from '@/session/people';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';

const PASSWORD_MIN = 12;

// The secret comes in the fragment and leaves the address at once, so that it stays in no history.
let token = '';
function takeToken(): string {
  const hash = window.location.hash.slice(1);
  if (hash) {
    token = hash;
    window.history.replaceState(window.history.state, '', window.location.pathname);
  }
  return token;
}

export default function Enrol() {
  const t = useText('enrol');
  const navigate = useNavigate();
  const text = useErrorText();
  const format = useFormat();
  const [secret] = useState(takeToken);
  const [typed, setTyped] = useState({ password: '', again: '', code: '' });
  const [codes, setCodes] = useState<string[]>();
  const open = useRead(['enrolment'], () => people.enrolOpen(secret), { enabled: secret !== '' && !codes, once: true });
  const enrol = useChange(people.enrol, { onDone: (answer) => setCodes(answer.recoveryCodes) });
  useEffect(() => () => void (token = ''), []);

  const type = (field: keyof typeof typed) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    setTyped((before) => ({ ...before, [field]: value }));
  };

  if (!secret || (open.error && !(open.error instanceof OfflineError))) {
    return (
      <Door title={t('invalid_title')} lead={secret ? text(open.error) : t('invalid_detail')}>
        <Button variant="default" onClick={() => navigate('/login')}>{t('to_login')}</Button>
      </Door>
    );
  }
  if (open.error) return <ErrorState asPage error={open.error} onRetry={() => void open.refetch()} />;
  if (!open.data) return <LoadingState />;

  const short = typed.password.length > 0 && [...typed.password].length < PASSWORD_MIN;
  const differs = typed.again.length > 0 && typed.again !== typed.password;
  const { at, rest } = fieldErrors(enrol.error, { password: PASSWORD_FAULTS, code: ['login.enrolment_code', 'login.enrolment_reopened'] });
  const ready = !short && typed.again === typed.password && typed.code.trim() !== '';
  return (
    <Door wide title={t('title')} lead={t('lead', { account: open.data.account, email: open.data.email })}>
      <form
        className="l-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void enrol.run({ token: secret, password: typed.password, code: typed.code.replace(/\s/g, '') });
        }}
      >
        {open.data.openedBefore && <Notice tone="warn">{t('opened_before', { when: format.dateTime(open.data.openedBefore) })}</Notice>}
        <Text component="h2" fw={600} size="sm">{t('step_password')}</Text>
        <input type="hidden" name="username" autoComplete="username" value={open.data.email} readOnly />
        <PasswordInput label={t('password')} description={t('password_hint')} error={short ? t('password_short') : at.password} value={typed.password} onChange={type('password')} autoComplete="new-password" autoFocus required visibilityToggleButtonProps={{ 'aria-label': t('show_password') }} />
        <PasswordInput label={t('again')} error={differs ? t('differs') : undefined} value={typed.again} onChange={type('again')} autoComplete="new-password" required visibilityToggleButtonProps={{ 'aria-label': t('show_password') }} />
        <Text component="h2" fw={600} size="sm">{t('step_factor')}</Text>
        <FactorSetup secret={open.data.secret} otpauth={open.data.otpauth} />
        <TextInput label={t('code')} description={t('code_hint')} error={at.code} value={typed.code} onChange={type('code')} autoComplete="one-time-code" inputMode="numeric" maxLength={12} required />
        <FormError error={rest} />
        <Button type="submit" disabled={!ready} loading={enrol.isBusy}>{t('finish')}</Button>
      </form>
      {codes && (
        <SecretDialog
          title={t('codes_title')}
          lines={codes.map((code) => ({ label: '', value: code }))}
          fileName="llavero-recovery-codes.txt"
          onClose={() => {
            setCodes(undefined);
            navigate('/', { replace: true });
          }}
        >
          {t('codes_detail')}
        </SecretDialog>
      )}
    </Door>
  );
}
