// The owner alone handles keys unless he delegated it; wherever that has an effect, it is said.
import { Link } from 'react-router-dom';
import { useSession } from '@/session/session';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';
import { delegationOf, useProfiles } from './delegates';
import { Mark, Notice } from './States';

export function Delegation() {
  const t = useText('shell');
  const format = useFormat();
  const { user, caller, may } = useSession();
  const handling = useProfiles().items.filter((profile) => delegationOf(profile) === 'on');
  if (caller === 'user' && !user?.owner) return may('keys.edit') ? <div className="l-gap"><Notice>{t('delegated_to_you')}</Notice></div> : null;
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

/** In a list, beside the profile's name. */
export function DelegationMark({ profile }: { profile: Parameters<typeof delegationOf>[0] }) {
  const t = useText('shell');
  const is = delegationOf(profile);
  return is ? <Mark tone={is === 'on' ? 'warn' : 'neutral'}>{t(`delegation_${is}`)}</Mark> : null;
}

/** On the page of a profile or of one who holds it. */
export function DelegationNotice({ profile, names }: { profile: Parameters<typeof delegationOf>[0]; names?: string }) {
  const t = useText('shell');
  const { may } = useSession();
  const is = delegationOf(profile);
  if (!is) return null;
  return (
    <div className="l-gap">
      <Notice tone={is === 'on' ? 'warn' : 'info'}>
        {t(`delegation_${names ? 'user' : 'profile'}_${is}`, { names })}
        {may('settings') && <> <Link className="l-link" to="/settings">{t(may('owner') && is !== 'on' ? 'delegation_do' : 'delegation_look')}</Link></>}
      </Notice>
    </div>
  );
}
