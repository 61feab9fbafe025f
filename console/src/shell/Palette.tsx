// Every page, what may be done, and the keys, profiles, users and resources themselves, found by typing.
import { Kbd, Modal, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { type KeyboardEvent, useId, useMemo, useState } from 'react';
import { useNavigate } from 'react-router-dom';
import { useRead } from '@/api/hooks';
import { Icon, type IconName } from '@/parts/icons';
import { useErrorText } from '@/parts/States';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { find, FIND_FROM, FIND_ICONS } from './finds';

export interface Command {
  id: string;
  name: string;
  icon: IconName;
  keys?: string | undefined;
  /** Of a thing that was found: what tells it from others, and what it is. */
  detail?: string;
  kind?: string;
  run: () => void;
}

/** Without case and accents, so that "catalogo" finds "Catálogo". */
const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

export function Palette({ commands, onClose }: { commands: Command[]; onClose: () => void }) {
  const t = useText('shell');
  const errorText = useErrorText();
  const id = useId();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const { account, may } = useSession();
  const navigate = useNavigate();
  const [q] = useDebouncedValue(typed.trim(), 200);
  const asks = q.length >= FIND_FROM;
  const search = useRead(['palette', account, q], () => find(q, account, may), { enabled: asks });
  const found = useMemo((): Command[] => {
    const words = plain(typed).split(/\s+/).filter(Boolean);
    const named = commands.filter((command) => words.every((word) => plain(command.name).includes(word)));
    // Those of an earlier text are none of this one's.
    const things = asks && typed.trim() === q ? (search.data ?? []) : [];
    return [...named, ...things.map((thing) => ({ id: thing.id, name: thing.name, detail: thing.detail, kind: t(`find_${thing.kind}`), icon: FIND_ICONS[thing.kind], run: () => void navigate(thing.to) }))];
  }, [commands, typed, asks, q, search.data, navigate, t]);
  const isBusy = typed.trim().length >= FIND_FROM && (typed.trim() !== q || search.isFetching);
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
                <span>{command.name}{command.detail && <small className="l-code">{command.detail}</small>}</span>
                {command.kind && <small>{command.kind}</small>}
                {command.keys && <Kbd size="xs">{command.keys}</Kbd>}
              </li>
            ))}
          </ul>
          {search.error && asks && <Text size="sm" c="dimmed" p="sm" role="status">{errorText(search.error)}</Text>}
          {found.length === 0 && !search.error && <Text size="sm" c="dimmed" p="sm" role="status">{isBusy ? t('palette_searching') : t('palette_none')}</Text>}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
