// When a key was used last and who sends its tokens, so that nothing is ended that somebody still needs.
import type { Schemas } from '@/api/client';
import { Facts } from '@/parts/Page';
import { FormError } from '@/parts/States';
import { useFormat } from '@/text/format';
import { useText } from '@/text/text';
import { useKeyUsage } from './read';

type TokenUsage = Schemas['TokenUsage'];

/** All tokens, or with `kind` the one of that kind. */
export default function Known({ appKey, kind }: { appKey: string; kind?: TokenUsage['kind'] }) {
  const t = useText('use');
  const format = useFormat();
  const read = useKeyUsage(appKey);
  const usage = read.data;
  if (!usage) return <FormError error={read.error} />;
  const tokens = usage.tokens.filter((token) => !kind || token.kind === kind);
  const last = kind ? tokens[0]?.lastUse : usage.lastUse;
  const clients = tokens.filter((token) => token.kind !== 'retired' || kind === 'retired').flatMap((token) => token.clients);
  const never = usage.countedSince ? t('never_since', { when: format.dateTime(usage.countedSince) }) : t('never');
  return (
    <Facts
      items={[
        [t('last_use'), last ? (last.address ? t('last_use_from', { when: format.relative(last.at), address: last.address }) : format.relative(last.at)) : never],
        [t('clients'), clients.length > 0 ? clients.map((client) => <div key={`${client.address} ${client.at}`}>{t('client', { address: client.address ?? '?', when: format.relative(client.at) })}</div>) : t('clients_none')],
      ]}
    />
  );
}
