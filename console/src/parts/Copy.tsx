import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useText } from '@/text/text';
import { Icon } from './icons';

function useCopied() {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = (text: string) => void navigator.clipboard.writeText(text).then(() => setCopied(true), () => setCopied(false));
  return { copied, copy };
}

/** A small button that puts a text on the clipboard. `what` names it: "Copy the appKey". */
export function CopyIcon({ text, what }: { text: string; what: string }) {
  const t = useText('shell');
  const { copied, copy } = useCopied();
  return (
    <Tooltip label={copied ? t('copied') : what}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={copied ? t('copied') : what} onClick={() => copy(text)}>
        <Icon name={copied ? 'check' : 'copy'} size={14} />
      </ActionIcon>
    </Tooltip>
  );
}

export function CopyButton({ text }: { text: string }) {
  const t = useText('shell');
  const { copied, copy } = useCopied();
  return (
    <Button variant="default" leftSection={<Icon name={copied ? 'check' : 'copy'} />} onClick={() => copy(text)} aria-live="polite">
      {copied ? t('copied') : t('copy')}
    </Button>
  );
}
