// Values of one field are alternatives; all fields must hold.
import { Button, Group, MultiSelect, TextInput } from '@mantine/core';
import { useMemo } from 'react';
import { api, data } from '@/api/client';
import { useRead } from '@/api/hooks';
import { Icon } from '@/parts/icons';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { type Filters, KINDS } from './events';
import { ACTIONS, useActionText } from './words';

interface FilterBarProps {
  filters: Filters;
  /** Actors of the events that are shown: those that are not users have no list of their own. */
  seen: string[];
  onChange: (filters: Filters) => void;
}

export function FilterBar({ filters, seen, onChange }: FilterBarProps) {
  const t = useText('events');
  const session = useSession();
  const actionText = useActionText();
  const users = useRead(['users', 'actors', session.account], () => data(api.GET('/v1/users', { params: { query: { account: session.account, limit: 200 } } })), { enabled: session.may('users.view') });
  const actors = useMemo(() => {
    const names = new Map((users.data?.items ?? []).map((user) => [`user:${user.id}`, user.name || user.email || `user:${user.id}`]));
    return [...new Set([...names.keys(), ...seen, ...filters.actors])].map((value) => ({ value, label: names.get(value) ?? value }));
  }, [users.data, seen, filters.actors]);
  const actions = useMemo(() => [...new Set([...ACTIONS, ...filters.actions])].map((value) => ({ value, label: actionText(value) })), [actionText, filters.actions]);
  const kinds = useMemo(() => KINDS.map((value) => ({ value, label: t(`kind_${value}`) })), [t]);
  const set = (change: Partial<Filters>) => onChange({ ...filters, ...change });
  const isFiltered = Object.values(filters).some((value) => value.length > 0);
  const shared = { searchable: true, clearable: true, hidePickedOptions: true, size: 'sm', nothingFoundMessage: t('nothing_found'), clearButtonProps: { 'aria-label': t('clear') } } as const;

  return (
    <div className="l-filters">
      <MultiSelect {...shared} label={t('what')} placeholder={filters.kinds.length ? undefined : t('any')} data={kinds} value={filters.kinds} onChange={(value) => set({ kinds: value, id: value.length === 1 ? filters.id : '' })} />
      <MultiSelect {...shared} label={t('action')} placeholder={filters.actions.length ? undefined : t('any')} data={actions} value={filters.actions} onChange={(value) => set({ actions: value })} />
      <MultiSelect {...shared} label={t('actor')} placeholder={filters.actors.length ? undefined : t('any')} data={actors} value={filters.actors} onChange={(value) => set({ actors: value })} />
      {filters.kinds.length === 1 && <TextInput label={filters.kinds[0] === 'key' ? t('id_key') : t('id')} value={filters.id} onChange={(event) => set({ id: event.currentTarget.value })} spellCheck={false} />}
      <TextInput type="date" label={t('since')} value={filters.since} max={filters.until || undefined} onChange={(event) => set({ since: event.currentTarget.value })} />
      <TextInput type="date" label={t('until')} value={filters.until} min={filters.since || undefined} onChange={(event) => set({ until: event.currentTarget.value })} error={filters.since && filters.until && filters.until < filters.since ? t('until_before') : undefined} />
      {isFiltered && (
        <Group align="flex-end">
          <Button variant="subtle" color="gray" leftSection={<Icon name="close" size={14} />} onClick={() => onChange({ kinds: [], actions: [], actors: [], since: '', until: '', id: '' })}>{t('clear')}</Button>
        </Group>
      )}
    </div>
  );
}
