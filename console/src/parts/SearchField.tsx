// A search that waits until the typing pauses; `/` on the keyboard goes to it.
import { CloseButton, Kbd, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useText } from '@/text/text';
import { Icon } from './icons';

export function SearchField({ label, value, onSearch }: { label: string; value: string; onSearch: (text: string) => void }) {
  const t = useText('shell');
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => onSearch(typed), 250);
    return () => clearTimeout(timer);
  }, [typed, value, onSearch]);
  return (
    <TextInput
      data-search
      type="search"
      className="l-search"
      aria-label={label}
      placeholder={label}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={(event) => event.key === 'Escape' && setTyped('')}
      leftSection={<Icon name="search" />}
      rightSection={typed ? <CloseButton size="sm" aria-label={t('search_clear')} onClick={() => setTyped('')} /> : <Kbd size="xs" aria-hidden>/</Kbd>}
    />
  );
}
