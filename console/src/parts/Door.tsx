// The frame of pages for people without a session: one card, and the languages.
import { Box, Button, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import icon from '@/assets/icon.svg';
import { type Language, LANGUAGES, setLanguage, useLanguage } from '@/text/text';
import { usePageTitle } from './Page';

export function Door({ title, lead, wide, children }: { title: string; lead?: ReactNode; wide?: boolean; children: ReactNode }) {
  const lang = useLanguage();
  usePageTitle(title);
  return (
    <div className="l-door">
      <main className="l-door-body">
        <div className="l-door-card" data-wide={wide || undefined}>
          <div className="l-brand">
            <img src={icon} alt="" />
            Llavero
          </div>
          <section className="l-panel">
            <div className="l-panel-body">
              <Title order={1} size="h3">{title}</Title>
              {lead && <Text component="div" size="sm" c="dimmed" mt={4}>{lead}</Text>}
              <Box mt="lg">{children}</Box>
            </div>
          </section>
        </div>
      </main>
      <footer className="l-door-foot">
        {(Object.keys(LANGUAGES) as Language[]).map((each) => (
          <Button key={each} lang={each} variant="subtle" color="gray" size="compact-sm" className="l-plain" aria-pressed={each === lang} onClick={() => void setLanguage(each)}>
            {LANGUAGES[each]}
          </Button>
        ))}
      </footer>
    </div>
  );
}
