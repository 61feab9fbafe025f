// A new key. Its token is said once, in the dialog that follows.
import { Button, Group, MultiSelect } from '@mantine/core';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router-dom';
import { api, data } from '@/api/client';
import { useChange, useIdempotencyKey } from '@/api/hooks';
import { useProfiles } from '@/parts/delegates';
import { Page, Panel } from '@/parts/Page';
import { FormError, Notice, useErrorText } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { Delivery, type Given, GivenDialog, givenOf, isSecret, type Way } from './Delivery';
import { changesOf, EMPTY, type Faults, faultsOf, fieldOf } from './draft';
import { Fields } from './Fields';
import { keyPath } from './model';

export function KeyCreate() {
  const t = useText('keys');
  const errorText = useErrorText();
  const navigate = useNavigate();
  const { account, may } = useSession();
  const [draft, setDraft] = useState(EMPTY);
  const [profiles, setProfiles] = useState<string[]>([]);
  const [faults, setFaults] = useState<Faults>({});
  const [way, setWay] = useState<Way>('show');
  const [made, setMade] = useState<Given | undefined>();
  const choice = useProfiles();
  const once = useIdempotencyKey();
  const leave = (appKey: string) => navigate(keyPath(appKey), { replace: true });
  const create = useChange(
    async () => {
      const body = { ...changesOf(draft, EMPTY), account, label: draft.label.trim(), profiles: profiles.map(Number), ...(way === 'link' ? { handover: true } : {}) };
      const given = givenOf(await data(api.POST('/v1/keys', { params: { header: once.header(body) }, body })));
      if (isSecret(given)) setMade(given);
      return { appKey: given.appKey, isShown: isSecret(given) };
    },
    {
      makesOld: [['keys'], ['profiles'], ['overview']],
      onDone: ({ appKey, isShown }) => {
        once.renew();
        if (isShown) return;
        // The first answer was lost: the key is there, its token was never seen.
        toast(t('created_unseen'));
        leave(appKey);
      },
    },
  );
  const field = fieldOf(create.code);
  const shown: Faults = field && create.error ? { [field]: errorText(create.error), ...faults } : faults;
  const submit = () => {
    const found = faultsOf(draft, EMPTY, t);
    setFaults(found);
    if (Object.keys(found).length === 0) void create.run(undefined);
    else document.getElementById('key-form')?.querySelector<HTMLElement>('[required]')?.focus();
  };
  return (
    <Page title={t('create_title')} lead={t('create_lead')} back={{ to: '/keys', label: t('title') }} narrow>
      <form
        id="key-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Panel>
          <Fields
            draft={draft}
            faults={shown}
            onChange={(next) => {
              setDraft(next);
              setFaults({});
              create.reset();
            }}
            after={
              may('profiles.view') && (
                <>
                  <MultiSelect
                    label={t('col_profiles')}
                    description={t('profiles_hint')}
                    data={choice.items.map((profile) => ({ value: String(profile.id), label: profile.name }))}
                    value={profiles}
                    onChange={setProfiles}
                    error={shown.profiles}
                    searchable
                    clearable
                    clearButtonProps={{ 'aria-label': t('clear') }}
                    maxValues={64}
                    nothingFoundMessage={t('nothing')}
                  />
                  {profiles.length === 0 && <Notice>{t('create_unlinked')}</Notice>}
                </>
              )
            }
          />
        </Panel>
        <Panel>
          <Delivery value={way} onChange={setWay} />
        </Panel>
        {!field && <FormError error={create.error} />}
        <Group justify="flex-end" gap="xs" mt="md">
          <Button variant="default" component={Link} to="/keys">{t('cancel')}</Button>
          <Button type="submit" loading={create.isBusy}>{t('create')}</Button>
        </Group>
      </form>
      {made && (
        <GivenDialog
          title={t('created')}
          given={made}
          onClose={() => {
            setMade(undefined);
            toast(t('created_done'));
            leave(made.appKey);
          }}
        />
      )}
    </Page>
  );
}
