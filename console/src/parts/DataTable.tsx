// A dense list; on a phone each row becomes a card.
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useText } from '@/text/text';
import { ErrorState, LoadingState } from './States';

export interface Column<T> {
  key: string;
  /** Heading; for a column of buttons too (it is read, not shown, with `quiet`). */
  title: string;
  quiet?: boolean;
  align?: 'right';
  width?: number | string;
  render: (row: T) => ReactNode;
}

interface DataTableProps<T> {
  /** What the table holds, for a screen reader. */
  label: string;
  columns: Column<T>[];
  list: { items: T[]; isLoading: boolean; error: unknown; reload: () => void; more?: (() => void) | undefined; isLoadingMore?: boolean };
  keyOf: (row: T) => string | number;
  /** Instead of the table when there is no row. */
  empty: ReactNode;
}

export function DataTable<T>({ label, columns, list, keyOf, empty }: DataTableProps<T>) {
  const t = useText('shell');
  if (list.isLoading) return <LoadingState />;
  if (list.error && list.items.length === 0) return <ErrorState error={list.error} onRetry={list.reload} />;
  if (list.items.length === 0) return <>{empty}</>;
  return (
    <>
      <table className="l-table" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" data-align={column.align} style={{ width: column.width }}>
                <span className={column.quiet ? 'l-hidden' : undefined}>{column.title}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {list.items.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <td key={column.key} data-align={column.align} data-title={column.quiet ? undefined : column.title}>
                  <div className="l-cell">{column.render(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {list.more && (
        <div className="l-more">
          <Button variant="default" size="xs" loading={list.isLoadingMore} onClick={list.more}>{t('more')}</Button>
        </div>
      )}
    </>
  );
}
