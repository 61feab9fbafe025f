// One profile, and a new one: its name, its resources, what changes, and who holds it.
import { Button, Group, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router-dom';
import { api, data, ifMatch } from '@/api/client';
import { queries, useChange, useIdempotencyKey, useList, useRead } from '@/api/hooks';
import { ApiError } from '@/api/problem';
import { Confirm } from '@/parts/Confirm';
import { DelegationNotice } from '@/parts/Delegation';
import { TEXT_FAULTS } from '@/parts/fields';
import { Icon } from '@/parts/icons';
import { Page, Panel } from '@/parts/Page';
import { EmptyState, ErrorState, FormError, LoadingState, useErrorText } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useSession } from '@/session/session';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';
import { difference, namesOf, type Profile, refOf } from './model';
import { Picker } from './Picker';
import { Preview } from './Preview';

const PROFILE_READS = [['profiles'], ['profile'], ['keys'], ['key'], ['events'], ['overview']];

function DeleteDialog({ profile, onClose }: { profile: Profile; onClose: () => void }) {
  const t = useText('profiles');
  const navigate = useNavigate();
  const remove = useChange(
    () => data(api.DELETE('/v1/profiles/{id}', { params: { path: { id: profile.id }, query: profile.keys > 0 ? { unlink: true } : {}, header: ifMatch(profile) } })),
    {
      makesOld: [['profiles'], ['keys'], ['key'], ['events'], ['overview']],
      onDone: () => {
        toast(t('deleted'));
        navigate('/profiles', { replace: true });
      },
    },
  );
  return (
    <Confirm title={t('delete')} action={t('delete')} danger typeThis={profile.keys > 0 ? profile.name : undefined} isBusy={remove.isBusy} error={remove.error} onConfirm={() => void remove.run(undefined)} onClose={onClose}>
      {profile.keys > 0 ? t('delete_linked', { count: profile.keys, name: profile.name }) : t('delete_detail', { name: profile.name })}
    </Confirm>
  );
}

/** Which refusal is about the name. */
const NAME_FAULTS: readonly string[] = ['error.name_taken', ...TEXT_FAULTS];
const isNameFault = (code: string | undefined) => code !== undefined && NAME_FAULTS.includes(code);

interface EditorProps {
  /** Absent: a new one. */
  profile?: Profile | undefined;
  start: { name: string; resources: Set<string> };
}

function useSave(profile: Profile | undefined, name: string, chosen: Set<string>, onStale: (theirs: Profile) => void) {
  const t = useText('profiles');
  const navigate = useNavigate();
  const { account } = useSession();
  const once = useIdempotencyKey();
  return useChange(
    async (): Promise<Profile> => {
      if (!profile) {
        const made = { account, name: name.trim(), resources: [...chosen].map(refOf) };
        return data(api.POST('/v1/profiles', { params: { header: once.header(made) }, body: made }));
      }
      const { added, removed } = difference(namesOf(profile), chosen);
      const path = { id: profile.id };
      const body = {
        ...(name.trim() === profile.name ? {} : { name: name.trim() }),
        ...(added.length > 0 ? { addResources: added.map(refOf) } : {}),
        ...(removed.length > 0 ? { removeResources: removed.map(refOf) } : {}),
      };
      try {
        return await data(api.PATCH('/v1/profiles/{id}', { params: { path, header: ifMatch(profile) }, body }));
      } catch (error) {
        if (error instanceof ApiError && error.isStale) onStale(await data(api.GET('/v1/profiles/{id}', { params: { path } })));
        throw error;
      }
    },
    {
      makesOld: PROFILE_READS,
      onDone: (saved) => {
        once.renew();
        toast(t(profile ? 'saved' : 'created'));
        if (!profile) navigate(`/profiles/${saved.id}`, { replace: true });
      },
    },
  );
}

