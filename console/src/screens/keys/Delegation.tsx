// The owner alone handles keys unless he delegated it; where that has an effect, it is said.
import { Link } from 'react-router-dom';
import { Notice } from '@/parts/States';
import { delegatesKeys } from '@/screens/profiles/model';
import { useSession } from '@/session/session';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';
import { useProfiles } from './data';

export function Delegation() {
  const t = useText('keys');
  const format = useFormat();
  const { user, caller } = useSession();
  const handling = useProfiles().items.filter(delegatesKeys);
  if (caller === 'user' && !user?.owner) return <div className="l-gap"><Notice>{t('delegated_to_you')}</Notice></div>;
  if (handling.length === 0) return null;
  return (
    <div className="l-gap">
      <Notice>
        {t('delegated', { names: format.list(handling.map((profile) => profile.name)) })}{' '}
        <Link className="l-link" to={handling.length === 1 ? `/profiles/${handling[0]!.id}` : '/profiles'}>{t('delegated_look')}</Link>
      </Notice>
    </div>
  );
}
