// A form that lies over whatever is open, and is answered before anything else goes on.
import { Group, Modal, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { FormError } from './States';

interface EntryDialogProps {
  opened: boolean;
  title: string;
  why: string;
  /** Nothing of the page is seen behind it. */
  opaque?: boolean;
  error: unknown;
  buttons: ReactNode;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}

export function EntryDialog({ opened, title, why, opaque, error, buttons, onSubmit, onClose, children }: EntryDialogProps) {
  return (
    <Modal.Root opened={opened} onClose={onClose} size="sm" zIndex={opaque ? 400 : 350} returnFocus>
      {opaque ? <Modal.Overlay backgroundOpacity={1} color="var(--l-ground)" /> : <Modal.Overlay />}
      <Modal.Content>
        <Modal.Body pt="md">
          <Modal.Title mb="md">{title}</Modal.Title>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              onSubmit();
            }}
          >
            <Stack gap="md">
              <Text size="sm">{why}</Text>
              {children}
              <FormError error={error} />
              <Group justify={opaque ? 'space-between' : 'flex-end'} gap="xs">{buttons}</Group>
            </Stack>
          </form>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
