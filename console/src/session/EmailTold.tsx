// Somebody gave this person another e-mail address while this session was open: he is told, until he says that he knows.
import { Button } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '@/parts/icons';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';
import { useSession } from './session';

const TOLD = 'llavero-email-told';

function toldOf(): string | null {
  try {
    return sessionStorage.getItem(TOLD);
  } catch {
    return null;
  }
}

export function EmailTold() {
  const t = useText('shell');
  const format = useFormat();
  const { user, emailChangedAt } = useSession();
  const [told, setTold] = useState(toldOf);
  if (!user || !emailChangedAt || told === emailChangedAt) return null;
  const know = () => {
    setTold(emailChangedAt);
    try {
      sessionStorage.setItem(TOLD, emailChangedAt);
    } catch {
      // He is told again on the next page.
    }
  };
  return (
    <div className="l-banner" role="alert">
      <Icon name="warning" />
      <span>{t('email_told', { email: user.email, when: format.dateTime(emailChangedAt) })}</span>
      <Button size="compact-xs" variant="default" onClick={know}>{t('email_know')}</Button>
    </div>
  );
}
