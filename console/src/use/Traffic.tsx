// What the gates decided for the account.
import { Panel } from '@/parts/Page';
import { useSession } from '@/session/session';
import { useText } from '@/text/text';
import { Counts } from './Counts';

export default function Traffic() {
  const t = useText('use');
  const { account } = useSession();
  return (
    <Panel title={t('traffic')}>
      <Counts of={{ account }} />
    </Panel>
  );
}
