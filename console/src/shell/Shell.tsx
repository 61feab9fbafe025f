// The frame around the screens: navigation, account menu, banner while the keeper is away, palette and shortcuts.
import { ActionIcon, Button, Drawer, Kbd, Menu, useMantineColorScheme } from '@mantine/core';
import { Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { Link, NavLink, Outlet, useLocation, useNavigate } from 'react-router-dom';
import { connectionRetry, useOnline } from '@/api/connection';
import { ApiError } from '@/api/problem';
import icon from '@/assets/icon.svg';
import { Icon, type IconName } from '@/parts/icons';
import { LoadingState } from '@/parts/States';
import { EmailTold } from '@/session/EmailTold';
import { signedOut } from '@/session/leave';
import { people } from '@/session/people';
import { type Need, useSession } from '@/session/session';
import { useFormat } from '@/text/format';
import { type Language, LANGUAGES, setLanguage, useLanguage, useText } from '@/text/text';
import { type Command, Palette } from './Palette';
import { type Group, ROUTES } from './routes';
import { Shortcuts } from './Shortcuts';
import { useKeys } from './useKeys';

const GROUPS: Group[] = ['main', 'activity', 'developer', 'settings'];

function useSignOut(): () => Promise<void> {
  return useCallback(async () => {
    try {
      await people.logout();
    } catch (error) {
      // Ended already is as good. Without an answer the session may live on: nobody is told otherwise.
      if (!(error instanceof ApiError && error.status === 401)) return;
    }
    signedOut();
  }, []);
}

function Navigation({ onFind }: { onFind: () => void }) {
  const t = useText('shell');
  const session = useSession();
  return (
    <>
      <button type="button" className="l-find" onClick={onFind}>
        <Icon name="search" size={14} />
        <span>{t('palette_short')}</span>
        <Kbd size="xs" aria-hidden>Ctrl K</Kbd>
      </button>
      <nav className="l-nav" aria-label={t('navigation')}>
        {GROUPS.map((group) => {
          const rows = ROUTES.filter((route) => route.group === group && session.may(route.need));
          if (rows.length === 0) return null;
          return (
            <div key={group}>
              {group !== 'main' && <h2>{t(`group_${group}`)}</h2>}
              <ul>
                {rows.map((route) => (
                  <li key={route.path}>
                    <NavLink to={route.path}>
                      {route.icon && <Icon name={route.icon} />}
                      {t(`nav_${route.screen}`)}
                    </NavLink>
                  </li>
                ))}
              </ul>
            </div>
          );
        })}
      </nav>
    </>
  );
}

function Brand() {
  const { account } = useSession();
  return (
    <Link to="/" className="l-brand">
      <img src={icon} alt="" />
      <span>
        Llavero
        {account && <small>{account}</small>}
      </span>
    </Link>
  );
}

function AccountMenu({ onHelp }: { onHelp: () => void }) {
  const t = useText('shell');
  const lang = useLanguage();
  const { user, caller } = useSession();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const signOut = useSignOut();
  const name = user?.name || user?.email || t('operator');
  return (
    <Menu position="top-start" width={232}>
      <Menu.Target>
        <button type="button" className="l-me">
          <span className="l-hidden">{t('account_menu')}</span>
          <span className="l-face" aria-hidden>{name.slice(0, 1).toUpperCase()}</span>
          <span>
            {name}
            {user && user.name && <small>{user.email}</small>}
          </span>
          <Icon name="more" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {user && <Menu.Item component={Link} to="/me" leftSection={<Icon name="user" />}>{t('nav_me')}</Menu.Item>}
        <Menu.Item leftSection={<Icon name="keyboard" />} onClick={onHelp}>{t('shortcuts')}</Menu.Item>
        <Menu.Label>{t('theme')}</Menu.Label>
        {(['light', 'dark', 'auto'] as const).map((scheme) => (
          <Menu.Item key={scheme} closeMenuOnClick={false} rightSection={colorScheme === scheme ? <Icon name="check" size={14} /> : null} aria-current={colorScheme === scheme || undefined} onClick={() => setColorScheme(scheme)}>
            {t(`theme_${scheme}`)}
          </Menu.Item>
        ))}
        <Menu.Label>{t('language')}</Menu.Label>
        {(Object.keys(LANGUAGES) as Language[]).map((each) => (
          <Menu.Item key={each} lang={each} closeMenuOnClick={false} rightSection={each === lang ? <Icon name="check" size={14} /> : null} aria-current={each === lang || undefined} onClick={() => void setLanguage(each)}>
            {LANGUAGES[each]}
          </Menu.Item>
        ))}
        {caller === 'user' && (
          <>
            <Menu.Divider />
            <Menu.Item leftSection={<Icon name="logout" />} onClick={() => void signOut()}>{t('sign_out')}</Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function OfflineBanner() {
  const t = useText('shell');
  if (useOnline()) return null;
  return (
    <div className="l-banner" role="alert">
      <Icon name="offline" />
      <span>{t('offline_banner')}</span>
      <Button size="compact-xs" variant="default" onClick={connectionRetry}>{t('retry')}</Button>
    </div>
  );
}

function HeldBanner() {
  const t = useText('shell');
  const format = useFormat();
  const { codesHeldSince } = useSession();
  if (!codesHeldSince) return null;
  return (
    <div className="l-banner" role="alert">
      <Icon name="warning" />
      <span>{t('codes_held', { since: format.dateTime(codesHeldSince) })}</span>
      <Button component={Link} to="/me" size="compact-xs" variant="default">{t('codes_held_do')}</Button>
    </div>
  );
}

/** What may be done from anywhere, by where it is done. */
const DEEDS: { name: string; need: Need; to: string; icon: IconName }[] = [
  { name: 'key', need: 'keys.edit', to: '/keys?view=new', icon: 'plus' },
  { name: 'external', need: 'keys.edit', to: '/keys?view=external&do=add', icon: 'external' },
  { name: 'profile', need: 'profiles.edit', to: '/profiles/new', icon: 'plus' },
  { name: 'invite', need: 'users.edit', to: '/users?do=invite', icon: 'plus' },
  { name: 'import', need: 'installation', to: '/catalog/import', icon: 'catalog' },
  { name: 'explain', need: 'diagnose', to: '/diagnose', icon: 'diagnose' },
];

function useCommands(onHelp: () => void): Command[] {
  const t = useText('shell');
  const session = useSession();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const { setColorScheme } = useMantineColorScheme();
  return useMemo(
    () => [
      ...ROUTES.filter((route) => session.may(route.need)).map((route) => ({
        id: route.path,
        name: t('go_to', { page: t(`nav_${route.screen}`) }),
        icon: route.icon ?? ('user' as const),
        keys: route.go ? `g ${route.go}` : undefined,
        run: () => navigate(route.path),
      })),
      ...DEEDS.filter((deed) => session.may(deed.need)).map(({ name, to, icon }) => ({ id: `do-${name}`, name: t(`do_${name}`), icon, run: () => navigate(to) })),
      ...(['light', 'dark', 'auto'] as const).map((scheme) => ({
        id: `theme-${scheme}`,
        name: `${t('theme')}: ${t(`theme_${scheme}`)}`,
        icon: 'sun' as const,
        run: () => setColorScheme(scheme),
      })),
      ...(Object.keys(LANGUAGES) as Language[]).map((each) => ({
        id: `language-${each}`,
        name: `${t('language')}: ${LANGUAGES[each]}`,
        icon: 'language' as const,
        run: () => void setLanguage(each),
      })),
      { id: 'help', name: t('shortcuts'), icon: 'keyboard' as const, keys: '?', run: onHelp },
      ...(session.caller === 'user' ? [{ id: 'out', name: t('sign_out'), icon: 'logout' as const, run: () => void signOut() }] : []),
    ],
    // The texts change with the language, and so does t's answer.
    [t, session, navigate, setColorScheme, onHelp],
  );
}

export function Shell() {
  const t = useText('shell');
  const session = useSession();
  const navigate = useNavigate();
  const location = useLocation();
  const [overlay, setOverlay] = useState<'palette' | 'help' | 'menu'>();
  const close = () => setOverlay(undefined);
  const help = useMemo(() => () => setOverlay('help'), []);
  const commands = useCommands(help);

  useEffect(() => setOverlay(undefined), [location.pathname]);
  useKeys({
    palette: () => setOverlay('palette'),
    help,
    go: (letter) => {
      const route = ROUTES.find((each) => each.go === letter && session.may(each.need));
      if (route) navigate(route.path);
    },
  });

  const side = (
    <aside className="l-side" aria-label={t('console')}>
      <Brand />
      <Navigation onFind={() => setOverlay('palette')} />
      <AccountMenu onHelp={help} />
    </aside>
  );
  return (
    <>
      <a className="l-skip" href="#main">{t('skip')}</a>
      <div className="l-shell">
        {side}
        <div>
          {/* Not <header>: a dialog has one, and one page two banners. */}
          <section className="l-top" aria-label="Llavero">
            <ActionIcon variant="subtle" color="gray" aria-label={t('menu')} onClick={() => setOverlay('menu')}>
              <Icon name="menu" size={20} />
            </ActionIcon>
            <Brand />
            <ActionIcon variant="subtle" color="gray" aria-label={t('palette_open')} onClick={() => setOverlay('palette')}>
              <Icon name="search" size={18} />
            </ActionIcon>
          </section>
          <OfflineBanner />
          <HeldBanner />
          <EmailTold />
          <main className="l-main" id="main" tabIndex={-1}>
            <Suspense fallback={<LoadingState />}>
              <Outlet />
            </Suspense>
          </main>
        </div>
      </div>
      <Drawer className="l-drawer" opened={overlay === 'menu'} onClose={close} size={280} title={t('navigation')} closeButtonProps={{ 'aria-label': t('close') }}>
        {side}
      </Drawer>
      {overlay === 'palette' && <Palette commands={commands} onClose={close} />}
      {overlay === 'help' && <Shortcuts onClose={close} />}
    </>
  );
}
