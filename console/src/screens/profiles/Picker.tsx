// The resources of the catalogue by product, to be ticked. What the profile holds is shown also when the search or the
// catalogue's size keeps it from the list.
import { Button, Checkbox, Group, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useMemo, useState } from 'react';
import { api, data } from '@/api/client';
import { useList } from '@/api/hooks';
import { Icon } from '@/parts/icons';
import { EmptyState, ErrorState, LoadingState } from '@/parts/States';
import { useText } from '@/text/text';
import { nameOf, refOf, type Resource } from './model';

/** So many are read without being asked for; then a button goes on. */
const READ_MAX = 1000;

type Row = Pick<Resource, 'product' | 'category' | 'key' | 'name' | 'description'>;

function useResources(q: string) {
  const list = useList<Resource>(['resources', 'choice', q], (cursor) => data(api.GET('/v1/resources', { params: { query: { q: q || undefined, limit: 200, cursor } } })));
  const { more, isLoadingMore, items } = list;
  useEffect(() => {
    if (more && !isLoadingMore && items.length < READ_MAX) more();
  }, [more, isLoadingMore, items.length]);
  return list;
}

function byProduct(rows: Row[]): [product: string, rows: Row[]][] {
  const products = new Map<string, Row[]>();
  for (const row of rows) products.set(row.product, [...(products.get(row.product) ?? []), row]);
  const order = (row: Row) => `${row.category ?? ''}\n${row.name || row.key}`;
  return [...products]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([product, some]) => [product, some.sort((a, b) => order(a).localeCompare(order(b)))]);
}

interface ProductProps {
  product: string;
  rows: Row[];
  chosen: ReadonlySet<string>;
  startsOpen: boolean;
  onToggle: ((names: string[], on: boolean) => void) | undefined;
}

function Line({ row, isChosen, onToggle }: { row: Row; isChosen: boolean; onToggle: ProductProps['onToggle'] }) {
  const words = (
    <>
      {row.name || row.key}
      {row.name && row.name !== row.key && <span className="l-code l-dim"> {row.key}</span>}
      {row.description && <small className="l-dim">{row.description}</small>}
    </>
  );
  if (!onToggle) return <li>{words}</li>;
  return (
    <li>
      <label>
        <input type="checkbox" checked={isChosen} onChange={(event) => onToggle([nameOf(row)], event.currentTarget.checked)} />
        <span>{words}</span>
      </label>
    </li>
  );
}

function Product({ product, rows, chosen, startsOpen, onToggle }: ProductProps) {
  const t = useText('profiles');
  const [isOpen, setOpen] = useState(startsOpen);
  useEffect(() => setOpen(startsOpen), [startsOpen]);
  const count = rows.filter((row) => chosen.has(nameOf(row))).length;
  const categories = [...new Set(rows.map((row) => row.category ?? ''))];
  return (
    <section className="l-product">
      <h3>
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Icon name="chevron" size={14} />
          <span>{product}</span>
          <small>{onToggle ? t('chosen_of', { count, all: rows.length }) : t('resources', { count: rows.length })}</small>
        </button>
      </h3>
      {isOpen && (
        <div className="l-product-body">
          {onToggle && rows.length > 1 && (
            <Group gap="xs">
              <Button variant="subtle" size="compact-xs" disabled={count === rows.length} onClick={() => onToggle(rows.map(nameOf), true)}>{t('choose_all')}</Button>
              <Button variant="subtle" size="compact-xs" disabled={count === 0} onClick={() => onToggle(rows.map(nameOf), false)}>{t('choose_none')}</Button>
            </Group>
          )}
          {categories.map((category) => (
            <div key={category}>
              {category && <Text size="xs" c="dimmed" mt={6}>{category}</Text>}
              <ul>
                {rows.filter((row) => (row.category ?? '') === category).map((row) => (
                  <Line key={row.key} row={row} isChosen={chosen.has(nameOf(row))} onToggle={onToggle} />
                ))}
              </ul>
            </div>
          ))}
        </div>
      )}
    </section>
  );
}

interface PickerProps {
  chosen: ReadonlySet<string>;
  /** Absent: only to be read. */
  onChange?: ((next: Set<string>) => void) | undefined;
}

export function Picker({ chosen, onChange }: PickerProps) {
  const t = useText('profiles');
  const [typed, setTyped] = useState('');
  const [onlyChosen, setOnlyChosen] = useState(!onChange);
  const [q] = useDebouncedValue(typed.trim(), 250);
  const list = useResources(q);
  const rows = useMemo(() => {
    const known = new Map<string, Row>(list.items.map((item) => [nameOf(item), item]));
    if (!onlyChosen) return [...known.values()];
    const wanted = q.toLowerCase();
    return [...chosen]
      .map((name): Row => known.get(name) ?? { ...refOf(name), category: null, name: null, description: null })
      .filter((row) => !wanted || `${row.product} ${row.key} ${row.name ?? ''} ${row.description ?? ''}`.toLowerCase().includes(wanted));
  }, [list.items, chosen, onlyChosen, q]);
  const products = useMemo(() => byProduct(rows), [rows]);
  const toggle = onChange && ((names: string[], on: boolean) => {
    const next = new Set(chosen);
    names.forEach((name) => (on ? next.add(name) : next.delete(name)));
    onChange(next);
  });
  const startsOpen = q !== '' || onlyChosen || products.length <= 3;
  return (
    <div>
      <div className="l-toolbar">
        <TextInput className="l-search" type="search" aria-label={t('resource_search')} placeholder={t('resource_search')} leftSection={<Icon name="search" />} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
        {onChange && <Checkbox label={t('only_chosen')} checked={onlyChosen} onChange={(event) => setOnlyChosen(event.currentTarget.checked)} className="l-middle" />}
      </div>
      {list.isLoading ? <LoadingState /> : list.error && list.items.length === 0 ? <ErrorState error={list.error} onRetry={list.reload} /> : products.length === 0 ? (
        <EmptyState icon="catalog" title={q ? t('resource_none_found') : onlyChosen ? t('chosen_none') : t('resource_none')}>{!q && !onlyChosen && t('resource_none_detail')}</EmptyState>
      ) : (
        products.map(([product, some]) => <Product key={product} product={product} rows={some} chosen={chosen} startsOpen={startsOpen} onToggle={toggle} />)
      )}
      {list.more && list.items.length >= READ_MAX && !onlyChosen && (
        <div className="l-more"><Button variant="default" size="xs" loading={list.isLoadingMore} onClick={list.more}>{t('more')}</Button></div>
      )}
    </div>
  );
}
