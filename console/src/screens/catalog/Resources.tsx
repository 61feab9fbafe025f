// Products and their resources; of each, the routes that it opens.
import { Button, Group, Text } from '@mantine/core';
import { useCallback, useMemo, useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { api, data, ifMatch } from '@/api/client';
import { useChange, useList, useRead } from '@/api/hooks';
import { Confirm } from '@/parts/Confirm';
import { Icon } from '@/parts/icons';
import { Panel } from '@/parts/Page';
import { SearchField } from '@/parts/SearchField';
import { EmptyState, ErrorState, LoadingState } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { nameOf, OWN_PRODUCT, type Resource } from './catalog';
import { ResourceDialog } from './ResourceDialog';

export function ResourcesTab() {
  const t = useText('catalog');
  const shell = useText('shell');
  const session = useSession();
  const [params, setParams] = useSearchParams();
  const q = params.get('q') ?? '';
  const setQ = useCallback((text: string) => setParams(text ? { q: text } : {}, { replace: true }), [setParams]);
  const [open, setOpen] = useState<number>();
  const [editing, setEditing] = useState<Resource | 'new'>();
  const [removing, setRemoving] = useState<Resource>();
  const products = useRead(['resources', 'products'], () => data(api.GET('/v1/products')));
  const list = useList<Resource>(['resources', q], (cursor) => data(api.GET('/v1/resources', { params: { query: { q: q || undefined, limit: 200, cursor } } })));
  const groups = useMemo(() => {
    const found = new Map<string, Resource[]>();
    for (const resource of list.items) found.set(resource.product, [...(found.get(resource.product) ?? []), resource]);
    return [...found].sort(([a], [b]) => a.localeCompare(b));
  }, [list.items]);
  const mayEdit = session.may('installation');
  const remove = useChange((resource: Resource) => data(api.DELETE('/v1/resources/{id}', { params: { path: { id: resource.id }, header: ifMatch(resource) } })), {
    makesOld: [['resources']],
    onDone: () => {
      setRemoving(undefined);
      toast(t('resource_removed'));
    },
  });
  const ask = (resource: Resource) => {
    remove.reset();
    setRemoving(resource);
  };
  const total = (product: string) => products.data?.items.find((one) => one.product === product)?.resources;

  return (
    <>
      <div className="l-toolbar">
        <SearchField label={t('search_resources')} value={q} onSearch={setQ} />
        {mayEdit && <Button variant="default" leftSection={<Icon name="plus" />} onClick={() => setEditing('new')}>{t('add_resource')}</Button>}
      </div>
      {list.isLoading && <LoadingState />}
      {list.error && list.items.length === 0 && <ErrorState error={list.error} onRetry={list.reload} />}
      {!list.isLoading && !list.error && list.items.length === 0 && (
        <Panel><EmptyState icon="catalog" title={q ? t('no_resource') : t('no_resources')}>{q ? undefined : t('no_routes_why')}</EmptyState></Panel>
      )}
      {groups.map(([product, resources]) => (
        <Panel key={product} title={product} lead={`${t('resources_count', { count: q ? resources.length : (total(product) ?? resources.length) })}${product === OWN_PRODUCT ? ` ${t('resources_own')}` : ''}`} flush>
          <ul className="l-lines l-resources">
            {resources.map((resource) => (
              <li key={resource.id}>
                <button type="button" className="l-line l-resource" aria-expanded={open === resource.id} onClick={() => setOpen(open === resource.id ? undefined : resource.id)}>
                  <span className="l-turn" data-open={open === resource.id || undefined}><Icon name="chevron" size={14} /></span>
                  <span className="l-resource-name">{resource.name ?? resource.key}</span>
                  <code>{resource.key}</code>
                  <span className="l-resource-category">{resource.category}</span>
                </button>
                {open === resource.id && <Opens resource={resource} onEdit={mayEdit && product !== OWN_PRODUCT ? () => setEditing(resource) : undefined} onRemove={() => ask(resource)} />}
              </li>
            ))}
          </ul>
        </Panel>
      ))}
      {list.more && <div className="l-more"><Button variant="default" size="xs" loading={list.isLoadingMore} onClick={list.more}>{shell('more')}</Button></div>}
      {editing && (
        <ResourceDialog
          resource={editing === 'new' ? undefined : editing}
          products={(products.data?.items ?? []).map((one) => one.product).filter((product) => product !== OWN_PRODUCT)}
          onClose={() => setEditing(undefined)}
        />
      )}
      {removing && (
        <Confirm title={t('remove_resource', { name: nameOf(removing) })} action={t('remove')} danger isBusy={remove.isBusy} error={remove.error} onConfirm={() => void remove.run(removing)} onClose={() => setRemoving(undefined)}>
          {t('remove_resource_what')}
        </Confirm>
      )}
    </>
  );
}

function Opens({ resource, onEdit, onRemove }: { resource: Resource; onEdit?: (() => void) | undefined; onRemove: () => void }) {
  const t = useText('catalog');
  const routes = useRead(['routes', 'of', resource.id], () => data(api.GET('/v1/routes', { params: { query: { resource: resource.id, limit: 100 } } })));
  if (routes.isLoading) return <LoadingState />;
  if (!routes.data) return <ErrorState error={routes.error} onRetry={() => void routes.refetch()} />;
  return (
    <div className="l-opens">
      {resource.aliases.length > 0 && <Text size="sm" c="dimmed">{t('aliases', { names: resource.aliases.join(', ') })}</Text>}
      {routes.data.items.length === 0 ? (
        <Text size="sm" c="dimmed">{t('opens_none', { name: nameOf(resource) })}</Text>
      ) : (
        <>
          <Text size="sm" c="dimmed">{t('opens')}</Text>
          <ul>
            {routes.data.items.map((route) => <li key={route.id}><code>{route.method} {route.path}</code></li>)}
          </ul>
          {routes.data.next && <Text size="sm" c="dimmed">{t('opens_more')}</Text>}
        </>
      )}
      {onEdit && (
        <Group gap="xs" mt="sm">
          <Button size="compact-sm" variant="default" leftSection={<Icon name="edit" size={14} />} onClick={onEdit}>{t('edit')}</Button>
          <Button size="compact-sm" variant="default" className="l-danger" leftSection={<Icon name="trash" size={14} />} onClick={onRemove}>{t('remove')}</Button>
        </Group>
      )}
    </div>
  );
}
