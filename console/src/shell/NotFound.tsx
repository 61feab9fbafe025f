import { Button } from '@mantine/core';
import { Link } from 'react-router-dom';
import { usePageTitle } from '@/parts/Page';
import { useRightText } from '@/parts/rights';
import { EmptyState } from '@/parts/States';
import { useText } from '@/text/text';

export function NotFound() {
  const t = useText('shell');
  usePageTitle(t('not_found_title'));
  return (
    <EmptyState asPage icon="search" title={t('not_found_title')} action={<Button component={Link} to="/" variant="default" size="xs">{t('home')}</Button>}>
      {t('not_found_detail')}
    </EmptyState>
  );
}

/** The address is right, the person may not. */
export function NoRight({ right }: { right: string }) {
  const t = useText('shell');
  const rightText = useRightText();
  usePageTitle(t('no_right_title'));
  return (
    <EmptyState asPage icon="lock" title={t('no_right_title')} action={<Button component={Link} to="/" variant="default" size="xs">{t('home')}</Button>}>
      {t('no_right_detail', { right: rightText(right) })}
    </EmptyState>
  );
}
