// A new second factor, and new recovery codes.
import { Button, Group, Modal, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useChange } from '@/api/hooks';
import { Confirm } from '@/parts/Confirm';
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

export function Factor() {
  const t = useText('me');
  const [setup, setSetup] = useState<{ secret: string; otpauth: string }>();
  const [codes, setCodes] = useState<string[]>();
  const [asks, setAsks] = useState(false);
  const begin = useChange(people.factor, { onDone: setSetup });
  const renew = useChange(people.recoveryCodes, {
    onDone: (answer) => {
      setAsks(false);
      setCodes(answer.recoveryCodes);
    },
  });
  return (
    <Panel title={t('factor')} lead={t('factor_lead')}>
      <Group gap="xs">
        <Button variant="default" loading={begin.isBusy} onClick={() => void begin.run(undefined)}>{t('factor_new')}</Button>
        <Button variant="default" onClick={() => setAsks(true)}>{t('codes_new')}</Button>
      </Group>
      <FormError error={begin.error} />
      {setup && <NewFactor setup={setup} onClose={() => setSetup(undefined)} />}
      {asks && (
        <Confirm title={t('codes_new')} action={t('codes_make')} isBusy={renew.isBusy} error={renew.error} onConfirm={() => void renew.run(undefined)} onClose={() => setAsks(false)}>
          {t('codes_confirm')}
        </Confirm>
      )}
      {codes && (
        <SecretDialog title={t('codes')} lines={codes.map((code) => ({ label: '', value: code }))} fileName="llavero-recovery-codes.txt" onClose={() => setCodes(undefined)}>
          {t('codes_detail')}
        </SecretDialog>
      )}
    </Panel>
  );
}
