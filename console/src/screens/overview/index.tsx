// The first page: what calls for attention, or, in a new account, the way to the first request.
import { lazy, Suspense } from 'react';
import { Delegation } from '@/parts/Delegation';
import { Page } from '@/parts/Page';
import { useSession } from '@/session/session';
import { loadTexts, useText } from '@/text/text';
import { Traffic } from '@/use/lazy';
import { Attention } from './Attention';
import { FirstSteps } from './FirstSteps';

// It speaks with the words of the audit log.
const Recent = lazy(async () => {
  const [module] = await Promise.all([import('./Recent'), loadTexts('events')]);
  return module;
});

export default function Overview() {
  const t = useText('overview');
  const { account, user, may } = useSession();
  const name = user?.name || user?.email;
  return (
    <Page title={t('title')} lead={name ? t('lead_for', { name, account }) : t('lead', { account })}>
      {may('keys.view') && <FirstSteps />}
      {may('keys.view') && <Attention />}
      {may('keys.view') && <Traffic />}
      {may('keys.view') && <Delegation />}
      {may('events.view') && (
        <Suspense fallback={null}>
          <Recent />
        </Suspense>
      )}
      {!may('keys.view') && !may('events.view') && <p>{t('little')}</p>}
    </Page>
  );
}
