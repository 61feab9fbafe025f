// A new appToken, beside its appKey.
import { useText } from '@/text/text';
import { SecretDialog } from './SecretDialog';

export function TokenDialog({ title, appKey, appToken, onClose }: { title: string; appKey: string; appToken: string; onClose: () => void }) {
  const t = useText('shell');
  return (
    <SecretDialog
      title={title}
      lines={[{ label: 'appKey', value: appKey }, { label: 'appToken', value: appToken }]}
      text={`appKey: ${appKey}\nappToken: ${appToken}\n`}
      fileName={`${appKey}.txt`}
      onClose={onClose}
    >
      {t('token_keep')}
    </SecretDialog>
  );
}
