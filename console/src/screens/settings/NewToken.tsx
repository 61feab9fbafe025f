import { Button, Checkbox, Group, Modal, Select, SimpleGrid, Textarea, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import { useChange, useIdempotencyKey } from '@/api/hooks';
import { ADDRESS_FAULTS, fieldErrors, TEXT_FAULTS } from '@/parts/fields';
import { SecretDialog } from '@/parts/SecretDialog';
import { RIGHTS, useRightText } from '@/parts/rights';
import { FormError } from '@/parts/States';
import { toast } from '@/parts/toast';
import { people } from '@/session/people';
import { type Right, useSession } from '@/session/session';
import { useText } from '@/text/text';

const DAYS = ['7', '30', '60', '90'];
const DAY_MS = 86_400_000;

export function NewToken({ onClose }: { onClose: () => void }) {
  const t = useText('settings');
  const rightText = useRightText();
  const { account } = useSession();
  const key = useIdempotencyKey();
  // Kept while the same is sent again: another instant would be another token.
  const until = useRef<string>();
  const [label, setLabel] = useState('');
  const [rights, setRights] = useState<string[]>([]);
  const [addresses, setAddresses] = useState('');
  const [days, setDays] = useState('30');
  const [token, setToken] = useState('');
  // Every change of the form is another intention.
  const typing = <V,>(set: (value: V) => void) => (value: V) => {
    key.renew();
    until.current = undefined;
    set(value);
  };
  const make = useChange(
    (body: Parameters<typeof people.createToken>[0]) => people.createToken(body, key.header()),
    {
      makesOld: [['management-tokens']],
      onDone: (made) => {
        key.renew();
        if (made.token) return setToken(made.token);
        toast(t('token_made_before'));
        onClose();
      },
    },
  );
  const list = addresses.split(/[\s,]+/).filter(Boolean);
  const { at, rest } = fieldErrors(make.error, { addresses: [...ADDRESS_FAULTS, 'records.token_addresses'], label: TEXT_FAULTS, rights: ['records.token_rights'] });
  if (token) {
    return (
      <SecretDialog title={t('token_made', { label })} lines={[{ label: t('token'), value: token }]} fileName="llavero-management-token.txt" onClose={onClose}>
        {t('token_use')}
      </SecretDialog>
    );
  }
  return (
    <Modal opened onClose={onClose} title={t('token_new')} size="lg" closeButtonProps={{ 'aria-label': t('close') }}>
      <form
        className="l-form"
        onSubmit={(event) => {
          event.preventDefault();
          // A minute less than the days: the clocks of browser and server may differ.
          const expiresAt = (until.current ??= new Date(Date.now() + Number(days) * DAY_MS - 60_000).toISOString());
          void make.run({ account, label: label.trim(), rights: rights as Right[], addresses: list, expiresAt });
        }}
      >
        <TextInput label={t('token_label')} description={t('token_label_hint')} error={at.label} value={label} onChange={(event) => typing(setLabel)(event.currentTarget.value)} required data-autofocus />
        <Checkbox.Group label={t('token_rights')} error={at.rights} value={rights} onChange={typing(setRights)}>
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" mt="xs">
            {RIGHTS.map((right) => <Checkbox key={right} value={right} label={rightText(right)} />)}
          </SimpleGrid>
        </Checkbox.Group>
        <Textarea label={t('token_addresses')} description={t('token_addresses_hint')} error={at.addresses} value={addresses} onChange={(event) => typing(setAddresses)(event.currentTarget.value)} autosize minRows={2} maxRows={6} spellCheck={false} required />
        <Select label={t('token_days')} value={days} onChange={(value) => value && typing(setDays)(value)} data={DAYS.map((value) => ({ value, label: t('days', { count: Number(value) }) }))} comboboxProps={{ withinPortal: true }} />
        <FormError error={rest} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" disabled={!label.trim() || rights.length === 0 || list.length === 0} loading={make.isBusy}>{t('token_make')}</Button>
        </Group>
      </form>
    </Modal>
  );
}
