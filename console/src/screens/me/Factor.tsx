// A new second factor, and new recovery codes.
import { Button, Group, Modal, PasswordInput, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useChange } from '@/api/hooks';
import { FactorSetup } from '@/parts/FactorSetup';
import { fieldErrors } from '@/parts/fields';
import { Panel } from '@/parts/Page';
import { SecretDialog } from '@/parts/SecretDialog';
import { FormError } from '@/parts/States';
import { toast } from '@/parts/toast';
import { people } from '@/session/people';
import { useText } from '@/text/text';

function NewFactor({ setup, onClose }: { setup: { secret: string; otpauth: string }; onClose: () => void }) {
  const t = useText('me');
  const [code, setCode] = useState('');
  const confirm = useChange(people.factorConfirm, {
    makesOld: [['sessions']],
    onDone: () => {
      toast(t('factor_changed'));
      onClose();
    },
  });
  const { at, rest } = fieldErrors(confirm.error, { code: ['login.code_wrong', 'login.factor_not_begun'] });
  return (
    <Modal opened onClose={onClose} title={t('factor_new')} size="lg" closeButtonProps={{ 'aria-label': t('close') }}>
      <form
        className="l-form"
        onSubmit={(event) => {
          event.preventDefault();
          void confirm.run(code.replace(/\s/g, ''));
        }}
      >
        <FactorSetup {...setup} />
        <TextInput label={t('factor_code')} error={at.code} value={code} onChange={(event) => setCode(event.currentTarget.value)} autoComplete="one-time-code" inputMode="numeric" maxLength={12} required data-autofocus />
        <FormError error={rest} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" loading={confirm.isBusy} disabled={!code.trim()}>{t('factor_save')}</Button>
        </Group>
      </form>
    </Modal>
  );
}

interface ProofProps<T> {
  title: string;
  children: string;
  action: string;
  change: (current: string) => Promise<T>;
  onDone: (answer: T) => void;
  onClose: () => void;
}

/** What changes how I log in asks for my password: a session alone does not do. */
function Proof<T>({ title, children, action, change, onDone, onClose }: ProofProps<T>) {
  const t = useText('me');
  const [current, setCurrent] = useState('');
  const { run, error, isBusy } = useChange(change, { onDone });
  const { at, rest } = fieldErrors(error, { current: ['login.login_failed'] });
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('close') }}>
      <form
        className="l-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (current !== '') void run(current);
        }}
      >
        <Text size="sm">{children}</Text>
        <PasswordInput label={t('password_current')} error={at.current} value={current} onChange={(event) => setCurrent(event.currentTarget.value)} autoComplete="current-password" visibilityToggleButtonProps={{ 'aria-label': t('password_show') }} data-autofocus />
        <FormError error={rest} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" loading={isBusy} disabled={current === ''}>{action}</Button>
        </Group>
      </form>
    </Modal>
  );
}

export function Factor() {
  const t = useText('me');
  const [setup, setSetup] = useState<{ secret: string; otpauth: string }>();
  const [codes, setCodes] = useState<string[]>();
  const [asks, setAsks] = useState<'factor' | 'codes'>();
  const close = () => setAsks(undefined);
  return (
    <Panel title={t('factor')} lead={t('factor_lead')}>
      <Group gap="xs">
        <Button variant="default" onClick={() => setAsks('factor')}>{t('factor_new')}</Button>
        <Button variant="default" onClick={() => setAsks('codes')}>{t('codes_new')}</Button>
      </Group>
      {asks === 'factor' && (
        <Proof title={t('factor_new')} action={t('factor_begin')} change={people.factor} onDone={(answer) => { close(); setSetup(answer); }} onClose={close}>
          {t('factor_ask')}
        </Proof>
      )}
      {setup && <NewFactor setup={setup} onClose={() => setSetup(undefined)} />}
      {asks === 'codes' && (
        <Proof title={t('codes_new')} action={t('codes_make')} change={people.recoveryCodes} onDone={(answer) => { close(); setCodes(answer.recoveryCodes); }} onClose={close}>
          {t('codes_confirm')}
        </Proof>
      )}
      {codes && (
        <SecretDialog title={t('codes')} lines={codes.map((code) => ({ label: '', value: code }))} fileName="llavero-recovery-codes.txt" onClose={() => setCodes(undefined)}>
          {t('codes_detail')}
        </SecretDialog>
      )}
    </Panel>
  );
}
