// Products and their resources; of each, the routes that it opens.
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { api, data } from '@/api/client';
import { useChange, useIdempotencyKey, useList, useRead } from '@/api/hooks';
import { Icon } from '@/parts/icons';
import { Panel } from '@/parts/Page';
import { SearchField } from '@/parts/SearchField';
import { EmptyState, ErrorState, FormError, LoadingState } from '@/parts/States';
import { toast } from '@/parts/toast';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { nameOf, type Resource } from './catalog';

export function ResourcesTab() {
  const t = useText('catalog');
  const shell = useText('shell');
  const session = useSession();
  const [q, setQ] = useState('');
  const [open, setOpen] = useState<number>();
  const [adding, setAdding] = useState(false);
  const products = useRead(['resources', 'products'], () => data(api.GET('/v1/products')));
  const list = useList<Resource>(['resources', q], (cursor) => data(api.GET('/v1/resources', { params: { query: { q: q || undefined, limit: 200, cursor } } })));
  const groups = useMemo(() => {
    const found = new Map<string, Resource[]>();
    for (const resource of list.items) found.set(resource.product, [...(found.get(resource.product) ?? []), resource]);
    return [...found].sort(([a], [b]) => a.localeCompare(b));
  }, [list.items]);
  const total = (product: string) => products.data?.items.find((one) => one.product === product)?.resources;

  return (
    <>
      <div className="l-toolbar">
        <SearchField label={t('search_resources')} value={q} onSearch={setQ} />
        {session.may('installation') && <Button variant="default" leftSection={<Icon name="plus" />} onClick={() => setAdding(true)}>{t('add_resource')}</Button>}
      </div>
      {list.isLoading && <LoadingState />}
      {list.error && list.items.length === 0 && <ErrorState error={list.error} onRetry={list.reload} />}
      {!list.isLoading && !list.error && list.items.length === 0 && (
        <Panel><EmptyState icon="catalog" title={q ? t('no_resource') : t('no_resources')}>{q ? undefined : t('no_routes_why')}</EmptyState></Panel>
      )}
      {groups.map(([product, resources]) => (
        <Panel key={product} title={product} lead={t('resources_count', { count: q ? resources.length : (total(product) ?? resources.length) })} flush>
          <ul className="l-resources">
            {resources.map((resource) => (
              <li key={resource.id}>
                <button type="button" className="l-resource" aria-expanded={open === resource.id} onClick={() => setOpen(open === resource.id ? undefined : resource.id)}>
                  <span className="l-turn" data-open={open === resource.id || undefined}><Icon name="chevron" size={14} /></span>
                  <span className="l-resource-name">{resource.name ?? resource.key}</span>
                  <code>{resource.key}</code>
                  <span className="l-resource-category">{resource.category}</span>
                </button>
                {open === resource.id && <Opens resource={resource} />}
              </li>
            ))}
          </ul>
        </Panel>
      ))}
      {list.more && <div className="l-more"><Button variant="default" size="xs" loading={list.isLoadingMore} onClick={list.more}>{shell('more')}</Button></div>}
      {adding && <AddResource products={(products.data?.items ?? []).map((one) => one.product)} onClose={() => setAdding(false)} />}
    </>
  );
}

function Opens({ resource }: { resource: Resource }) {
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
    </div>
  );
}

const FIELDS = ['product', 'key', 'category', 'name'] as const;

function AddResource({ products, onClose }: { products: string[]; onClose: () => void }) {
  const t = useText('catalog');
  const shell = useText('shell');
  const [typed, setTyped] = useState({ product: products[0] ?? '', key: '', category: '', name: '' });
  const [asked, setAsked] = useState(false);
  const idempotency = useIdempotencyKey();
  const adding = useChange(
    () =>
      data(
        api.POST('/v1/resources', {
          params: { header: idempotency.header() },
          body: { product: typed.product.trim(), key: typed.key.trim(), category: typed.category.trim() || undefined, name: typed.name.trim() || undefined },
        }),
      ),
    {
      makesOld: [['resources']],
      onDone: () => {
        toast(t('resource_added'));
        onClose();
      },
    },
  );
  const isWhole = Boolean(typed.product.trim() && typed.key.trim());
  return (
    <Modal opened onClose={onClose} title={t('add_resource')} closeButtonProps={{ 'aria-label': shell('close') }}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(true);
          if (isWhole) void adding.run(undefined);
        }}
      >
        <Stack gap="sm">
          {FIELDS.map((name) => (
            <TextInput
              key={name}
              label={t(`resource_${name}`)}
              description={name === 'key' ? t('resource_key_why') : undefined}
              required={name === 'product' || name === 'key'}
              value={typed[name]}
              onChange={(event) => {
                const { value } = event.currentTarget;
                setTyped((before) => ({ ...before, [name]: value }));
              }}
              error={asked && (name === 'product' || name === 'key') && !typed[name].trim() ? t('needed') : undefined}
            />
          ))}
          <FormError error={adding.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>{shell('cancel')}</Button>
            <Button type="submit" loading={adding.isBusy}>{t('add_resource')}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
