// Every route with what it needs; added, changed and removed by who may.
import { ActionIcon, Autocomplete, Button, Group, Modal, Select, Stack, TextInput, Tooltip } from '@mantine/core';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { api, data, ifMatch } from '@/api/client';
import { useChange, useIdempotencyKey, useList, useRead } from '@/api/hooks';
import { Confirm } from '@/parts/Confirm';
import { DataTable } from '@/parts/DataTable';
import { Icon } from '@/parts/icons';
import { Panel } from '@/parts/Page';
import { SearchField } from '@/parts/SearchField';
import { EmptyState, FormError } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { bodyOf, type Chosen, METHODS, needOf, nameOf, type Route } from './catalog';
import { Match, type Wanted } from './Match';
import { NeedField, NeedText } from './Need';

const OLD = [['routes'], ['resources']];

export function RoutesTab() {
  const t = useText('catalog');
  const session = useSession();
  const mayEdit = session.may('installation');
  const [search, setSearch] = useSearchParams();
  const wanted: Wanted = { method: search.get('method') ?? '', path: search.get('path') ?? '', host: search.get('host') || undefined };
  const [adding, setAdding] = useState<Wanted | undefined>(search.has('add') && mayEdit ? wanted : undefined);
  const [editing, setEditing] = useState<Route>();
  const [removing, setRemoving] = useState<Route>();
  const [q, setQ] = useState('');
  const [service, setService] = useState<string | null>(null);
  const services = useRead(['services'], () => data(api.GET('/v1/services', { params: { query: { limit: 200 } } })));
  const list = useList<Route>(['routes', q, service], (cursor) => data(api.GET('/v1/routes', { params: { query: { q: q || undefined, service: service ?? undefined, cursor } } })));
  const remove = useChange((route: Route) => data(api.DELETE('/v1/routes/{id}', { params: { path: { id: route.id }, header: ifMatch(route) } })), {
    makesOld: OLD,
    onDone: () => {
      setRemoving(undefined);
      toast(t('route_removed'));
    },
  });

  return (
    <>
      <Match key={`${wanted.method} ${wanted.host ?? ''} ${wanted.path}`} wanted={wanted} onWanted={(next) => setSearch({ ...next }, { replace: true })} onAdd={mayEdit ? setAdding : undefined} />
      <div className="l-toolbar">
        <SearchField label={t('search_routes')} value={q} onSearch={setQ} />
        {(services.data?.items.length ?? 0) > 1 && (
          <Select aria-label={t('service')} placeholder={t('service_any')} clearable clearButtonProps={{ 'aria-label': t('service_any') }} value={service} onChange={setService} data={(services.data?.items ?? []).map((one) => one.name)} w={220} />
        )}
        {mayEdit && <Button variant="default" leftSection={<Icon name="plus" />} onClick={() => setAdding({ method: 'GET', path: '' })}>{t('add_route')}</Button>}
      </div>
      <Panel flush>
        <DataTable<Route>
          label={t('tab_routes')}
          list={list}
          keyOf={(route) => route.id}
          empty={<EmptyState icon="catalog" title={q || service ? t('no_route_found') : t('no_routes')}>{q || service ? undefined : t('no_routes_why')}</EmptyState>}
          columns={[
            { key: 'method', title: t('method'), width: 100, render: (route) => <code>{route.method}</code> },
            { key: 'path', title: t('path'), render: (route) => <code>{route.path}</code> },
            { key: 'needs', title: t('needs'), render: (route) => <NeedText need={needOf(route)} /> },
            { key: 'service', title: t('service'), width: 140, render: (route) => route.service },
            ...(mayEdit
              ? [
                  {
                    key: 'do',
                    title: t('actions'),
                    quiet: true,
                    align: 'right' as const,
                    width: 110,
                    render: (route: Route) => (
                      <Group gap={4} justify="flex-end" wrap="nowrap">
                        <Tooltip label={t('edit')}><ActionIcon variant="subtle" color="gray" aria-label={t('edit_route', { route: `${route.method} ${route.path}` })} onClick={() => setEditing(route)}><Icon name="edit" /></ActionIcon></Tooltip>
                        <Tooltip label={t('remove')}><ActionIcon variant="subtle" color="gray" aria-label={t('remove_route', { route: `${route.method} ${route.path}` })} onClick={() => setRemoving(route)}><Icon name="trash" /></ActionIcon></Tooltip>
                      </Group>
                    ),
                  },
                ]
              : []),
          ]}
        />
      </Panel>
      {adding && <RouteDialog wanted={adding} services={(services.data?.items ?? []).map((one) => one.name)} onClose={() => setAdding(undefined)} />}
      {editing && <RouteDialog route={editing} wanted={editing} services={[]} onClose={() => setEditing(undefined)} />}
      {removing && (
        <Confirm
          title={t('remove_route', { route: `${removing.method} ${removing.path}` })}
          action={t('remove')}
          danger
          isBusy={remove.isBusy}
          error={remove.error}
          onConfirm={() => void remove.run(removing)}
          onClose={() => {
            remove.reset();
            setRemoving(undefined);
          }}
        >
          {t('remove_route_what')}
        </Confirm>
      )}
    </>
  );
}

