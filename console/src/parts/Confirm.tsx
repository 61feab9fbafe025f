// A question before something that cannot be taken back, or not easily.
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useText } from '@/text/text';
import { FormError } from './States';

interface ConfirmProps {
  title: string;
  children: ReactNode;
  /** The button's words say what happens: "Suspend", never "OK". */
  action: string;
  danger?: boolean;
  /** Must be typed before the button works. */
  typeThis?: string;
  isBusy?: boolean;
  error?: unknown;
  onConfirm: () => void;
  onClose: () => void;
}

export function Confirm({ title, children, action, danger, typeThis, isBusy, error, onConfirm, onClose }: ConfirmProps) {
  const t = useText('shell');
  const [typed, setTyped] = useState('');
  const ready = typeThis === undefined || typed === typeThis;
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) onConfirm();
        }}
      >
        <Stack gap="md">
          <Text component="div" size="sm">{children}</Text>
          {typeThis !== undefined && (
            <TextInput label={t('type_to_confirm', { text: typeThis })} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} autoComplete="off" spellCheck={false} data-autofocus />
          )}
          <FormError error={error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
            <Button type="submit" color={danger ? 'red' : undefined} disabled={!ready} loading={isBusy}>{action}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
