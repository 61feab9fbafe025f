// The ways to look at keys, as links.
import { Link } from 'react-router-dom';
import { useText } from '@/text/text';

const TABS = [
  ['own', '/keys'],
  ['external', '/keys?view=external'],
] as const;

export function Tabs({ at }: { at: (typeof TABS)[number][0] }) {
  const t = useText('keys');
  return (
    <nav className="l-tabs" aria-label={t('tabs')}>
      {TABS.map(([name, to]) => (
        <Link key={name} to={to} aria-current={name === at ? 'page' : undefined}>{t(`tab_${name}`)}</Link>
      ))}
    </nav>
  );
}
