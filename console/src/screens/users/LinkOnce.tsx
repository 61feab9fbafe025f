import { SecretDialog } from '@/parts/SecretDialog';
import { useText } from '@/text/text';

export function LinkOnce({ title, url, onClose }: { title: string; url: string; onClose: () => void }) {
  const t = useText('users');
  return (
    <SecretDialog title={title} lines={[{ label: t('link'), value: url }]} fileName="llavero-invitation.txt" onClose={onClose}>
      {t('link_detail')}
    </SecretDialog>
  );
}
