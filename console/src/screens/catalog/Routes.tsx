// Every route with what it needs; added, changed and removed by who may.
import { Button, Select } from '@mantine/core';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { api, data, ifMatch } from '@/api/client';
import { useChange, useList, useRead } from '@/api/hooks';
import { Confirm } from '@/parts/Confirm';
import { DataTable } from '@/parts/DataTable';
import { Icon } from '@/parts/icons';
import { Panel } from '@/parts/Page';
import { SearchField } from '@/parts/SearchField';
import { EmptyState } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { needOf, readServices, type Route } from './catalog';
import { deedsColumn } from './deeds';
import { Match, type Wanted } from './Match';
import { NeedText } from './Need';
import { RouteDialog } from './RouteDialog';

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
  const service = search.get('service');
  const setService = (next: string | null) =>
    setSearch(
      (before) => {
        before.delete('service');
        if (next) before.set('service', next);
        return before;
      },
      { replace: true },
    );
  const services = useRead(['services'], readServices);
  const list = useList<Route>(['routes', q, service], (cursor) => data(api.GET('/v1/routes', { params: { query: { q: q || undefined, service: service ?? undefined, cursor } } })));
  // One service alone needs no naming.
  const many = (services.data?.items.length ?? 0) > 1 || service !== null;
  const remove = useChange((route: Route) => data(api.DELETE('/v1/routes/{id}', { params: { path: { id: route.id }, header: ifMatch(route) } })), {
    makesOld: OLD,
    onDone: () => {
      setRemoving(undefined);
      toast(t('route_removed'));
    },
  });

  return (
    <>
      <Match key={`${wanted.method} ${wanted.host ?? ''} ${wanted.path}`} wanted={wanted} onWanted={(next) => setSearch({ ...next, ...(service && { service }) }, { replace: true })} onAdd={mayEdit ? setAdding : undefined} onEdit={mayEdit ? setEditing : undefined} />
      <div className="l-toolbar">
        <SearchField label={t('search_routes')} value={q} onSearch={setQ} />
        {many && (
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
            { key: 'method', title: t('method'), width: 92, render: (route) => <code>{route.method}</code> },
            { key: 'path', title: t('path'), width: '36%', render: (route) => <code>{route.path}</code> },
            { key: 'needs', title: t('needs'), render: (route) => <NeedText need={needOf(route)} /> },
            ...(many ? [{ key: 'service', title: t('service'), width: 120, render: (route: Route) => route.service }] : []),
            ...(mayEdit
              ? [
                  deedsColumn<Route>(
                    t('actions'),
                    { what: t('edit'), named: (route) => t('edit_route', { route: `${route.method} ${route.path}` }), run: setEditing },
                    { what: t('remove'), named: (route) => t('remove_route', { route: `${route.method} ${route.path}` }), run: setRemoving },
                  ),
                ]
              : []),
          ]}
        />
      </Panel>
      {adding && services.data && <RouteDialog wanted={adding} service={adding.service} services={services.data.items} onClose={() => setAdding(undefined)} />}
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
