// Keys: the list and, below /keys/, one of them. Whatever is no key's own stands in the query, because an appKey that was
// imported may be any word.
import { Route, Routes, useSearchParams } from 'react-router-dom';
import { useSession } from '@/session/session';
import { ExternalList } from './ExternalList';
import { KeyCreate } from './KeyCreate';
import { KeyDetail } from './KeyDetail';
import { KeyList } from './KeyList';

function Lists() {
  const [params] = useSearchParams();
  const { may } = useSession();
  const view = params.get('view');
  if (view === 'external') return <ExternalList />;
  if (view === 'new' && may('keys.edit')) return <KeyCreate />;
  return <KeyList />;
}

export default function Keys() {
  return (
    <Routes>
      <Route index element={<Lists />} />
      <Route path=":appKey" element={<KeyDetail />} />
    </Routes>
  );
}
