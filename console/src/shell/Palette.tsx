// Every page and a few deeds, found by typing.
import { Kbd, Modal, Text, TextInput } from '@mantine/core';
import { type KeyboardEvent, useId, useMemo, useState } from 'react';
import { Icon, type IconName } from '@/parts/icons';
import { useText } from '@/text/text';

export interface Command {
  id: string;
  name: string;
  icon: IconName;
  keys?: string | undefined;
  run: () => void;
}

/** Without case and accents, so that "catalogo" finds "Catálogo". */
const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

export function Palette({ commands, onClose }: { commands: Command[]; onClose: () => void }) {
  const t = useText('shell');
  const id = useId();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const found = useMemo(() => {
    const words = plain(typed).split(/\s+/).filter(Boolean);
    return commands.filter((command) => words.every((word) => plain(command.name).includes(word)));
  }, [commands, typed]);
  const chosen = found[Math.min(at, found.length - 1)];
  const run = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };
  const press = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && found.length > 0) {
      event.preventDefault();
      const next = (at + step + found.length) % found.length;
      setAt(next);
      document.getElementById(`${id}-${found[next]!.id}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(chosen);
    }
  };
  return (
    <Modal.Root opened onClose={onClose} yOffset="12vh" size="md" padding="sm">
      <Modal.Overlay />
      <Modal.Content>
        <Modal.Body>
          <Modal.Title className="l-hidden">{t('palette_open')}</Modal.Title>
          <TextInput
            data-autofocus
            role="combobox"
            aria-expanded
            aria-controls={`${id}-list`}
            aria-activedescendant={chosen && `${id}-${chosen.id}`}
            aria-label={t('palette_open')}
            placeholder={t('palette_hint')}
            leftSection={<Icon name="search" />}
            value={typed}
            onChange={(event) => {
              setTyped(event.currentTarget.value);
              setAt(0);
            }}
            onKeyDown={press}
          />
          <ul className="l-palette-list" role="listbox" id={`${id}-list`} aria-label={t('palette_open')}>
            {found.map((command) => (
              <li key={command.id} id={`${id}-${command.id}`} role="option" aria-selected={command === chosen} onClick={() => run(command)} onMouseMove={() => setAt(found.indexOf(command))}>
                <Icon name={command.icon} />
                <span>{command.name}</span>
                {command.keys && <Kbd size="xs">{command.keys}</Kbd>}
              </li>
            ))}
          </ul>
          {found.length === 0 && <Text size="sm" c="dimmed" p="sm" role="status">{t('palette_none')}</Text>}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
