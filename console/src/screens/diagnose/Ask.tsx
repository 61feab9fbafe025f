// The two ways to ask: with the code of an answer, or with a request to try for a key.
import { Autocomplete, Button, Collapse, Group, SegmentedControl, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { api, data } from '@/api/client';
import { useRead } from '@/api/hooks';
import { FormError } from '@/parts/States';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { readServices } from '../catalog/catalog';
import { type Attempt, codeIn } from './ask';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

export type Way = 'code' | 'request';

interface AskProps {
  way: Way;
  onWay: (way: Way) => void;
  code: string;
  attempt: Attempt;
  isBusy: boolean;
  error: unknown;
  onCode: (code: string) => void;
  onAttempt: (attempt: Attempt) => void;
}

export function Ask({ way, onWay, code, attempt, isBusy, error, onCode, onAttempt }: AskProps) {
  const t = useText('diagnose');
  return (
    <Stack gap="md">
      <SegmentedControl
        aria-label={t('way')}
        value={way}
        onChange={(next) => onWay(next as Way)}
        data={[
          { value: 'code', label: t('way_code') },
          { value: 'request', label: t('way_request') },
        ]}
        maw={460}
      />
      {way === 'code' ? <CodeForm key={code} code={code} isBusy={isBusy} onCode={onCode} /> : <AttemptForm key={JSON.stringify(attempt)} attempt={attempt} isBusy={isBusy} onAttempt={onAttempt} />}
      <FormError error={error} />
    </Stack>
  );
}

function CodeForm({ code, isBusy, onCode }: { code: string; isBusy: boolean; onCode: (code: string) => void }) {
  const t = useText('diagnose');
  const [typed, setTyped] = useState(code);
  const [asked, setAsked] = useState(false);
  const found = codeIn(typed);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setAsked(true);
        if (found) onCode(found);
      }}
    >
      <Stack gap="sm" align="flex-start">
        <Textarea
          w="100%"
          label={t('code')}
          description={t('code_where')}
          autosize
          minRows={2}
          maxRows={6}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          error={asked && !found ? t('code_missing') : undefined}
          spellCheck={false}
          autoComplete="off"
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        />
        <Button type="submit" variant={code ? 'default' : 'filled'} loading={isBusy}>{t('explain')}</Button>
      </Stack>
    </form>
  );
}

function AttemptForm({ attempt, isBusy, onAttempt }: { attempt: Attempt; isBusy: boolean; onAttempt: (attempt: Attempt) => void }) {
  const t = useText('diagnose');
  const session = useSession();
  const [typed, setTyped] = useState(attempt);
  const [asked, setAsked] = useState(false);
  const [more, setMore] = useState(Boolean(attempt.address || attempt.account));
  const [search] = useDebouncedValue(typed.appKey, 250);
  const mayList = session.may('keys.view');
  const keys = useRead(
    ['keys', 'suggest', session.account, search],
    () => data(api.GET('/v1/keys', { params: { query: { account: session.account, q: search, limit: 8 } } })),
    { enabled: mayList },
  );
  // Where services have hosts, the same path is another request at another host.
  const services = useRead(['services'], readServices, { enabled: session.may('catalog.view') });
  const hosts = [...new Set((services.data?.items ?? []).flatMap((service) => service.hosts))].filter((host) => !host.startsWith('*'));
  const set = (name: keyof Attempt) => (value: string) => setTyped((before) => ({ ...before, [name]: value }));
  const missing = (name: keyof Attempt) => (asked && !typed[name] ? t('needed') : undefined);
  const badPath = asked && typed.path && !typed.path.startsWith('/') ? t('path_slash') : undefined;

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setAsked(true);
        if (typed.appKey && typed.method && typed.path.startsWith('/')) onAttempt(typed);
      }}
    >
      <Stack gap="sm">
        <Autocomplete
          label={t('app_key')}
          description={t('app_key_find')}
          value={typed.appKey}
          onChange={set('appKey')}
          data={[...new Set((keys.data?.items ?? []).map((key) => key.appKey))]}
          filter={({ options }) => options}
          renderOption={({ option }) => (
            <div>
              <Text size="sm" ff="monospace">{option.value}</Text>
              <Text size="xs" c="dimmed">{keys.data?.items.find((key) => key.appKey === option.value)?.label}</Text>
            </div>
          )}
          error={missing('appKey')}
          spellCheck={false}
          maw={560}
        />
        <Group align="flex-start" gap="sm" wrap="wrap">
          <Autocomplete label={t('method')} value={typed.method} onChange={(value) => set('method')(value.toUpperCase())} data={METHODS} error={missing('method')} w={120} />
          <TextInput label={t('path')} placeholder="/api/orders/10" value={typed.path} onChange={(event) => set('path')(event.currentTarget.value)} error={missing('path') ?? badPath} spellCheck={false} flex={1} miw={220} />
          <Autocomplete label={t('host')} placeholder={hosts[0] ?? t('host_any')} value={typed.host ?? ''} onChange={set('host')} data={hosts} spellCheck={false} w={240} />
        </Group>
        <Collapse in={more}>
          <Group align="flex-start" gap="sm" wrap="wrap">
            <TextInput label={t('address')} description={t('address_why')} value={typed.address ?? ''} onChange={(event) => set('address')(event.currentTarget.value)} flex={1} miw={200} />
            <TextInput label={t('account')} description={t('account_why')} value={typed.account ?? ''} onChange={(event) => set('account')(event.currentTarget.value)} flex={1} miw={200} />
          </Group>
        </Collapse>
        <Group gap="xs">
          <Button type="submit" variant={attempt.path ? 'default' : 'filled'} loading={isBusy}>{t('try')}</Button>
          <Button variant="subtle" color="gray" aria-expanded={more} onClick={() => setMore(!more)}>{more ? t('less') : t('more')}</Button>
        </Group>
        <Text size="xs" c="dimmed">{t('try_free')}</Text>
      </Stack>
    </form>
  );
}
