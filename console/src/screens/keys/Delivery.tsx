// How a new token reaches the integrator: shown here once, or by a link that opens once.
import { Radio, Stack } from '@mantine/core';
import { SecretDialog } from '@/parts/SecretDialog';
import { TokenDialog } from '@/parts/TokenDialog';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';

export type Way = 'show' | 'link';

export function Delivery({ value, onChange }: { value: Way; onChange: (way: Way) => void }) {
  const t = useText('keys');
  return (
    <Radio.Group label={t('delivery')} value={value} onChange={(way) => onChange(way as Way)}>
      <Stack gap="sm" mt="xs">
        <Radio value="show" label={t('delivery_show')} description={t('delivery_show_hint')} />
        <Radio value="link" label={t('delivery_link')} description={t('delivery_link_hint')} />
      </Stack>
    </Radio.Group>
  );
}

/** What an answer gave away this once. */
export interface Given {
  appKey: string;
  appToken?: string;
  link?: { url: string; expiresAt: string };
}

/** Takes the secrets out of an answer, so that nothing else keeps them. */
export function givenOf(answer: unknown): Given {
  const { appKey, appToken, handover } = answer as { appKey: string; appToken?: string; handover?: { url?: string; expiresAt: string } | null };
  return { appKey, appToken, link: handover?.url ? { url: handover.url, expiresAt: handover.expiresAt } : undefined };
}

export const isSecret = (given: Given) => Boolean(given.appToken ?? given.link);

export function GivenDialog({ title, given, onClose }: { title: string; given: Given; onClose: () => void }) {
  const t = useText('keys');
  const format = useFormat();
  if (given.appToken) return <TokenDialog title={title} appKey={given.appKey} appToken={given.appToken} onClose={onClose} />;
  if (!given.link) return null;
  return (
    <SecretDialog title={t('link_made')} lines={[{ label: t('link_label'), value: given.link.url }]} fileName={`${given.appKey}-link.txt`} onClose={onClose}>
      {t('link_made_detail', { when: format.dateTime(given.link.expiresAt) })}
    </SecretDialog>
  );
}
