// Which access profiles a person holds.
import { Button, Checkbox, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router-dom';
import { api, data, type Schemas } from '@/api/client';
import { useChange, useList } from '@/api/hooks';
import { DelegationMark } from '@/parts/Delegation';
import { Panel } from '@/parts/Page';
import { FormError, LoadingState, Mark } from '@/parts/States';
import { toast } from '@/parts/toast';
import { people, type Person } from '@/session/people';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';

type Profile = Schemas['Profile'];

export function ProfilesOf({ user, editable }: { user: Person; editable: boolean }) {
  const t = useText('users');
  const { account, may } = useSession();
  const held = user.profiles.map((profile) => profile.id);
  const [chosen, setChosen] = useState(held);
  const all = useList<Profile>(['profiles', account, 'of-user'], (cursor) => data(api.GET('/v1/profiles', { params: { query: { account, limit: 200, cursor } } })), { enabled: editable && may('profiles.view') });
  const save = useChange((ids: number[]) => people.setProfiles(user.id, ids), { makesOld: [['users'], ['profiles']], onDone: () => toast(t('profiles_saved')) });
  const changed = chosen.length !== held.length || chosen.some((id) => !held.includes(id));

  if (!editable) {
    return (
      <Panel title={t('profiles')}>
        {user.profiles.length === 0 ? <Text size="sm" c="dimmed">{t('profiles_none')}</Text> : <span className="l-marks">{user.profiles.map((profile) => <Mark key={profile.id}>{profile.name}</Mark>)}</span>}
      </Panel>
    );
  }
  return (
    <Panel title={t('profiles')} lead={t('profiles_lead')}>
      {all.isLoading ? (
        <LoadingState />
      ) : all.items.length === 0 && !all.error ? (
        <Text size="sm" c="dimmed">
          {t('profiles_empty')} {may('profiles.edit') && <Link className="l-link" to="/profiles">{t('profiles_make')}</Link>}
        </Text>
      ) : (
        <form
          className="l-form"
          onSubmit={(event) => {
            event.preventDefault();
            void save.run(chosen);
          }}
        >
          <Stack gap="xs">
            {all.items.map((profile) => (
              <Checkbox
                key={profile.id}
                label={<>{profile.name} <DelegationMark profile={profile} /></>}
                checked={chosen.includes(profile.id)}
                onChange={(event) => {
                  const { checked } = event.currentTarget;
                  setChosen((before) => (checked ? [...before, profile.id] : before.filter((id) => id !== profile.id)));
                }}
              />
            ))}
          </Stack>
          {all.more && <Button size="compact-sm" variant="default" loading={all.isLoadingMore} onClick={all.more}>{t('profiles_more')}</Button>}
          <FormError error={all.error ?? save.error} />
          <Group justify="flex-end">
            <Button type="submit" variant="default" disabled={!changed} loading={save.isBusy}>{t('profiles_save')}</Button>
          </Group>
        </form>
      )}
    </Panel>
  );
}
