// Revoked is refused: no request that begins after the answer to a revocation is let through, at any
// gate, while all of them are busy.
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { Llaverod, request, until } from '../lib/llaverod.mjs';
import { shop } from './lib/shop.mjs';

const KEYS = Number(process.env.LLAVERO_TEST_REVOCATIONS ?? 200);

test(`${KEYS} revocations under load`, async () => {
  const daemon = await Llaverod.start({ env: { LLAVERO_GATE_PROCESSES: '2' } });
  // Kept connections: each is one gate's, so that all of them are asked.
  const agent = new http.Agent({ keepAlive: true, maxSockets: 24 });
  const ask = (key, target) => request(target, 'GET', '/auth/forwarded', { agent, headers: {
    'X-Forwarded-Method': 'GET', 'X-Forwarded-Uri': '/me', 'X-App-Key': key.appKey, 'X-App-Token': key.appToken } });
  let stop = false;
  const crowd = [];
  try {
    await shop(daemon);
    const keys = [];
    for (let i = 0; i < KEYS; i += 8) {
      keys.push(...await Promise.all(Array.from({ length: Math.min(8, KEYS - i) }, (_, n) => daemon.api('POST', '/v1/keys',
        { account: 'store', label: `k-${i + n}`, profiles: ['Reader'] }))));
    }
    const revoked = new Set();
    let allowed = 0, refused = 0;
    const wrong = [];
    const one = async (key, target) => {
      const dead = revoked.has(key.appKey);
      const { status } = await ask(key, target);
      if (status === 200) { allowed += 1; if (dead) wrong.push(key.label); } else if (dead) refused += 1;
      // A key that lives is let through; one that is being revoked may be either.
      else if (status !== 401) wrong.push(`${key.label}: ${status}`);
    };
    for (let i = 0; i < 16; i += 1) {
      crowd.push((async () => {
        for (let n = i; !stop; n += 7) await one(keys[n % keys.length], n % 2 ? daemon.gate : daemon.tcp);
      })());
    }
    await until('the crowd is let through', () => allowed > 100, 60000);
    for (const key of keys) {
      const answer = await daemon.api('POST', `/v1/keys/${key.appKey}/revoke`, { reason: 'unused' });
      assert.equal(answer.indexed, true, 'revoked, and this node is not sure of it');
      revoked.add(key.appKey);
      await Promise.all([daemon.gate, daemon.tcp, daemon.gate, daemon.tcp].map((target) => one(key, target)));
    }
    stop = true;
    await Promise.all(crowd);
    assert.deepEqual(wrong, []);
    assert.ok(refused >= 4 * KEYS, `${refused}`);
    assert.equal(revoked.size, KEYS);
  } finally {
    stop = true;
    await Promise.allSettled(crowd);
    agent.destroy();
    await daemon.close();
  }
});
