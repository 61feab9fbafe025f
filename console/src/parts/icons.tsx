// Line icons, 24 by 24, drawn for this console. Decoration: the text beside an icon says what it means.
const SHAPES = {
  overview: 'M4 13h6V4H4zM14 20h6V4h-6zM4 20h6v-3H4z',
  key: 'M8.5 15.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM12.5 12.5 20 20M17 17l2.5-2.5',
  profile: 'M5 4h14v16H5zM9 9h6M9 13h6M9 17h3',
  user: 'M12 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM5 20c.6-4 3.3-6 7-6s6.4 2 7 6',
  users: 'M9 11a3.3 3.3 0 1 0 0-6.600 3.300 3.300 0 0 0 0 6.600zM3 20c.5-3.800 2.800-5.700 6-5.700s5.500 1.900 6 5.700M15.500 4.600a3.300 3.300 0 0 1 0 6.200M17.500 14.800c2 .8 3.200 2.600 3.500 5.200',
  events: 'M12 20a8 8 0 1 0-7.500-5.200M4 20l.5-5.200 5 .6M12 8v4l3 2',
  diagnose: 'M6 4v5a4 4 0 0 0 8 0V4M10 13v2a5 5 0 0 0 9 3M19 15.500a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3z',
  catalog: 'M4 5c3-1.200 5.500-1 8 1v14c-2.500-2-5-2.200-8-1zM20 5c-3-1.200-5.500-1-8 1v14c2.500-2 5-2.200 8-1z',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 9.200a2.200 2.200 0 1 0 0-4.400 2.200 2.200 0 0 0 0 4.400zM9 19.200a2.200 2.200 0 1 0 0-4.400 2.200 2.200 0 0 0 0 4.400z',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4.500 4.500',
  plus: 'M12 5v14M5 12h14',
  check: 'M5 12.500 10 17.500 19.500 7',
  close: 'M6 6l12 12M18 6 6 18',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  warning: 'M12 4 3 20h18zM12 10v4.500M12 17.300v.2',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 7.800v.2',
  offline: 'M4 4l16 16M8.500 16a5 5 0 0 1 6-.5M5 12.500c1-1 2.200-1.700 3.500-2.200M19 12.500a10 10 0 0 0-6-2.900M12 19.500v.2',
  lock: 'M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400',
  language: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c3 3 3.500 6 3.500 9s-.5 6-3.500 9c-3-3-3.500-6-3.500-9s.5-6 3.500-9z',
  logout: 'M14 4H5v16h9M10 12h11M17.500 8.500 21 12l-3.500 3.500',
  chevron: 'M9 6l6 6-6 6',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
  back: 'M19 12H5M11 6l-6 6 6 6',
  link: 'M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.700-5.700l-1 1M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.700 5.700l1-1',
  rotate: 'M5 12a7 7 0 0 1 12.500-4.300L20 10M20 5v5h-5M19 12a7 7 0 0 1-12.500 4.300L4 14M4 19v-5h5',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  edit: 'M4 20l1-4.500L16.500 4 20 7.500 8.500 19z',
  keyboard: 'M3 7h18v10H3zM7 10.500h.01M10.500 10.500h.01M14 10.500h.01M17.500 10.500h.01M8 14h8',
  external: 'M14 4h6v6M20 4l-9 9M18 14v6H4V6h6',
  filter: 'M4 6h16M7 12h10M10 18h4',
  menu: 'M4 7h16M4 12h16M4 17h16',
  play: 'M7 5v14l12-7z',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.500 2',
} as const;

export type IconName = keyof typeof SHAPES;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className="l-icon" width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth={name === 'more' ? 2.6 : 1.7} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
      <path d={SHAPES[name]} />
    </svg>
  );
}
