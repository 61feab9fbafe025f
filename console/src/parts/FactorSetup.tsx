// The second factor's secret as a QR code and as text.
import { Group, Stack, Text } from '@mantine/core';
import { useText } from '@/text/text';
import { CopyIcon } from './Copy';
import { Qr } from './Qr';

export function FactorSetup({ secret, otpauth }: { secret: string; otpauth: string }) {
  const t = useText('shell');
  const spaced = secret.replace(/(.{4})(?=.)/g, '$1 ');
  return (
    <Group align="flex-start" gap="lg">
      <Qr text={otpauth} label={t('factor_qr')} />
      <Stack gap={6} flex={1} miw={200}>
        <Text size="sm">{t('factor_scan')}</Text>
        <Text size="sm" c="dimmed">{t('factor_type')}</Text>
        <Group gap={4} wrap="nowrap" align="flex-start">
          <code className="l-code">{spaced}</code>
          <CopyIcon text={secret} what={t('factor_copy')} />
        </Group>
      </Stack>
    </Group>
  );
}
