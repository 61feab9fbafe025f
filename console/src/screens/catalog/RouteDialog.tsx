// A new route; or what an existing one needs.
import { Autocomplete, Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { api, data, ifMatch } from '@/api/client';
import { useChange, useIdempotencyKey } from '@/api/hooks';
import { useLatest } from '@/api/latest';
import { fieldErrors } from '@/parts/fields';
import { FormError, Notice } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useText } from '@/text/text';
import { bodyOf, type Chosen, METHODS, nameOf, needOf, readRoute, type Route, type Service, templateOf } from './catalog';
import type { Wanted } from './Match';
import { NeedField, NeedText } from './Need';

const FAULTS = {
  method: ['route.method'],
  path: ['route.template_*', 'records.path', 'route.below_base_long', 'records.route_exists', 'api.route_twin'],
  needs: ['records.route_many_resources', 'route.resources_limit'],
} as const;

interface RouteDialogProps {
  route?: Route;
  wanted: Wanted;
  services: Service[];
  /** The service that the wanted path lies below, where it is known. */
  service?: string | undefined;
  onDone?: () => void;
  onClose: () => void;
}

export function RouteDialog({ route, wanted, services, service: claiming, onDone, onClose }: RouteDialogProps) {
  const names = services.map((one) => one.name);
  const t = useText('catalog');
  const shell = useText('shell');
  const [method, setMethod] = useState(wanted.method || 'GET');
  const [path, setPath] = useState(() => (route ? route.path : templateOf(wanted.path, services.find((one) => one.name === claiming)?.basePath)));
  const [service, setService] = useState(claiming ?? (names.includes('default') ? 'default' : (names[0] ?? null)));
  const [chosen, setChosen] = useState<Chosen>(route ? { kind: route.needs, resources: route.resources.map(nameOf) } : { kind: 'resources', resources: [] });
  const [asked, setAsked] = useState(false);
  const idempotency = useIdempotencyKey();
  const latest = useLatest(route, () => readRoute(route!.id));
  const isBadPath = !path.startsWith('/');
  const lacks = chosen.kind === 'resources' && chosen.resources.length === 0;
  const saving = useChange(
    () =>
      latest.guard((base) =>
        base
          ? data(api.PATCH('/v1/routes/{id}', { params: { path: { id: base.id }, header: ifMatch(base) }, body: bodyOf(chosen) }))
          : data(api.POST('/v1/routes', { params: { header: idempotency.header() }, body: { method, path, service: service ?? undefined, ...bodyOf(chosen) } })),
      ),
    {
      makesOld: [['routes'], ['resources']],
      onDone: () => {
        toast(t(route ? 'route_saved' : 'route_added'));
        onDone?.();
        onClose();
      },
    },
  );
  const typing = <T,>(set: (value: T) => void) => (value: T) => {
    set(value);
    saving.reset();
    if (!route) idempotency.renew();
  };
  const { at, rest } = fieldErrors(saving.error, FAULTS);
  return (
    <Modal opened onClose={onClose} closeOnClickOutside={false} title={route ? t('edit_route', { route: `${route.method} ${route.path}` }) : t('add_route')} size="lg" closeButtonProps={{ 'aria-label': shell('close') }}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(true);
          if (!isBadPath && !lacks) void saving.run(undefined);
        }}
      >
        <Stack gap="md">
          {latest.theirs && <Notice tone="warn">{t('needs_now')} <NeedText need={needOf(latest.theirs)} /></Notice>}
          {!route && (
            <Group align="flex-start" gap="sm" wrap="wrap">
              <Autocomplete label={t('method')} value={method} onChange={(value) => typing(setMethod)(value.toUpperCase())} data={METHODS} error={at.method} w={120} />
              <TextInput label={t('path')} description={t('path_template')} value={path} onChange={(event) => typing(setPath)(event.currentTarget.value)} error={asked && isBadPath ? t('path_slash') : at.path} spellCheck={false} flex={1} miw={220} data-autofocus />
            </Group>
          )}
          {names.length > 1 && <Select label={t('service')} data={names} value={service} onChange={typing(setService)} allowDeselect={false} searchable />}
          <NeedField value={chosen} error={asked && lacks ? t('resources_missing') : at.needs} onChange={typing(setChosen)} />
          <FormError error={rest} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>{shell('cancel')}</Button>
            <Button type="submit" loading={saving.isBusy}>{route ? t('save') : t('add_route')}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
