// A secret that the keeper says once: an appToken, recovery codes, an invitation's link. It lives in this dialog's
// properties alone: in no URL, no storage, no query cache; once closed it is in neither the page nor its history.
import { Button, Checkbox, Group, Modal, Stack, Text } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';
import { useText } from '@/text/text';
import { CopyButton } from './Copy';
import { download } from './download';
import { Icon } from './icons';
import { Notice } from './States';

export interface SecretLine {
  label: string;
  value: string;
}

interface SecretDialogProps {
  title: string;
  /** Before the secret: what it is for. */
  children?: ReactNode;
  lines: SecretLine[];
  /** What copying and the file hold; the values, one a line, unless told. */
  text?: string;
  fileName: string;
  /** Called once the person said that it is stored: forget the secret there. */
  onClose: () => void;
}

export function SecretDialog({ title, children, lines, text, fileName, onClose }: SecretDialogProps) {
  const t = useText('shell');
  const [stored, setStored] = useState(false);
  const all = text ?? `${lines.map((line) => line.value).join('\n')}\n`;
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, []);
  return (
    <Modal opened onClose={() => undefined} withCloseButton={false} closeOnEscape={false} closeOnClickOutside={false} title={title} size="lg">
      <Stack gap="md">
        {children && <Text component="div" size="sm">{children}</Text>}
        <Notice tone="warn">{t('secret_once')}</Notice>
        <dl className="l-secret" data-many={lines.length > 4 || undefined}>
          {lines.map((line) => (
            <div key={line.label + line.value}>
              {line.label && <dt>{line.label}</dt>}
              <dd>{line.value}</dd>
            </div>
          ))}
        </dl>
        <Group gap="xs">
          <CopyButton text={all} />
          <Button variant="default" leftSection={<Icon name="download" />} onClick={() => download(fileName, all)}>{t('download')}</Button>
        </Group>
        <Checkbox label={t('secret_stored')} checked={stored} onChange={(event) => setStored(event.currentTarget.checked)} />
        <Group justify="flex-end">
          <Button disabled={!stored} onClick={onClose}>{t('done')}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
