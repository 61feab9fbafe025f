// The second factor once more, for what only a fresh one may do. The request that needed it waits, and is sent again.
import { Button, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { onSecondFactorNeeded } from '@/api/client';
import { queries, useChange } from '@/api/hooks';
import { EntryDialog } from '@/parts/EntryDialog';
import { people } from '@/session/people';
import { SESSION } from '@/session/session';
import { useText } from '@/text/text';
import { useEscapeFirst } from './useEscapeFirst';

export function SecondFactor() {
  const t = useText('shell');
  const [open, setOpen] = useState(false);
  const [code, setCode] = useState('');
  const waiting = useRef<((accepted: boolean) => void)[]>([]);

  useEffect(
    () =>
      onSecondFactorNeeded(
        () =>
          new Promise<boolean>((resolve) => {
            waiting.current.push(resolve);
            setOpen(true);
          }),
      ),
    [],
  );

  const end = (accepted: boolean) => {
    setOpen(false);
    setCode('');
    confirm.reset();
    waiting.current.splice(0).forEach((resolve) => resolve(accepted));
  };
  const confirm = useChange(() => people.confirm(code.replace(/\s/g, '')), {
    onDone: () => {
      void queries.invalidateQueries({ queryKey: SESSION });
      end(true);
    },
  });

  useEscapeFirst(() => waiting.current.length > 0, () => end(false));

  return (
    <EntryDialog
      opened={open}
      title={t('factor_title')}
      why={t('factor_why')}
      error={confirm.error}
      onSubmit={() => void confirm.run(undefined)}
      onClose={() => end(false)}
      buttons={
        <>
          <Button variant="default" onClick={() => end(false)}>{t('cancel')}</Button>
          <Button type="submit" loading={confirm.isBusy} disabled={!code.trim()}>{t('factor_confirm')}</Button>
        </>
      }
    >
      <TextInput label={t('factor_code')} description={t('factor_hint')} value={code} onChange={(event) => setCode(event.currentTarget.value)} autoComplete="one-time-code" inputMode="text" spellCheck={false} maxLength={40} required data-autofocus />
    </EntryDialog>
  );
}
