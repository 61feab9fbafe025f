// The ways to look at keys, as links.
import { Link } from 'react-router-dom';
import { useStatus } from '@/api/status';
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
      <CheckLink />
    </nav>
  );
}

/** The token checker is a page of its own: it alone may run the checker's code, and it sends nothing. */
export function CheckLink({ appKey }: { appKey?: string }) {
  const t = useText('keys');
  const status = useStatus();
  const fragment = new URLSearchParams({ ...(appKey && { appKey }), ...(status.data && { prefix: status.data.appKeyPrefix }) });
  return <a className="l-link" href={`/check#${fragment}`}>{t('tab_check')}</a>;
}
