// Pairs whose token is not the key's: a caller must not be able to tell one from another.
import { Llaverod, until } from './llaverod.mjs';
import { makeStore } from './store.mjs';

// A daemon, and rows of [what it is, appKey, appToken]. Every token is well formed and belongs to nobody's pair here.
export async function strangers() {
  const daemon = await Llaverod.start();
  const { key } = await makeStore(daemon);
  const make = (more) => daemon.api('POST', '/v1/keys', { account: 'store', label: 'x', profiles: ['Reader'], ...more });
  // A token that never was anybody's: of another installation.
  const elsewhere = await Llaverod.start();
  await makeStore(elsewhere, 'stort');
  const foreign = [];
  for (let i = 0; i < 2; i += 1) foreign.push(await elsewhere.api('POST', '/v1/keys', { account: 'stort', label: 'y' }));
  await elsewhere.close();

  const other = await make();
  const [inactive, revoked, rotating] = [await make(), await make(), await make()];
  const expired = await make({ expiresAt: new Date(Date.now() + 1000).toISOString() });
  await daemon.api('POST', `/v1/keys/${inactive.appKey}/deactivate`);
  await daemon.api('POST', `/v1/keys/${revoked.appKey}/revoke`, { reason: 'other' });
  await daemon.api('POST', `/v1/keys/${rotating.appKey}/rotate`, {});
  await daemon.api('POST', '/v1/accounts', { name: 'stoqt', owner: 'eva@example.com' });
  const suspended = await daemon.api('POST', '/v1/keys', { account: 'stoqt', label: 'z' });
  await daemon.api('PATCH', '/v1/accounts/stoqt', { state: 'suspended' });
  const bound = await make({ addresses: ['192.0.2.7'] });
  await until('expired', () => Date.now() > Date.parse(expired.expiresAt));
  const [{ appToken }, { appToken: second }] = foreign;
  return { daemon, key, rows: [
    ['unknown appKey', foreign[0].appKey, appToken],
    ['another unknown appKey', foreign[1].appKey, appToken],
    ['unknown appKey, token of a live key', foreign[0].appKey, other.appToken],
    ['wrong token', key.appKey, appToken],
    ['another wrong token', key.appKey, second],
    ['token of another key', key.appKey, other.appToken],
    ['token of a revoked key', key.appKey, revoked.appToken],
    ['inactive key, wrong token', inactive.appKey, appToken],
    ['revoked key, wrong token', revoked.appKey, appToken],
    ['expired key, wrong token', expired.appKey, appToken],
    ['rotating key, wrong token', rotating.appKey, appToken],
    ['key of a suspended account, wrong token', suspended.appKey, appToken],
    ['key bound to an address, wrong token', bound.appKey, appToken],
  ] };
}
