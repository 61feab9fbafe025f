import { Group, Kbd, Modal, Stack, Text } from '@mantine/core';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { ROUTES } from './routes';

export function Shortcuts({ onClose }: { onClose: () => void }) {
  const t = useText('shell');
  const session = useSession();
  const rows: [string, string][] = [
    ['Ctrl K', t('palette_open')],
    ['/', t('keys_search')],
    ['?', t('shortcuts')],
    ['Esc', t('keys_close')],
    ...ROUTES.filter((route) => route.go && session.may(route.need)).map((route): [string, string] => [`g ${route.go}`, t('go_to', { page: t(`nav_${route.screen}`) })]),
  ];
  return (
    <Modal opened onClose={onClose} title={t('shortcuts')} size="sm" closeButtonProps={{ 'aria-label': t('close') }}>
      <Stack gap={6}>
        {rows.map(([keys, meaning]) => (
          <Group key={keys} justify="space-between">
            <Text size="sm">{meaning}</Text>
            <span>
              {keys.split(' ').map((key) => (
                <Kbd key={key} size="xs" ml={4}>{key}</Kbd>
              ))}
            </span>
          </Group>
        ))}
      </Stack>
    </Modal>
  );
}
