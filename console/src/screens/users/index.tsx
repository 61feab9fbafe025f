import { Route, Routes } from 'react-router-dom';
import { List } from './List';
import { OneUser } from './OneUser';

export default function Users() {
  return (
    <Routes>
      <Route index element={<List />} />
      <Route path=":id" element={<OneUser />} />
    </Routes>
  );
}
