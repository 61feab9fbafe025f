// Which access profiles a person holds.
import { Button, Checkbox, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router-dom';
import { api, data, type Schemas } from '@/api/client';
import { useChange, useList } from '@/api/hooks';
import { DelegationMark } from '@/parts/Delegation';
import { Panel } from '@/parts/Page';
import { useRightText } from '@/parts/rights';
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
  // Untouched, the boxes follow what is read; touched, they stay.
  const [typed, setTyped] = useState<number[]>();
  const chosen = typed ?? held;
  const all = useList<Profile>(['profiles', account, 'of-user'], (cursor) => data(api.GET('/v1/profiles', { params: { query: { account, limit: 200, cursor } } })), { enabled: editable && may('profiles.view') });
  const save = useChange((ids: number[]) => people.setProfiles(user.id, ids), {
    makesOld: [['users'], ['profiles']],
    onDone: () => {
      setTyped(undefined);
      toast(t('profiles_saved'));
    },
  });
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
                  setTyped(checked ? [...chosen, profile.id] : chosen.filter((id) => id !== profile.id));
                }}
              />
            ))}
          </Stack>
          {all.more && <Button size="compact-sm" variant="default" loading={all.isLoadingMore} onClick={all.more}>{t('profiles_more')}</Button>}
          <Result profiles={all.items.filter((profile) => chosen.includes(profile.id))} />
          <FormError error={all.error ?? save.error} />
          <Group justify="flex-end">
            <Button type="submit" variant="default" disabled={!changed} loading={save.isBusy}>{t('profiles_save')}</Button>
          </Group>
        </form>
      )}
    </Panel>
  );
}

/** What the chosen profiles come to: rights inside Llavero. */
function Result({ profiles }: { profiles: Profile[] }) {
  const t = useText('users');
  const rightText = useRightText();
  const rights = [...new Set(profiles.flatMap((profile) => profile.resources.filter((one) => one.product === 'llavero').map((one) => one.key)))].sort();
  return (
    <div aria-live="polite">
      <Text size="sm" c="dimmed" mb={4}>{rights.length > 0 ? t('result') : t('result_none')}</Text>
      <span className="l-marks">{rights.map((right) => <Mark key={right} tone="info">{rightText(right)}</Mark>)}</span>
    </div>
  );
}
