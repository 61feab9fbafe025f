// My account: who I am here, my sessions, password, second factor, and how the console looks to me.
import { Button, SegmentedControl, useMantineColorScheme } from '@mantine/core';
import { useState } from 'react';
import { useRead } from '@/api/hooks';
import { Facts, Page, Panel } from '@/parts/Page';
import { PersonEdit } from '@/parts/PersonEdit';
import { useRightText } from '@/parts/rights';
import { Mark } from '@/parts/States';
import { people } from '@/session/people';
import { useSession } from '@/session/session';
import { type Language, LANGUAGES, setLanguage, useLanguage, useText } from '@/text/text';
import { Factor } from './Factor';
import { OwnerOffer } from './OwnerOffer';
import { Password } from './Password';
import { Sessions } from './Sessions';

function Looks() {
  const t = useText('me');
  const lang = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Panel title={t('looks')}>
      <Facts
        items={[
          [
            t('language'),
            <SegmentedControl key="language" size="xs" aria-label={t('language')} value={lang} onChange={(value) => void setLanguage(value as Language)} data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))} />,
          ],
          [
            t('theme'),
            <SegmentedControl key="theme" size="xs" aria-label={t('theme')} value={colorScheme} onChange={(value) => setColorScheme(value as 'light')} data={(['light', 'dark', 'auto'] as const).map((value) => ({ value, label: t(`theme_${value}`) }))} />,
          ],
        ]}
      />
    </Panel>
  );
}

export default function Me() {
  const t = useText('me');
  const { user, account, rights, caller } = useSession();
  const rightText = useRightText();
  const [edits, setEdits] = useState(false);
  const itself = useRead(['users', 'one', user?.id], () => people.one(user?.id ?? 0), { enabled: user?.owner ?? false });
  return (
    <Page narrow title={t('title')}>
      {caller === 'user' && user && (
        <>
          <OwnerOffer userId={user.id} />
          <Panel title={t('who')} actions={user.owner && <Button size="xs" variant="default" disabled={!itself.data} onClick={() => setEdits(true)}>{t('edit')}</Button>}>
            <Facts
              items={[
                [t('name'), user.name || '–'],
                [t('email'), user.email],
                [t('account'), account],
                [
                  t('rights'),
                  user.owner ? (
                    <Mark tone="info">{t('owner')}</Mark>
                  ) : rights.length > 0 ? (
                    <span className="l-marks">{rights.map((right) => <Mark key={right}>{rightText(right)}</Mark>)}</span>
                  ) : (
                    t('rights_none')
                  ),
                ],
              ]}
            />
          </Panel>
          {edits && itself.data && <PersonEdit person={itself.data} onClose={() => setEdits(false)} />}
          <Sessions />
          <Password email={user.email} />
          <Factor />
        </>
      )}
      <Looks />
    </Page>
  );
}
