import { Suspense } from 'react';
import { createBrowserRouter, Navigate, Outlet, type RouteObject, RouterProvider, useRouteError } from 'react-router-dom';
import { ErrorState, LoadingState } from '@/parts/States';
import { Toasts } from '@/parts/toast';
import { SessionGate, useSession } from '@/session/session';
import { NoRight, NotFound } from './NotFound';
import { DOORS, ROUTES, type ScreenRoute } from './routes';
import { SecondFactor } from './SecondFactor';
import { Shell } from './Shell';

function Guarded({ route }: { route: ScreenRoute }) {
  const session = useSession();
  return session.may(route.need) ? <route.Screen /> : <NoRight right={route.need} />;
}

function Crash() {
  // A chunk of an older build is gone after an upgrade; or a mistake of ours.
  return <ErrorState asPage error={useRouteError()} onRetry={() => window.location.reload()} />;
}

function Root() {
  return (
    <>
      <Outlet />
      <SecondFactor />
      <Toasts />
    </>
  );
}

function Home() {
  return <Navigate to={ROUTES[0] ? ROUTES[0].path : '/me'} replace />;
}

const inside: RouteObject[] = [
  { index: true, element: <Home /> },
  ...ROUTES.map((route) => ({ path: `${route.path}/*`, element: <Guarded key={route.path} route={route} />, errorElement: <Crash /> })),
  { path: '*', element: <NotFound /> },
];

const router = createBrowserRouter([
  {
    element: <Root />,
    errorElement: <Crash />,
    children: [
      ...DOORS.map(({ path, Screen }) => ({
        path,
        element: (
          <Suspense fallback={<LoadingState />}>
            <Screen />
          </Suspense>
        ),
      })),
      {
        path: '/',
        element: (
          <SessionGate>
            <Shell />
          </SessionGate>
        ),
        children: inside,
      },
    ],
  },
]);

export function Console() {
  return <RouterProvider router={router} />;
}