/** A new route; or what an existing one needs. */
function RouteDialog({ route, wanted, services, onClose }: { route?: Route; wanted: Wanted; services: string[]; onClose: () => void }) {
  const t = useText('catalog');
  const shell = useText('shell');
  const [method, setMethod] = useState(wanted.method || 'GET');
  // Of a request that was refused the query does not belong to the route.
  const [path, setPath] = useState(wanted.path.replace(/\?.*/, ''));
  const [service, setService] = useState<string | null>(null);
  const [chosen, setChosen] = useState<Chosen>(route ? { kind: route.needs, resources: route.resources.map(nameOf) } : { kind: 'resources', resources: [] });
  const [asked, setAsked] = useState(false);
  const idempotency = useIdempotencyKey();
  const isBadPath = !path.startsWith('/');
  const lacks = chosen.kind === 'resources' && chosen.resources.length === 0;
  const saving = useChange(
    () =>
      route
        ? data(api.PATCH('/v1/routes/{id}', { params: { path: { id: route.id }, header: ifMatch(route) }, body: bodyOf(chosen) }))
        : data(api.POST('/v1/routes', { params: { header: idempotency.header() }, body: { method, path, service: service ?? undefined, ...bodyOf(chosen) } })),
    {
      makesOld: OLD,
      onDone: () => {
        toast(t(route ? 'route_saved' : 'route_added'));
        onClose();
      },
    },
  );
  return (
    <Modal opened onClose={onClose} title={route ? t('edit_route', { route: `${route.method} ${route.path}` }) : t('add_route')} size="lg" closeButtonProps={{ 'aria-label': shell('close') }}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(true);
          if (!isBadPath && !lacks) void saving.run(undefined);
        }}
      >
        <Stack gap="md">
          {!route && (
            <Group align="flex-start" gap="sm" wrap="wrap">
              <Autocomplete label={t('method')} value={method} onChange={(value) => setMethod(value.toUpperCase())} data={METHODS} w={120} />
              <TextInput label={t('path')} description={t('path_template')} value={path} onChange={(event) => setPath(event.currentTarget.value)} error={asked && isBadPath ? t('path_slash') : undefined} spellCheck={false} flex={1} miw={220} data-autofocus />
            </Group>
          )}
          {services.length > 1 && <Select label={t('service')} data={services} value={service} onChange={setService} />}
          <NeedField value={chosen} error={asked && lacks ? t('resources_missing') : undefined} onChange={setChosen} />
          <FormError error={saving.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>{shell('cancel')}</Button>
            <Button type="submit" loading={saving.isBusy}>{route ? t('save') : t('add_route')}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
