// A new service, or the hosts and switches of an existing one.
import { Button, Checkbox, Group, Modal, Radio, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api, data, ifMatch } from '@/api/client';
import { useChange, useIdempotencyKey } from '@/api/hooks';
import { useLatest } from '@/api/latest';
import { fieldErrors, TEXT_FAULTS } from '@/parts/fields';
import { FormError, Notice } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useText } from '@/text/text';
import { readService, type Service } from './catalog';

const NEW = { name: '', hosts: [], basePath: '', unmapped: 'refuse', preflight: 'refuse', semicolon: 'refuse', caseInsensitive: false } as const;
const FAULTS = {
  name: [...TEXT_FAULTS, 'records.service_name', 'error.name_taken'],
  hosts: ['records.host', 'records.too_many_hosts', 'route.service_host', 'route.service_hosts', 'route.service_clash'],
  basePath: ['records.base_path'],
} as const;

const linesOf = (text: string) => text.split(/[\s,]+/).filter(Boolean);

export function ServiceDialog({ service, onClose }: { service?: Service; onClose: () => void }) {
  const t = useText('catalog');
  const shell = useText('shell');
  const from = service ?? NEW;
  const [name, setName] = useState<string>(from.name);
  const [hosts, setHosts] = useState(from.hosts.join('\n'));
  const [basePath, setBasePath] = useState<string>(from.basePath);
  const [unmapped, setUnmapped] = useState<Service['unmapped']>(from.unmapped);
  const [preflight, setPreflight] = useState<Service['preflight']>(from.preflight);
  const [semicolon, setSemicolon] = useState<Service['semicolon']>(from.semicolon);
  const [caseInsensitive, setCaseInsensitive] = useState<boolean>(from.caseInsensitive);
  const [asked, setAsked] = useState(false);
  const idempotency = useIdempotencyKey();
  const latest = useLatest(service, () => readService(name));
  const body = { hosts: linesOf(hosts), basePath: basePath.trim(), unmapped, preflight, semicolon, caseInsensitive };
  const saving = useChange(
    () =>
      latest.guard((base) =>
        base
          ? data(api.PATCH('/v1/services/{service}', { params: { path: { service: base.name }, header: ifMatch(base) }, body }))
          : data(api.POST('/v1/services', { params: { header: idempotency.header() }, body: { name: name.trim(), ...body } })),
      ),
    {
      makesOld: [['services'], ['routes']],
      onDone: () => {
        toast(t(service ? 'service_saved' : 'service_added'));
        onClose();
      },
    },
  );
  const typing = <T,>(set: (value: T) => void) => (value: T) => {
    set(value);
    saving.reset();
    if (!service) idempotency.renew();
  };
  const { at, rest } = fieldErrors(saving.error, FAULTS);
  const lacksName = !service && !name.trim();
  return (
    <Modal opened onClose={onClose} closeOnClickOutside={false} title={service ? t('edit_service', { service: service.name }) : t('add_service')} size="lg" closeButtonProps={{ 'aria-label': shell('close') }}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(true);
          if (!lacksName) void saving.run(undefined);
        }}
      >
        <Stack gap="md">
          {latest.theirs && <Theirs service={latest.theirs} />}
          {!service && <TextInput label={t('service_name')} value={name} onChange={(event) => typing(setName)(event.currentTarget.value)} error={asked && lacksName ? t('needed') : at.name} spellCheck={false} required data-autofocus />}
          <Textarea label={t('hosts')} description={t('hosts_why')} placeholder={'api.example.com\n*.api.example.com'} value={hosts} onChange={(event) => typing(setHosts)(event.currentTarget.value)} error={at.hosts} autosize minRows={2} maxRows={8} spellCheck={false} data-autofocus={service ? true : undefined} />
          <TextInput label={t('base_path')} description={t('base_path_why')} placeholder="/api" value={basePath} onChange={(event) => typing(setBasePath)(event.currentTarget.value)} error={at.basePath} spellCheck={false} maw={360} />
          <Radio.Group label={t('unmapped')} description={t('unmapped_why')} value={unmapped} onChange={(next) => typing(setUnmapped)(next as Service['unmapped'])}>
            <Stack gap={6} mt={6}>
              <Radio value="refuse" label={t('unmapped_refuse')} />
              <Radio value="authenticated" label={t('unmapped_authenticated')} />
            </Stack>
          </Radio.Group>
          <Stack gap="xs">
            <Text size="sm" fw={500}>{t('reading')}</Text>
            <Checkbox label={t('preflight_let')} description={t('preflight_why')} checked={preflight === 'pass'} onChange={(event) => typing(setPreflight)(event.currentTarget.checked ? 'pass' : 'refuse')} />
            <Checkbox label={t('semicolon_strip')} description={t('semicolon_why')} checked={semicolon === 'strip'} onChange={(event) => typing(setSemicolon)(event.currentTarget.checked ? 'strip' : 'refuse')} />
            <Checkbox label={t('case_insensitive')} description={t('case_insensitive_why')} checked={caseInsensitive} onChange={(event) => typing(setCaseInsensitive)(event.currentTarget.checked)} />
          </Stack>
          <FormError error={rest} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>{shell('cancel')}</Button>
            <Button type="submit" loading={saving.isBusy}>{service ? t('save') : t('add_service')}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** What somebody else saved meanwhile. */
function Theirs({ service }: { service: Service }) {
  const t = useText('catalog');
  const switches = [t(`unmapped_${service.unmapped}`), ...(service.preflight === 'pass' ? [t('preflight_let')] : []), ...(service.semicolon === 'strip' ? [t('semicolon_strip')] : []), ...(service.caseInsensitive ? [t('case_insensitive')] : [])];
  return (
    <Notice tone="warn">
      {t('service_now', { hosts: service.hosts.join(', ') || t('any_host'), base: service.basePath || '/' })} {switches.join(' · ')}
    </Notice>
  );
}