function Editor({ profile: read, start }: EditorProps) {
  const t = useText('profiles');
  const errorText = useErrorText();
  const [profile, setProfile] = useState(read);
  const [name, setName] = useState(start.name);
  const [chosen, setChosen] = useState(start.resources);
  const [nameFault, setNameFault] = useState<string | undefined>();
  const before = namesOf(profile);
  const change = difference(before, chosen);
  const isChanged = !profile || name.trim() !== profile.name || change.added.length + change.removed.length > 0;
  // Read anew without a change of ours here: show it.
  useEffect(() => {
    if (!read || !profile || read.version <= profile.version || isChanged) return;
    setProfile(read);
    setName(read.name);
    setChosen(namesOf(read));
  }, [read, profile, isChanged]);
  const save = useSave(profile, name, chosen, (theirs) => {
    // Theirs, with what was changed here on top: nothing of either is lost.
    const merged = namesOf(theirs);
    change.added.forEach((each) => merged.add(each));
    change.removed.forEach((each) => merged.delete(each));
    if (profile && name.trim() === profile.name) setName(theirs.name);
    else if (profile && theirs.name !== profile.name) setNameFault(t('theirs', { value: theirs.name }));
    setChosen(merged);
    setProfile(theirs);
    queries.setQueryData(['profile', theirs.id], theirs);
  });
  const run = async () => {
    if (!name.trim()) return setNameFault(t('error_name_empty'));
    const saved = await save.run(undefined);
    if (!saved || !profile) return;
    setProfile(saved);
    setName(saved.name);
    setChosen(namesOf(saved));
  };
  const shownFault = nameFault ?? (isNameFault(save.code) ? errorText(save.error) : undefined);
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
    >
      <DelegationNotice profile={{ handlesKeys: profile?.handlesKeys ?? false, resources: [...chosen].map(refOf) }} />
      <div className="l-columns" data-wide>
        <Panel title={t('editor')}>
          <TextInput
            label={t('name')}
            description={t('name_hint')}
            value={name}
            error={shownFault}
            maxLength={200}
            autoComplete="off"
            onChange={(event) => {
              setName(event.currentTarget.value);
              setNameFault(undefined);
              save.reset();
            }}
            mb="lg"
          />
          <Picker chosen={chosen} onChange={setChosen} />
        </Panel>
        <div className="l-beside">
          <Preview profile={profile} before={before} after={chosen} />
          {!isNameFault(save.code) && <div className="l-gap"><FormError error={save.error} /></div>}
          <Group justify="flex-end" gap="xs">
            {profile ? (
              isChanged && <Button variant="default" onClick={() => { setName(profile.name); setChosen(namesOf(profile)); setNameFault(undefined); save.reset(); }}>{t('discard')}</Button>
            ) : (
              <Button variant="default" component={Link} to="/profiles">{t('cancel')}</Button>
            )}
            <Button type="submit" loading={save.isBusy} disabled={!isChanged}>{profile ? t('save') : t('create')}</Button>
          </Group>
        </div>
      </div>
    </form>
  );
}

export function ProfileCreate() {
  const t = useText('profiles');
  const { account } = useSession();
  const [params] = useSearchParams();
  const from = Number(params.get('from'));
  const predefined = useList<Profile>(['profiles', account, 'predefined', 'all'], (cursor) => data(api.GET('/v1/profiles', { params: { query: { account, predefined: true, limit: 200, cursor } } })), { enabled: from > 0 });
  const base = predefined.items.find((profile) => profile.id === from);
  return (
    <Page title={t('create_title')} lead={base ? t('create_from', { name: base.name }) : t('create_lead')} back={{ to: '/profiles', label: t('title') }}>
      {from > 0 && predefined.isLoading ? <LoadingState /> : <Editor key={base?.id ?? 0} start={{ name: base?.name ?? '', resources: namesOf(base) }} />}
    </Page>
  );
}

export function ProfilePage() {
  const t = useText('profiles');
  const format = useFormat();
  const { may } = useSession();
  const id = Number(useParams().id);
  const valid = Number.isSafeInteger(id) && id > 0;
  const read = useRead<Profile>(['profile', id], () => data(api.GET('/v1/profiles/{id}', { params: { path: { id } } })), { enabled: valid });
  const [deleting, setDeleting] = useState(false);
  const back = { to: '/profiles', label: t('title') };
  const profile = read.data;
  if (!profile) {
    const gone = !valid || (read.error instanceof ApiError && read.error.status === 404);
    return (
      <Page title={t('one')} back={back}>
        {gone ? <EmptyState icon="profile" title={t('gone')}>{t('gone_detail')}</EmptyState> : read.error ? <ErrorState error={read.error} onRetry={() => void read.refetch()} /> : <LoadingState />}
      </Page>
    );
  }
  const edits = may('profiles.edit');
  return (
    <Page
      title={profile.name}
      back={back}
      lead={profile.keys + profile.users === 0 ? t('held_by_none') : t('held_by', { who: format.list([profile.keys > 0 ? t('keys', { count: profile.keys }) : '', profile.users > 0 ? t('users', { count: profile.users }) : ''].filter(Boolean)) })}
      actions={
        <>
          {profile.keys > 0 && may('keys.view') && <Button variant="default" component={Link} to={`/keys?profile=${profile.id}`} leftSection={<Icon name="key" />}>{t('show_keys')}</Button>}
          {edits && <Button variant="default" color="red" leftSection={<Icon name="trash" />} onClick={() => setDeleting(true)}>{t('delete')}</Button>}
        </>
      }
    >
      {!edits && <DelegationNotice profile={profile} />}
      {edits ? (
        <Editor key={profile.id} profile={profile} start={{ name: profile.name, resources: namesOf(profile) }} />
      ) : (
        <div className="l-columns" data-wide>
          <Panel title={t('resources_title')}><Picker chosen={namesOf(profile)} /></Panel>
          <Preview profile={profile} before={namesOf(profile)} after={namesOf(profile)} />
        </div>
      )}
      {deleting && <DeleteDialog profile={profile} onClose={() => setDeleting(false)} />}
    </Page>
  );
}
