// Who is using the console, and what it may do. The keeper decides each request all the same.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo } from 'react';
import { useLocation, useNavigate } from 'react-router-dom';
import { api, data } from '@/api/client';
import { ApiError } from '@/api/problem';
import { ErrorState, LoadingState } from '@/parts/States';
import { LoginAgain } from './LoginAgain';
import { people } from './people';

export type Right =
  | 'keys.view' | 'keys.edit' | 'users.view' | 'users.edit' | 'profiles.view' | 'profiles.edit'
  | 'catalog.view' | 'catalog.edit' | 'events.view' | 'diagnose' | 'settings';

/** What a screen or a button asks for. `installation`: the catalogue's editors of the account that manages it. */
export type Need = Right | 'anybody' | 'owner' | 'installation';

export interface Session {
  caller: 'operator' | 'user' | 'token';
  account: string;
  user: { id: number; email: string; name: string | null; owner: boolean } | null;
  rights: Right[];
  managesInstallation: boolean;
  emailChangedAt: string | null;
  secondFactorUntil: string | null;
  idleUntil: string | null;
  expiresAt: string | null;
  codesHeldSince: string | null;
}

export const SESSION = ['session'];

export async function readSession(): Promise<Session> {
  const session = await people.session();
  const rights = session.rights as Right[];
  if (session.account) return { ...session, rights, account: session.account };
  // The operator belongs to no account; the console shows the first one.
  const accounts = await data(api.GET('/v1/accounts', { params: { query: { limit: 1 } } }));
  return { ...session, rights, account: accounts.items[0]?.name ?? '' };
}

export function may(session: Session, need: Need): boolean {
  if (need === 'anybody' || session.caller === 'operator') return true;
  if (need === 'owner') return session.user?.owner ?? false;
  if (need === 'installation') return session.managesInstallation && may(session, 'catalog.edit');
  if (session.user?.owner) return true;
  const edit = need.replace(/\.view$/, '.edit') as Right;
  return session.rights.includes(need) || session.rights.includes(edit);
}

const SessionContext = createContext<Session | null>(null);

/** The session; only below SessionGate. */
export function useSession(): Session & { may: (need: Need) => boolean } {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession outside SessionGate');
  return useMemo(() => ({ ...session, may: (need: Need) => may(session, need) }), [session]);
}

/** The address to come back to after login: only a path of this console. */
export function safeReturn(wanted: string | null): string {
  if (!wanted || !/^\/[a-z]/.test(wanted) || wanted.startsWith('/login') || wanted.startsWith('/enrol')) return '/overview';
  return wanted;
}

/**
 * Shows its children to who is logged in; sends the others to /login, and back afterwards. When the session ends while
 * they are shown, they stay, with what was typed into them, below a login.
 */
export function SessionGate({ children }: { children: ReactNode }) {
  const navigate = useNavigate();
  const location = useLocation();
  const client = useQueryClient();
  const here = location.pathname + location.search + location.hash;
  const session = useQuery({ queryKey: SESSION, queryFn: readSession, staleTime: 60_000 });
  const isStranger = session.error instanceof ApiError && session.error.code === 'api.login_needed';

  useEffect(() => {
    if (!isStranger) return;
    client.clear();
    navigate(`/login?${new URLSearchParams({ back: here })}`, { replace: true });
  }, [client, here, isStranger, navigate]);

  if (session.data)
    return (
      <SessionContext.Provider value={session.data}>
        {children}
        {session.data.user && <LoginAgain account={session.data.account} user={session.data.user} onAgain={() => void client.invalidateQueries({ queryKey: SESSION })} />}
      </SessionContext.Provider>
    );
  if (session.error && !isStranger)
    return (
      <main className="l-door-body">
        <ErrorState asPage error={session.error} onRetry={() => void session.refetch()} />
      </main>
    );
  return <LoadingState />;
}
