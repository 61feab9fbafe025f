// The session ended by itself while a page was open: the login lies over it, and nothing of it is seen. Once the same person
// is in again, the requests that waited are sent anew, and what was typed is still there. For anybody else all is forgotten, as
// it is when the person signed out.
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { onLoginNeeded } from '@/api/client';
import { useChange } from '@/api/hooks';
import { onTabs, tellTabs } from '@/api/tabs';
import { EntryDialog } from '@/parts/EntryDialog';
import { useEscapeFirst } from '@/shell/useEscapeFirst';
import { useText } from '@/text/text';
import { leaveFor, signedOut } from './leave';
import { people } from './people';

interface LoginAgainProps {
  account: string;
  user: { id: number; email: string };
  onAgain: () => void;
}

/** Opens itself when a request meets the end of the session; that one waits for the same person to enter. */
function useEndedSession(user: number, onAgain: () => void) {
  const [isEnded, setEnded] = useState(false);
  const waiting = useRef<(() => void)[]>([]);
  const enter = (who: number | undefined) => {
    if (who !== user) return leaveFor('/overview');
    setEnded(false);
    waiting.current.splice(0).forEach((goOn) => goOn());
    onAgain();
  };
  const latest = useRef(enter);
  latest.current = enter;
  useEffect(() => {
    const forget = onLoginNeeded(
      () =>
        new Promise<void>((goOn) => {
          waiting.current.push(goOn);
          setEnded(true);
        }),
    );
    return () => {
      forget();
      // Without this page they meet the end of the session as any other does.
      waiting.current.splice(0).forEach((goOn) => goOn());
    };
  }, []);
  useEffect(
    () =>
      onTabs((news) => {
        if (news.kind === 'out') signedOut();
        if (news.kind === 'in') latest.current(news.user);
      }),
    [],
  );
  return { isEnded, enter };
}

export function LoginAgain({ account, user, onAgain }: LoginAgainProps) {
  const t = useText('shell');
  const { isEnded, enter } = useEndedSession(user.id, onAgain);
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const login = useChange(() => people.login({ account, email: user.email, password, code: code.replace(/\s/g, '') }), {
    onDone: (session) => {
      setPassword('');
      enter(session.user?.id);
    },
  });
  const submit = async () => {
    await login.run(undefined);
    // A code is good once.
    setCode('');
  };
  const leave = () => {
    tellTabs({ kind: 'out' });
    signedOut();
  };
  // There is no way around it.
  useEscapeFirst(() => isEnded, () => undefined);
  return (
    <EntryDialog
      opaque
      opened={isEnded}
      title={t('ended_title')}
      why={t('ended_detail')}
      error={login.error}
      onSubmit={() => void submit()}
      onClose={() => undefined}
      buttons={
        <>
          <Button variant="subtle" color="gray" onClick={leave}>{t('ended_leave')}</Button>
          <Button type="submit" loading={login.isBusy}>{t('ended_login')}</Button>
        </>
      }
    >
      <TextInput label={t('ended_email')} value={user.email} autoComplete="username" readOnly />
      <PasswordInput label={t('ended_password')} value={password} onChange={(event) => setPassword(event.currentTarget.value)} autoComplete="current-password" required data-autofocus visibilityToggleButtonProps={{ 'aria-label': t('show_password') }} />
      <TextInput label={t('factor_code')} description={t('factor_hint')} value={code} onChange={(event) => setCode(event.currentTarget.value)} autoComplete="one-time-code" autoCapitalize="none" spellCheck={false} maxLength={40} required />
    </EntryDialog>
  );
}
