import { MultiSelect, Radio, Stack } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { useRead } from '@/api/hooks';
import { Mark } from '@/parts/States';
import { useText } from '@/text/text';
import { type Chosen, type Need, nameOf, OWN_PRODUCT } from './catalog';

/** What a route asks for: any one of its resources, any linked key, or nothing. */
export function NeedText({ need }: { need: Need | undefined }) {
  const t = useText('catalog');
  if (need?.public) return <Mark tone="warn">{t('need_public')}</Mark>;
  if (need?.authenticated) return <Mark tone="info">{t('need_authenticated')}</Mark>;
  const names = (need?.resources ?? []).map(nameOf);
  if (names.length === 0) return <Mark tone="bad">{t('need_nobody')}</Mark>;
  return (
    <span className="l-needs">
      {names.map((name, index) => (
        <span key={name}>
          {index > 0 && <span className="l-or">{t('or')} </span>}
          <code>{name}</code>
        </span>
      ))}
    </span>
  );
}

export function ResourcePicker({ value, error, onChange }: { value: string[]; error?: string; onChange: (names: string[]) => void }) {
  const t = useText('catalog');
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed, 250);
  const found = useRead(['resources', 'pick', search], () => data(api.GET('/v1/resources', { params: { query: { q: search || undefined, limit: 50 } } })));
  const names = new Map((found.data?.items ?? []).filter((resource) => resource.product !== OWN_PRODUCT).map((resource) => [nameOf(resource), resource.name]));
  return (
    <MultiSelect
      label={t('resources_any')}
      data={[...new Set([...value, ...names.keys()])]}
      value={value}
      onChange={onChange}
      searchable
      searchValue={typed}
      onSearchChange={setTyped}
      filter={({ options }) => options}
      hidePickedOptions
      nothingFoundMessage={t('no_resource')}
      renderOption={({ option }) => (
        <span>
          <code>{option.value}</code> {names.get(option.value)}
        </span>
      )}
      error={error}
    />
  );
}

export function NeedField({ value, error, onChange }: { value: Chosen; error?: string; onChange: (chosen: Chosen) => void }) {
  const t = useText('catalog');
  return (
    <Stack gap="sm">
      <Radio.Group label={t('needs')} value={value.kind} onChange={(kind) => onChange({ ...value, kind: kind as Chosen['kind'] })}>
        <Stack gap={6} mt={6}>
          <Radio value="resources" label={t('choose_resources')} />
          <Radio value="authenticated" label={t('choose_authenticated')} description={t('choose_authenticated_why')} />
          <Radio value="public" label={t('choose_public')} description={t('choose_public_why')} />
        </Stack>
      </Radio.Group>
      {value.kind === 'resources' && <ResourcePicker value={value.resources} error={error} onChange={(resources) => onChange({ ...value, resources })} />}
    </Stack>
  );
}
