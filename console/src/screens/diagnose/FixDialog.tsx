// One fix: what it changes and for whom, then a button that does it.
import { Anchor, Button, Group, Modal, Radio, Select, Stack, Text, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { Link } from 'react-router-dom';
import { api, data, ifMatch, type Schemas } from '@/api/client';
import { useChange, useIdempotencyKey, useRead } from '@/api/hooks';
import { ErrorState, FormError, LoadingState, Notice } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';
import type { Explanation, Fix } from './ask';

type Key = Schemas['Key'];
type ResourceName = Schemas['ResourceName'];

interface FixDialogProps {
  fix: Fix;
  explanation: Explanation;
  onDone: () => void;
  onClose: () => void;
}

const OLD = [['keys'], ['profiles'], ['key'], ['profile'], ['can']];
const nameOf = (resource: ResourceName) => `${resource.product}/${resource.key}`;
const keyOf = (appKey: string) => data(api.GET('/v1/keys/{appKey}', { params: { path: { appKey } } }));
const profileOf = (id: number) => data(api.GET('/v1/profiles/{id}', { params: { path: { id } } }));

export function FixDialog({ fix, explanation, onDone, onClose }: FixDialogProps) {
  const t = useText('diagnose');
  const shell = useText('shell');
  const appKey = String(fix.facts.appKey ?? explanation.appKey ?? '');
  const key = useRead(['key', appKey], () => keyOf(appKey));
  const Body = BODIES[fix.kind];
  return (
    <Modal opened onClose={onClose} title={t(`title_${fix.kind}`)} size="lg" closeButtonProps={{ 'aria-label': shell('close') }}>
      {key.isLoading && <LoadingState />}
      {key.error && <ErrorState error={key.error} onRetry={() => void key.refetch()} />}
      {key.data && Body && <Body fix={fix} explanation={explanation} appKey={key.data} onDone={onDone} onClose={onClose} />}
    </Modal>
  );
}

interface BodyProps extends FixDialogProps {
  appKey: Key;
}

/** The form around every fix. `change` undefined: something is still to be chosen. */
function Doing({ action, change, children, onDone, onClose }: { action: string; change: (() => Promise<unknown>) | undefined; children: ReactNode; onDone: () => void; onClose: () => void }) {
  const t = useText('diagnose');
  const shell = useText('shell');
  const doing = useChange(async () => change?.(), {
    makesOld: OLD,
    onDone: () => {
      toast(t('done'));
      onDone();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (change) void doing.run(undefined);
      }}
    >
      <Stack gap="md">
        {children}
        <FormError error={doing.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>{shell('cancel')}</Button>
          <Button type="submit" disabled={!change} loading={doing.isBusy}>{action}</Button>
        </Group>
      </Stack>
    </form>
  );
}

function Names({ title, names, most = 12 }: { title: string; names: string[]; most?: number }) {
  const t = useText('diagnose');
  if (names.length === 0) return null;
  return (
    <div>
      <Text size="sm">{title}</Text>
      <ul className="l-names">
        {names.slice(0, most).map((name) => (
          <li key={name}><Text size="sm" ff="monospace" component="span">{name}</Text></li>
        ))}
      </ul>
      {names.length > most && <Text size="sm" c="dimmed">{t('and_more', { count: names.length - most })}</Text>}
    </div>
  );
}

/** What the key could do beyond what it can already, if it were linked to that profile. */
function Gain({ appKey, profileId, needed }: { appKey: Key; profileId: number; needed: string | undefined }) {
  const t = useText('diagnose');
  const profile = useRead(['profile', profileId], () => profileOf(profileId));
  const held = useRead(['profiles', 'of', appKey.appKey, appKey.version], () => Promise.all(appKey.profiles.map((link) => profileOf(link.id))));
  if (profile.isLoading || held.isLoading) return <LoadingState />;
  if (!profile.data) return <ErrorState error={profile.error} onRetry={() => void profile.refetch()} />;
  const has = new Set((held.data ?? []).flatMap((one) => one.resources.map(nameOf)));
  const gains = profile.data.resources.map(nameOf).filter((name) => !has.has(name));
  const further = gains.filter((name) => name !== needed);
  return (
    <>
      {needed && <Names title={t('gains_needed')} names={gains.filter((name) => name === needed)} />}
      {further.length === 0 ? <Notice tone="good">{t('gains_nothing_else')}</Notice> : <Names title={t('gains_further', { count: further.length })} names={further} />}
      <Text size="sm" c="dimmed">{t('no_other_key')}</Text>
    </>
  );
}

/** Links in the account that was asked; the key's own needs no naming. */
const link = (appKey: Key, profile: number, account: string | undefined) =>
  data(api.POST('/v1/keys/{appKey}/links', { params: { path: { appKey: appKey.appKey } }, body: account && account !== appKey.account ? { profile, account } : { profile } }));

function LinkProfile({ fix, explanation, appKey, onDone, onClose }: BodyProps) {
  const t = useText('diagnose');
  const id = Number(fix.facts.profile_id);
  return (
    <Doing action={t('do_link_profile')} change={() => link(appKey, id, explanation.account)} onDone={onDone} onClose={onClose}>
      <Text size="sm">{t('link_what', { key: appKey.label, profile: fix.facts.profile })}</Text>
      <Gain appKey={appKey} profileId={id} needed={fix.facts.resource === undefined ? undefined : String(fix.facts.resource)} />
    </Doing>
  );
}

function LinkAny({ explanation, appKey, onDone, onClose }: BodyProps) {
  const t = useText('diagnose');
  const account = explanation.account ?? appKey.account;
  const profiles = useRead(['profiles', 'choice', account], () => data(api.GET('/v1/profiles', { params: { query: { account, limit: 200 } } })));
  const [id, setId] = useState<string | null>(null);
  const change = id === null ? undefined : () => link(appKey, Number(id), explanation.account);
  return (
    <Doing action={t('do_link_any')} change={change} onDone={onDone} onClose={onClose}>
      <Text size="sm">{t('link_any_what', { key: appKey.label })}</Text>
      <Select label={t('profile')} searchable data={(profiles.data?.items ?? []).map((profile) => ({ value: String(profile.id), label: profile.name }))} value={id} onChange={setId} nothingFoundMessage={t('no_profile_found')} />
      {id !== null && <Gain appKey={appKey} profileId={Number(id)} needed={undefined} />}
    </Doing>
  );
}

function neededBy(fix: Fix, explanation: Explanation): string[] {
  const names = explanation.resources.map(nameOf);
  return names.length > 0 ? names : fix.facts.resource === undefined ? [] : [String(fix.facts.resource)];
}

function ChooseResource({ names, value, onChange }: { names: string[]; value: string; onChange: (name: string) => void }) {
  const t = useText('diagnose');
  if (names.length < 2) return <Names title={t('resource_one')} names={names} />;
  return (
    <Radio.Group label={t('resource_any')} value={value} onChange={onChange}>
      <Stack gap={6} mt={6}>
        {names.map((name) => <Radio key={name} value={name} label={name} />)}
      </Stack>
    </Radio.Group>
  );
}

function AddResource({ fix, explanation, appKey, onDone, onClose }: BodyProps) {
  const t = useText('diagnose');
  const names = neededBy(fix, explanation);
  const account = explanation.account ?? appKey.account;
  const links = appKey.profiles.filter((one) => one.account === account);
  const [resource, setResource] = useState(names[0] ?? '');
  const [id, setId] = useState(links.length === 1 ? String(links[0]!.id) : null);
  const change =
    id === null || !resource
      ? undefined
      : async () => {
          const profile = await profileOf(Number(id));
          return data(api.PATCH('/v1/profiles/{id}', { params: { path: { id: profile.id }, header: ifMatch(profile) }, body: { addResources: [resource] } }));
        };
  return (
    <Doing action={t('do_add_resource')} change={change} onDone={onDone} onClose={onClose}>
      <ChooseResource names={names} value={resource} onChange={setResource} />
      <Select label={t('profile_of_key')} data={links.map((one) => ({ value: String(one.id), label: one.name }))} value={id} onChange={setId} />
      {id !== null && <Widened profileId={Number(id)} except={appKey.appKey} />}
    </Doing>
  );
}

/** Which other keys a wider profile widens. */
function Widened({ profileId, except }: { profileId: number; except: string }) {
  const t = useText('diagnose');
  const keys = useRead(['keys', 'of', profileId], () => data(api.GET('/v1/keys', { params: { query: { profile: profileId, limit: 200 } } })));
  if (keys.isLoading) return <LoadingState />;
  if (!keys.data) return <ErrorState error={keys.error} onRetry={() => void keys.refetch()} />;
  const others = keys.data.items.filter((key) => key.appKey !== except && key.state !== 'revoked');
  if (others.length === 0) return <Notice tone="good">{t('no_other_key')}</Notice>;
  return (
    <Notice tone="warn">
      <Text size="sm">{keys.data.next ? t('widens_many', { count: others.length }) : t('widens', { count: others.length })}</Text>
      <ul className="l-names">
        {others.slice(0, 8).map((key) => (
          <li key={key.appKey}>
            <Anchor component={Link} to={`/keys/${encodeURIComponent(key.appKey)}`} c="inherit" size="sm" underline="always">{key.label}</Anchor> <Text component="span" size="xs" ff="monospace">{key.appKey}</Text>
          </li>
        ))}
      </ul>
      {others.length > 8 && <Text size="sm">{t('and_more', { count: others.length - 8 })}</Text>}
      <Text size="sm" mt={4}>{t('widens_instead')}</Text>
    </Notice>
  );
}

function MakeProfile({ fix, explanation, appKey, onDone, onClose }: BodyProps) {
  const t = useText('diagnose');
  const names = neededBy(fix, explanation);
  const account = explanation.account ?? appKey.account;
  const [resource, setResource] = useState(names[0] ?? '');
  const [name, setName] = useState(appKey.label.slice(0, 100));
  const [made, setMade] = useState<number>();
  const idempotency = useIdempotencyKey();
  const change =
    !resource || !name.trim()
      ? undefined
      : async () => {
          // A second try after the profile was made links that one.
          const id = made ?? (await data(api.POST('/v1/profiles', { params: { header: idempotency.header([name, resource]) }, body: { account, name: name.trim(), resources: [resource] } }))).id;
          setMade(id);
          return link(appKey, id, explanation.account);
        };
  return (
    <Doing action={t('do_make_profile')} change={change} onDone={onDone} onClose={onClose}>
      <Text size="sm">{t('make_what', { key: appKey.label })}</Text>
      <ChooseResource names={names} value={resource} onChange={setResource} />
      <TextInput label={t('profile_name')} value={name} maxLength={100} onChange={(event) => setName(event.currentTarget.value)} error={name.trim() ? undefined : t('needed')} disabled={made !== undefined} />
      <Text size="sm" c="dimmed">{t('no_other_key')}</Text>
    </Doing>
  );
}

function Activate({ appKey, onDone, onClose }: BodyProps) {
  const t = useText('diagnose');
  const change = () => data(api.POST('/v1/keys/{appKey}/activate', { params: { path: { appKey: appKey.appKey }, header: ifMatch(appKey) } }));
  return (
    <Doing action={t('do_activate_key')} change={change} onDone={onDone} onClose={onClose}>
      <Text size="sm">{t('activate_what', { key: appKey.label })}</Text>
      <Names title={t('activate_profiles')} names={appKey.profiles.map((one) => one.name)} />
    </Doing>
  );
}

const inAYear = () => new Date(Date.now() + 365 * 86_400_000).toISOString().slice(0, 10);

function ExtendExpiry({ appKey, onDone, onClose }: BodyProps) {
  const t = useText('diagnose');
  const format = useFormat();
  const [day, setDay] = useState(inAYear);
  const isLater = Date.parse(`${day}T23:59:59Z`) > Date.now();
  const change = isLater
    ? () => data(api.PATCH('/v1/keys/{appKey}', { params: { path: { appKey: appKey.appKey }, header: ifMatch(appKey) }, body: { expiresAt: `${day}T23:59:59Z` } }))
    : undefined;
  return (
    <Doing action={t('do_extend_expiry')} change={change} onDone={onDone} onClose={onClose}>
      {appKey.expiresAt && <Text size="sm">{t('expired_at', { key: appKey.label, when: format.dateTime(appKey.expiresAt) })}</Text>}
      <TextInput type="date" label={t('expires_new')} description={t('expires_utc')} value={day} onChange={(event) => setDay(event.currentTarget.value)} error={isLater ? undefined : t('expires_later')} maw={240} />
    </Doing>
  );
}

function AllowAddress({ fix, explanation, appKey, onDone, onClose }: BodyProps) {
  const t = useText('diagnose');
  const [address, setAddress] = useState(String(fix.facts.address ?? explanation.address ?? ''));
  const change = address.trim()
    ? () =>
        data(
          api.PATCH('/v1/keys/{appKey}', {
            params: { path: { appKey: appKey.appKey }, header: ifMatch(appKey) },
            body: { addresses: [...appKey.addresses, address.trim()] },
          }),
        )
    : undefined;
  return (
    <Doing action={t('do_allow_address')} change={change} onDone={onDone} onClose={onClose}>
      <Notice tone="warn">{t('address_yours')}</Notice>
      <Names title={t('addresses_now')} names={appKey.addresses} />
      <TextInput label={t('address_add')} value={address} onChange={(event) => setAddress(event.currentTarget.value)} error={address.trim() ? undefined : t('needed')} maw={320} />
    </Doing>
  );
}

const BODIES: Record<string, (props: BodyProps) => ReactNode> = {
  link_profile: LinkProfile,
  link_any: LinkAny,
  add_resource: AddResource,
  make_profile: MakeProfile,
  activate_key: Activate,
  extend_expiry: ExtendExpiry,
  allow_address: AllowAddress,
};
