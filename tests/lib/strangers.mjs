// Pairs whose token is not the key's: a caller must not be able to tell one from another.
import { Llaverod, until } from './llaverod.mjs';
import { makeStore } from './store.mjs';

// A daemon, its key with the right token, and rows of [what it is, appKey, appToken], each so many times. Every
// token is well formed and belongs to nobody's pair here; no two rows share a key or a token, so that none is
// fresher in a cache than another. spare: further unknown pairs. options: the daemon's.
export async function strangers({ each = 1, options = {} } = {}) {
  const daemon = await Llaverod.start(options);
  const { key } = await makeStore(daemon);
  const many = async (one) => {
    const made = [];
    for (let i = 0; i < each; i += 1) made.push(await one());
    return made;
  };
  // Pairs that never were anybody's: of another installation.
  const elsewhere = await Llaverod.start();
  await makeStore(elsewhere);
  await elsewhere.api('POST', '/v1/accounts', { name: 'stort', owner: 'ana@example.com' });
  const never = (account = 'store') => elsewhere.api('POST', '/v1/keys', { account, label: 'y' });
  const make = (more) => daemon.api('POST', '/v1/keys', { account: 'store', label: 'x', profiles: ['Reader'], ...more });
  const makeAnd = (verb, body) => async () => {
    const made = await make();
    await daemon.api('POST', `/v1/keys/${made.appKey}/${verb}`, body);
    return made;
  };
  await daemon.api('POST', '/v1/accounts', { name: 'stoqt', owner: 'eva@example.com' });
  const suspended = () => daemon.api('POST', '/v1/keys', { account: 'stoqt', label: 'z' });
  const expired = () => make({ expiresAt: new Date(Date.now() + 1000).toISOString() });
  const revoked = makeAnd('revoke', { reason: 'other' });

  const rows = [];
  for (const [what, makeKey, makeToken] of [
    ['unknown appKey', never, never],
    ['another unknown appKey', never, never],
    ['unknown appKey of an unknown account', () => never('stort'), never],
    ['unknown appKey, token of a live key', never, make],
    ['wrong token', make, never],
    ['another wrong token', make, never],
    ['token of another key', make, make],
    ['token of a revoked key', make, revoked],
    ['inactive key, wrong token', makeAnd('deactivate'), never],
    ['revoked key, wrong token', revoked, never],
    ['expired key, wrong token', expired, never],
    ['rotating key, wrong token', makeAnd('rotate', {}), never],
    ['key of a suspended account, wrong token', suspended, never],
    ['key bound to an address, wrong token', () => make({ addresses: ['192.0.2.7'] }), never],
  ]) {
    // One kind after the other: what is made together lies together.
    const [keys, tokens] = [await many(makeKey), await many(makeToken)];
    for (const [i, { appKey }] of keys.entries()) rows.push([what, appKey, tokens[i].appToken]);
  }
  const spare = [...await many(never), ...await many(never)];
  await daemon.api('PATCH', '/v1/accounts/stoqt', { state: 'suspended' });
  await elsewhere.close();
  const last = Date.now();
  await until('expired', () => Date.now() > last + 1000);
  return { daemon, key, rows, spare };
}
