// Every screen of the console, once: where it is, what it needs, where the navigation shows it.
import { type ComponentType, lazy, type LazyExoticComponent } from 'react';
import type { IconName } from '@/parts/icons';
import type { Need } from '@/session/session';
import { loadTexts } from '@/text/text';

export type Group = 'main' | 'activity' | 'developer' | 'settings';

interface Row {
  screen: string;
  /** A screen owns everything below its path, and has <Routes> of its own when it needs them. */
  path: string;
  need: Need;
  /** The heading that it stands under; absent: not in the navigation. Its name is the text `nav_{screen}`. */
  group?: Group;
  icon?: IconName;
  /** After `g` on the keyboard. */
  go?: string;
}

const TABLE: Row[] = [
  { screen: 'overview', path: '/overview', need: 'anybody', group: 'main', icon: 'overview', go: 'o' },
  { screen: 'keys', path: '/keys', need: 'keys.view', group: 'main', icon: 'key', go: 'k' },
  { screen: 'profiles', path: '/profiles', need: 'profiles.view', group: 'main', icon: 'profile', go: 'p' },
  { screen: 'users', path: '/users', need: 'users.view', group: 'main', icon: 'users', go: 'u' },
  { screen: 'events', path: '/events', need: 'events.view', group: 'activity', icon: 'events', go: 'e' },
  { screen: 'diagnose', path: '/diagnose', need: 'diagnose', group: 'activity', icon: 'diagnose', go: 'd' },
  { screen: 'catalog', path: '/catalog', need: 'catalog.view', group: 'developer', icon: 'catalog', go: 'c' },
  { screen: 'settings', path: '/settings', need: 'settings', group: 'settings', icon: 'settings', go: 's' },
  { screen: 'me', path: '/me', need: 'anybody' },
];

const modules = import.meta.glob<{ default: ComponentType }>('../screens/*/index.tsx');

/** A screen with its texts, loaded when it is first shown. */
export function screen(name: string): LazyExoticComponent<ComponentType> {
  return lazy(async () => {
    const [module] = await Promise.all([modules[`../screens/${name}/index.tsx`]!(), loadTexts(name)]);
    return module;
  });
}

export type ScreenRoute = Row & { Screen: LazyExoticComponent<ComponentType> };

export const ROUTES: ScreenRoute[] = TABLE.filter((row) => `../screens/${row.screen}/index.tsx` in modules).map((row) => ({
  ...row,
  Screen: screen(row.screen),
}));

/** Screens for people without a session. */
export const DOORS = ['login', 'enrol']
  .filter((name) => `../screens/${name}/index.tsx` in modules)
  .map((name) => ({ path: `/${name}`, Screen: screen(name) }));
