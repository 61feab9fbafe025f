// Link a key to an access profile of this account.
import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { useChange } from '@/api/hooks';
import { useProfiles } from '@/parts/delegates';
import { FormError, Notice } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useSession } from '@/session/session';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';
import { keyReads } from './data';

const SHOWN = 8;

interface LinkDialogProps {
  /** Absent: the key of another account, to be typed. */
  appKey?: string | undefined;
  /** Profiles that it has already. */
  linked: number[];
  onClose: () => void;
}

export function LinkDialog({ appKey, linked, onClose }: LinkDialogProps) {
  const t = useText('keys');
  const format = useFormat();
  const { account } = useSession();
  const [typedKey, setTypedKey] = useState('');
  const [typed, setTyped] = useState('');
  const [q] = useDebouncedValue(typed, 250);
  const [chosen, setChosen] = useState<{ id: number; name: string; resources: string[] } | undefined>();
  const profiles = useProfiles(chosen && q === chosen.name ? '' : q);
  const wanted = appKey ?? typedKey.trim();
  const link = useChange(
    () => data(api.POST('/v1/keys/{appKey}/links', { params: { path: { appKey: wanted } }, body: { profile: chosen!.id, account } })),
    {
      makesOld: keyReads(wanted),
      onDone: () => {
        toast(t('linked'));
        onClose();
      },
    },
  );
  const options = profiles.items.filter((profile) => !linked.includes(profile.id)).map((profile) => ({ value: String(profile.id), label: profile.name }));
  if (chosen && !options.some((option) => option.value === String(chosen.id))) options.push({ value: String(chosen.id), label: chosen.name });
  const choose = (value: string | null) => {
    const found = profiles.items.find((profile) => String(profile.id) === value);
    if (found) setChosen({ id: found.id, name: found.name, resources: found.resources.map((each) => each.key) });
  };
  return (
    <Modal opened onClose={onClose} title={appKey === undefined ? t('external_add') : t('link_title')} closeButtonProps={{ 'aria-label': t('close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (chosen && wanted) void link.run(undefined);
        }}
      >
        <Stack gap="md">
          {appKey === undefined && (
            <TextInput label="appKey" description={t('external_key_hint')} value={typedKey} onChange={(event) => setTypedKey(event.currentTarget.value)} error={link.code === 'api.key_unknown' ? t('error_no_such_key') : undefined} autoComplete="off" spellCheck={false} required data-autofocus />
          )}
          <Select
            label={t('profile')}
            description={t('link_hint')}
            data={options}
            value={chosen ? String(chosen.id) : null}
            onChange={choose}
            searchable
            searchValue={typed}
            onSearchChange={setTyped}
            nothingFoundMessage={t('nothing')}
            required
            data-autofocus={appKey !== undefined || undefined}
          />
          {chosen && (chosen.resources.length === 0
            ? <Notice tone="warn">{t('link_empty')}</Notice>
            : <Text size="sm">{t('link_opens', { count: chosen.resources.length, names: format.list(chosen.resources.slice(0, SHOWN)) })}{chosen.resources.length > SHOWN && ` ${t('and_more', { count: chosen.resources.length - SHOWN })}`}</Text>)}
          {link.code !== 'api.key_unknown' && <FormError error={link.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
            <Button type="submit" loading={link.isBusy} disabled={!chosen || !wanted}>{t('link')}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
