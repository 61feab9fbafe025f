import { Mark } from '@/parts/States';
import type { Person } from '@/session/people';
import { useText } from '@/text/text';

export function StateMarks({ user }: { user: Person }) {
  const t = useText('users');
  const tone = user.state === 'active' ? 'good' : user.state === 'suspended' ? 'warn' : 'neutral';
  return (
    <span className="l-marks">
      {user.owner && <Mark tone="info">{t('owner')}</Mark>}
      {user.state === 'active' && user.enrolled === false ? <Mark tone="warn">{t('state_invited')}</Mark> : <Mark tone={tone}>{t(`state_${user.state}`)}</Mark>}
      {user.codesHeldSince && <Mark tone="bad">{t('codes_held')}</Mark>}
    </span>
  );
}
