// How the installation stands, and what its requests look like.
import { api, data, type Schemas } from './client';
import { useRead } from './hooks';

export type Status = Schemas['Status'];

export function useStatus(options: { enabled?: boolean; every?: number } = {}) {
  return useRead<Status>(['status'], () => data(api.GET('/v1/status')), options);
}
