// One person: state, access profiles, and what can be done.
import { useParams } from 'react-router-dom';
import { useRead } from '@/api/hooks';
import { Facts, Page, Panel } from '@/parts/Page';
import { ErrorState, LoadingState, Notice } from '@/parts/States';
import { people } from '@/session/people';
import { useSession } from '@/session/session';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';
import { Deeds } from './Deeds';
import { ProfilesOf } from './ProfilesOf';
import { StateMarks } from './StateMarks';

export function OneUser() {
  const t = useText('users');
  const format = useFormat();
  const id = Number(useParams().id);
  const { may, user: me } = useSession();
  const read = useRead(['users', 'one', id], () => people.one(id));
  if (read.error && !read.data) return <ErrorState asPage error={read.error} onRetry={() => void read.refetch()} />;
  if (!read.data) return <LoadingState />;
  const user = read.data;
  const itself = me?.id === user.id;
  const editable = may('users.edit') && user.state !== 'erased' && !user.owner && !itself;
  return (
    <Page narrow title={user.name || user.email || t('erased_name', { id })} back={{ to: '/users', label: t('title') }}>
      <Panel title={t('who')}>
        <Facts
          items={[
            [t('state'), <StateMarks key="state" user={user} />],
            [t('email'), user.email ?? '–'],
            [t('name'), user.name || '–'],
            [t('since'), format.dateTime(user.createdAt)],
          ]}
        />
      </Panel>
      {user.owner ? (
        <Notice>{t('owner_detail')}</Notice>
      ) : (
        user.state !== 'erased' && <ProfilesOf key={user.version} user={user} editable={editable} />
      )}
      {itself && !user.owner && <Notice>{t('itself_detail')}</Notice>}
      {editable && <Deeds user={user} />}
    </Page>
  );
}
