// The fields of a key, in the forms that create and edit it.
import { ActionIcon, Button, Group, NativeSelect, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import { Icon } from '@/parts/icons';
import { useText } from '@/text/text';
import { type Draft, type Faults, localTime, QUOTA_PERIODS, RATE_PERIODS } from './draft';

interface FieldsProps {
  draft: Draft;
  faults: Faults;
  onChange: (next: Draft) => void;
}

const MONTHS = [1, 3, 6, 12];

function inMonths(months: number): string {
  const when = new Date();
  when.setMonth(when.getMonth() + months);
  return localTime(when);
}

function Expiry({ draft, faults, onChange }: FieldsProps) {
  const t = useText('keys');
  return (
    <Stack gap={6}>
      <TextInput
        type="datetime-local"
        label={t('expires')}
        description={t('expires_hint')}
        value={draft.expires}
        error={faults.expires}
        onChange={(event) => onChange({ ...draft, expires: event.currentTarget.value })}
      />
      <Group gap={4} role="group" aria-label={t('expires_quick')}>
        {MONTHS.map((months) => (
          <Button key={months} variant="default" size="compact-xs" onClick={() => onChange({ ...draft, expires: inMonths(months) })}>{t('months', { count: months })}</Button>
        ))}
        <Button variant="default" size="compact-xs" disabled={!draft.expires} onClick={() => onChange({ ...draft, expires: '' })}>{t('expires_never')}</Button>
      </Group>
    </Stack>
  );
}

function Fault({ id, text }: { id: string; text: string | undefined }) {
  if (!text) return null;
  return <Text id={id} size="xs" c="var(--mantine-color-error)" role="alert">{text}</Text>;
}

function Limits({ draft, faults, onChange }: FieldsProps) {
  const t = useText('keys');
  const id = useId();
  const free = RATE_PERIODS.find((per) => !draft.rate.some((rate) => rate.per === per));
  const edit = (index: number, change: Partial<Draft['rate'][number]>) => onChange({ ...draft, rate: draft.rate.map((rate, at) => (at === index ? { ...rate, ...change } : rate)) });
  return (
    <fieldset className="l-fieldset">
      <legend>{t('limits')}</legend>
      <Text size="xs" c="dimmed">{t('limits_hint')}</Text>
      <Stack gap="xs" mt="xs">
        {draft.rate.map((rate, index) => (
          <Group key={index} gap="xs" wrap="nowrap" align="center">
            <TextInput flex={1} inputMode="numeric" aria-label={t('rate_count', { number: index + 1 })} placeholder={t('count')} value={rate.count} error={Boolean(faults.rate)} aria-describedby={faults.rate ? `${id}-rate` : undefined} onChange={(event) => edit(index, { count: event.currentTarget.value })} />
            <NativeSelect aria-label={t('rate_per', { number: index + 1 })} data={RATE_PERIODS.map((per) => ({ value: per, label: t(`per_${per}`) }))} value={rate.per} onChange={(event) => edit(index, { per: event.currentTarget.value as Draft['rate'][number]['per'] })} />
            <ActionIcon variant="subtle" color="gray" aria-label={t('rate_remove', { number: index + 1 })} onClick={() => onChange({ ...draft, rate: draft.rate.filter((_, at) => at !== index) })}><Icon name="close" size={14} /></ActionIcon>
          </Group>
        ))}
        <Fault id={`${id}-rate`} text={faults.rate} />
        {free && (
          <div>
            <Button variant="default" size="compact-sm" leftSection={<Icon name="plus" size={13} />} onClick={() => onChange({ ...draft, rate: [...draft.rate, { count: '', per: free }] })}>{t('rate_add')}</Button>
          </div>
        )}
        <Group gap="xs" wrap="nowrap" align="flex-end">
          <TextInput flex={1} inputMode="numeric" label={t('quota')} placeholder={t('quota_none')} value={draft.quotaCount} error={Boolean(faults.quota)} aria-describedby={faults.quota ? `${id}-quota` : undefined} onChange={(event) => onChange({ ...draft, quotaCount: event.currentTarget.value })} />
          <NativeSelect aria-label={t('quota_per')} data={QUOTA_PERIODS.map((per) => ({ value: per, label: t(`per_${per}`) }))} value={draft.quotaPer} onChange={(event) => onChange({ ...draft, quotaPer: event.currentTarget.value as Draft['quotaPer'] })} />
        </Group>
        <Fault id={`${id}-quota`} text={faults.quota} />
      </Stack>
    </fieldset>
  );
}

/** All but the profiles, which have changes of their own; `after` stands below the label. */
export function Fields({ after, ...props }: FieldsProps & { after?: ReactNode }) {
  const t = useText('keys');
  const { draft, faults, onChange } = props;
  const text = (name: 'label' | 'addresses' | 'externalId' | 'metadata') => ({
    value: draft[name],
    error: faults[name],
    onChange: (event: { currentTarget: { value: string } }) => onChange({ ...draft, [name]: event.currentTarget.value }),
  });
  return (
    <Stack gap="lg">
      <TextInput label={t('label')} description={t('label_hint')} required withAsterisk={false} autoComplete="off" {...text('label')} />
      {after}
      <Expiry {...props} />
      <Textarea label={t('addresses')} description={t('addresses_hint')} autosize minRows={2} maxRows={8} spellCheck={false} classNames={{ input: 'l-code' }} {...text('addresses')} />
      <TextInput label={t('external_id')} description={t('external_id_hint')} autoComplete="off" spellCheck={false} {...text('externalId')} />
      <Limits {...props} />
      <Textarea label={t('metadata')} description={t('metadata_hint')} autosize minRows={2} maxRows={12} spellCheck={false} classNames={{ input: 'l-code' }} {...text('metadata')} />
    </Stack>
  );
}
