// The frame of every screen: one heading, what it is for, its actions; panels below.
import { Box, Group, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';
import { Link } from 'react-router-dom';
import { Icon } from './icons';

export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Llavero` : 'Llavero';
  }, [title]);
}

interface PageProps {
  title: string;
  /** In the browser's title, when the heading alone says too little. */
  documentTitle?: string;
  lead?: ReactNode;
  actions?: ReactNode;
  back?: { to: string; label: string };
  narrow?: boolean;
  children: ReactNode;
}

export function Page({ title, documentTitle, lead, actions, back, narrow, children }: PageProps) {
  usePageTitle(documentTitle ?? title);
  const heading = useRef<HTMLHeadingElement>(null);
  // After a navigation a screen reader hears the new page's name.
  useEffect(() => heading.current?.focus({ preventScroll: true }), [title]);
  return (
    <Box className="l-page" data-narrow={narrow || undefined}>
      {back && (
        <Link className="l-back" to={back.to}>
          <Icon name="back" size={14} />
          {back.label}
        </Link>
      )}
      <Group className="l-page-head" justify="space-between" align="flex-start" gap="md">
        <Box flex={1} miw={0}>
          <Title order={1} size="h3" ref={heading} tabIndex={-1} className="l-page-title">{title}</Title>
          {lead && <Text component="div" size="sm" c="dimmed" mt={2} maw={680}>{lead}</Text>}
        </Box>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Box>
  );
}

/** A bordered part of a page, with a heading of its own. */
export function Panel({ title, lead, actions, flush, children }: { title?: string; lead?: ReactNode; actions?: ReactNode; flush?: boolean; children: ReactNode }) {
  return (
    <section className="l-panel">
      {(title || actions) && (
        <Group className="l-panel-head" justify="space-between" align="center" gap="sm">
          <Box flex={1} miw={0}>
            {title && <Title order={2} size="h5">{title}</Title>}
            {lead && <Text component="div" size="sm" c="dimmed" maw={680}>{lead}</Text>}
          </Box>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
      )}
      <div className={flush ? 'l-panel-flush' : 'l-panel-body'}>{children}</div>
    </section>
  );
}

/** Names and values, one a line. */
export function Facts({ items }: { items: [name: ReactNode, value: ReactNode][] }) {
  return (
    <dl className="l-facts">
      {items.map(([name, value], index) => (
        <div key={index}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
