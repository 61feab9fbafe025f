// The session ended while a page was open: the login lies over it, and nothing of it is seen. Once the same person is in
// again, the requests that waited are sent anew, and what was typed is still there. For anybody else all is forgotten.
import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { onLoginNeeded } from '@/api/client';
import { useChange } from '@/api/hooks';
import { onTabs, tellTabs } from '@/api/tabs';
import { FormError } from '@/parts/States';
import { useEscapeFirst } from '@/shell/useEscapeFirst';
import { useText } from '@/text/text';
import { people } from './people';

interface LoginAgainProps {
  account: string;
  user: { id: number; email: string };
  onAgain: () => void;
}

/** With a fresh page: nothing of the former person's stays in memory. */
const startAnew = (path: string) => window.location.assign(path);

/** Opens itself when a request meets the end of the session; that one waits for the same person to enter. */
function useEndedSession(user: number, onAgain: () => void) {
  const [isEnded, setEnded] = useState(false);
  const waiting = useRef<(() => void)[]>([]);
  const enter = (who: number | undefined) => {
    if (who !== user) return startAnew('/overview');
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
        if (news.kind === 'out') setEnded(true);
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
    startAnew('/login?reason=out');
  };
  // There is no way around it.
  useEscapeFirst(() => isEnded, () => undefined);
  return (
    <Modal.Root opened={isEnded} onClose={() => undefined} size="sm" zIndex={400} returnFocus>
      <Modal.Overlay backgroundOpacity={1} color="var(--l-ground)" />
      <Modal.Content>
        <Modal.Body pt="md">
          <Modal.Title mb="md">{t('ended_title')}</Modal.Title>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              void submit();
            }}
          >
            <Stack gap="md">
              <Text size="sm">{t('ended_detail')}</Text>
              <TextInput label={t('ended_email')} value={user.email} autoComplete="username" readOnly />
              <PasswordInput label={t('ended_password')} value={password} onChange={(event) => setPassword(event.currentTarget.value)} autoComplete="current-password" required data-autofocus visibilityToggleButtonProps={{ 'aria-label': t('show_password') }} />
              <TextInput label={t('factor_code')} description={t('factor_hint')} value={code} onChange={(event) => setCode(event.currentTarget.value)} autoComplete="one-time-code" autoCapitalize="none" spellCheck={false} maxLength={40} required />
              <FormError error={login.error} />
              <Group justify="space-between" gap="xs">
                <Button variant="subtle" color="gray" onClick={leave}>{t('ended_leave')}</Button>
                <Button type="submit" loading={login.isBusy}>{t('ended_login')}</Button>
              </Group>
            </Stack>
          </form>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
