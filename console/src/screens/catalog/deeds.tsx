// The buttons at the end of a row: change it, take it away.
import { ActionIcon, Group, Tooltip } from '@mantine/core';
import type { Column } from '@/parts/DataTable';
import { Icon } from '@/parts/icons';

interface Deed<T> {
  what: string;
  /** With the row's name, for who does not see the row. */
  named: (row: T) => string;
  run: (row: T) => void;
}

export function deedsColumn<T>(title: string, edit: Deed<T>, remove: Deed<T>): Column<T> {
  return {
    key: 'do',
    title,
    quiet: true,
    align: 'right',
    width: 110,
    render: (row) => (
      <Group gap={4} justify="flex-end" wrap="nowrap">
        <Tooltip label={edit.what}><ActionIcon variant="subtle" color="gray" aria-label={edit.named(row)} onClick={() => edit.run(row)}><Icon name="edit" /></ActionIcon></Tooltip>
        <Tooltip label={remove.what}><ActionIcon variant="subtle" color="gray" aria-label={remove.named(row)} onClick={() => remove.run(row)}><Icon name="trash" /></ActionIcon></Tooltip>
      </Group>
    ),
  };
}
