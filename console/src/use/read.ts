// What the parts here read. Counts come from the gates every few seconds.
import { api, data, type Schemas } from '@/api/client';
import { useRead } from '@/api/hooks';
import { useLanguage } from '@/text/text';

export type Step = 'hour' | 'day';
export interface Of {
  account?: string;
  key?: string;
}
export interface Sum {
  at: string;
  allowed: number;
  refused: number;
}

const EVERY_MS = 30_000;
const LENGTH_MS = { hour: 3_600_000, day: 86_400_000 };

/** Each hour or day, those without a request too. */
function filled(answer: Schemas['Usage']): Sum[] {
  const known = new Map(answer.items.map((item) => [new Date(item.at ?? answer.since).getTime(), item]));
  const sums: Sum[] = [];
  for (let at = new Date(answer.since).getTime(); at < new Date(answer.until).getTime(); at += LENGTH_MS[answer.step]) {
    const item = known.get(at);
    sums.push({ at: new Date(at).toISOString(), allowed: item?.allowed ?? 0, refused: item?.refused ?? 0 });
  }
  return sums;
}

export function useCounts(of: Of, step: Step) {
  return useRead(
    ['usage', of, step],
    async () => {
      const read = (by: 'time' | 'cause', verdict?: 'refused') => data(api.GET('/v1/usage', { params: { query: { ...of, step, by, verdict, limit: 200 } } }));
      const [times, causes] = await Promise.all([read('time'), read('cause', 'refused')]);
      return { allowed: times.allowed, refused: times.refused, since: times.countedSince, sums: filled(times), causes: causes.items };
    },
    { every: EVERY_MS },
  );
}

export function useKeyUsage(appKey: string) {
  return useRead(['usage', 'key', appKey], () => data(api.GET('/v1/keys/{appKey}/usage', { params: { path: { appKey } } })), { every: EVERY_MS });
}

/** A cause in the reader's words; its code until they are there. */
export function useCauseText(): (cause: string | null | undefined) => string {
  const lang = useLanguage();
  const read = useRead(['causes', lang], async () => new Map((await data(api.GET('/causes'))).items.map((each) => [each.cause as string, each.title])));
  return (cause) => (cause ? (read.data?.get(cause) ?? cause) : '–');
}
