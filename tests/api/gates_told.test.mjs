// What people are told of the data plane: the headers that it reads, where it listens, what it decided.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { freePort, Llaverod, request } from '../lib/llaverod.mjs';

let daemon;
let port;
let other;

before(async () => {
  [port, other] = [await freePort(), await freePort()];
  daemon = await Llaverod.start({
    config: `gate_listener "shops" { listen = {"127.0.0.1:${other}"} account = "header X-Shop" }\n`,
    env: { LLAVERO_KEEPER_LISTEN: `127.0.0.1:${port}`, LLAVERO_CREDENTIALS_PAIRS: 'X-Our-Key X-Our-Token', LLAVERO_CREDENTIALS_BEARER: 'false' },
  });
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'bea@store.example' });
});
after(() => daemon?.close());

const CREDENTIALS = { headers: [{ appKey: 'X-Our-Key', appToken: 'X-Our-Token' }, { appKey: null, appToken: 'X-API-Key' }], bearer: false };

test('the status has the configured headers, the listeners of the gates, and what they decided', async () => {
  const first = await daemon.api('GET', '/v1/status');
  assert.deepEqual(first.credentials, CREDENTIALS);
  assert.deepEqual(first.gates, {
    listeners: [{ address: `127.0.0.1:${daemon.port}`, account: 'key', value: null }, { address: `127.0.0.1:${other}`, account: 'header', value: 'X-Shop' }],
    allowed: 0, refused: {},
  });
  await daemon.api('POST', '/v1/services', { name: 'shop', hosts: [] });
  await daemon.api('POST', '/v1/routes', { service: 'shop', method: 'GET', path: '/open', public: true });
  const ask = (uri) => request(daemon.gate, 'GET', '/auth/forwarded', { headers: { 'X-Forwarded-Method': 'GET', 'X-Forwarded-Uri': uri } });
  assert.deepEqual([(await ask('/open')).status, (await ask('/shut')).status, (await ask('/shut')).status], [200, 401, 401]);
  const { gates } = await daemon.api('GET', '/v1/status');
  assert.equal(gates.allowed, 1);
  assert.deepEqual(gates.refused, { credentials_missing: 2 });
});

test('who opens a one-time link is told the headers too', async () => {
  const { handover } = await daemon.api('POST', '/v1/keys', { account: 'store', label: 'handed', handover: true });
  const secret = handover.url.split('#')[1];
  const opened = await request({ port }, 'POST', '/v1/share/open', { body: { secret } });
  assert.deepEqual(opened.json.credentials, CREDENTIALS);
});
