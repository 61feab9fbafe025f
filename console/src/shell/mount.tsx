// What every page of the build needs around itself: texts, theme, policy.
import { nonce } from './policy';
import '@mantine/core/styles.css';
import './styles.css';
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, StrictMode, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { queries, readAnew } from '@/api/hooks';
import { onLeave } from '@/session/leave';
import { loadTexts, useLanguage } from '@/text/text';
import { cssVariables, theme } from './theme';

const colorScheme = localStorageColorSchemeManager({ key: 'llavero-theme' });

/** Texts that the keeper wrote are in the old language: ask again. */
function FreshLanguage({ children }: { children: ReactNode }) {
  const lang = useLanguage();
  useEffect(readAnew, [lang]);
  return <>{children}</>;
}

export async function mount(page: ReactNode): Promise<void> {
  await loadTexts('shell');
  const root = document.getElementById('root');
  if (!root) throw new Error('no #root');
  const place = createRoot(root);
  onLeave(() => place.unmount());
  place.render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto" colorSchemeManager={colorScheme} getStyleNonce={() => nonce}>
        <QueryClientProvider client={queries}>
          <FreshLanguage>{page}</FreshLanguage>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
