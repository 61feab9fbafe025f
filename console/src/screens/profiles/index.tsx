// Access profiles: the list, a new one, and one of them.
import { Route, Routes } from 'react-router-dom';
import { NotFound } from '@/shell/NotFound';
import { useSession } from '@/session/session';
import { ProfileCreate, ProfilePage } from './ProfilePage';
import { ProfileList } from './ProfileList';

export default function Profiles() {
  const { may } = useSession();
  return (
    <Routes>
      <Route index element={<ProfileList />} />
      {may('profiles.edit') && <Route path="new" element={<ProfileCreate />} />}
      <Route path=":id" element={<ProfilePage />} />
      <Route path="*" element={<NotFound />} />
    </Routes>
  );
}
