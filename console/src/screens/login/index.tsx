import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router-dom';
import { useChange } from '@/api/hooks';
import { Door } from '@/parts/Door';
import { fieldErrors } from '@/parts/fields';
import { FormError, Notice } from '@/parts/States';
import { people } from '@/session/people';
import { safeReturn } from '@/session/session';
import { useText } from '@/text/text';

export default function Login() {
  const t = useText('login');
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const [typed, setTyped] = useState({ account: '', email: '', password: '', code: '' });
  const [asksAccount, setAsksAccount] = useState(false);
  const login = useChange(people.login, { onDone: () => navigate(safeReturn(search.get('back')), { replace: true }) });
  const type = (field: keyof typeof typed) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    setTyped((before) => ({ ...before, [field]: value }));
  };
  const needsAccount = asksAccount || login.code === 'login.account_needed';
  const { at, rest } = fieldErrors(login.error, { account: ['login.account_needed'] });

  const submit = async () => {
    if (login.code === 'login.account_needed') setAsksAccount(true);
    const { account, ...others } = typed;
    await login.run({ ...others, email: others.email.trim(), code: others.code.replace(/\s/g, ''), ...(account.trim() && { account: account.trim() }) });
    // A code is good once; the rest stays.
    setTyped((before) => ({ ...before, code: '' }));
  };

  return (
    <Door title={t('title')}>
      <form
        className="l-form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {search.get('reason') === 'out' && <Notice tone="good">{t('out')}</Notice>}
        {needsAccount && <TextInput label={t('account')} description={t('account_hint')} error={typed.account ? undefined : at.account} value={typed.account} onChange={type('account')} autoCapitalize="none" spellCheck={false} required />}
        <TextInput label={t('email')} type="email" value={typed.email} onChange={type('email')} autoComplete="username" autoFocus required />
        <PasswordInput label={t('password')} value={typed.password} onChange={type('password')} autoComplete="current-password" required visibilityToggleButtonProps={{ 'aria-label': t('show_password') }} />
        <TextInput label={t('code')} description={t('code_hint')} value={typed.code} onChange={type('code')} autoComplete="one-time-code" autoCapitalize="none" spellCheck={false} maxLength={40} required />
        <FormError error={rest} />
        <Button type="submit" fullWidth loading={login.isBusy}>{t('sign_in')}</Button>
      </form>
    </Door>
  );
}
