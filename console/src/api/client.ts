// The one way to the keeper: a client typed by openapi.json, over a fetch that knows problem documents,
// the second factor, the end of a session and a keeper that is away.
import createClient from 'openapi-fetch';
import { language } from '@/text/text';
import { connectionHeld, connectionLost } from './connection';
import { ApiError, CancelledError, OfflineError, problemOf } from './problem';
import type { components, paths } from './schema';

export type { paths };
export type Schemas = components['schemas'];

type Asker = () => Promise<boolean>;
let askSecondFactor: Asker | undefined;
let askLogin: (() => Promise<void>) | undefined;

/** The shell's dialog: resolves true once the code was accepted, false when it was closed. */
export function onSecondFactorNeeded(asker: Asker): () => void {
  askSecondFactor = asker;
  return () => void (askSecondFactor = undefined);
}

/** The session ended: resolves once the same person is logged in again. For somebody else the page begins anew. */
export function onLoginNeeded(asker: () => Promise<void>): () => void {
  askLogin = asker;
  return () => void (askLogin = undefined);
}

/** Who signs out need not be signed in. */
const isSignOut = (request: Request) => request.method === 'DELETE' && new URL(request.url).pathname === '/v1/session';

async function once(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    connectionHeld();
    return response;
  } catch (error) {
    if (request.signal.aborted) throw error;
    connectionLost();
    throw new OfflineError();
  }
}

async function failed(response: Response): Promise<ApiError> {
  const problem = await problemOf(response);
  const wait = Number(response.headers.get('Retry-After'));
  return new ApiError(response.status, problem, wait > 0 ? wait : undefined);
}

async function send(request: Request): Promise<Response> {
  request.headers.set('Accept-Language', language());
  for (;;) {
    // A request's body can be read once; the copy is for the repetition.
    const response = await once(request.clone());
    if (response.ok) return response;
    const error = await failed(response);
    if (error.code === 'api.second_factor_needed' && askSecondFactor) {
      if (!(await askSecondFactor())) throw new CancelledError();
      continue;
    }
    if (error.code === 'api.login_needed' && askLogin && !isSignOut(request)) {
      await askLogin();
      continue;
    }
    throw error;
  }
}

export const api = createClient<paths, 'application/json'>({ baseUrl: '/', fetch: send, credentials: 'same-origin', cache: 'no-store' });

/** What a call answered; it threw when it failed (see problem.ts), so there is always something. */
export async function data<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}

/** If-Match of what was read: the edit is refused (412) when somebody changed it since. */
export function ifMatch(read: { version: number }): { 'If-Match': string } {
  return { 'If-Match': `"${read.version}"` };
}
