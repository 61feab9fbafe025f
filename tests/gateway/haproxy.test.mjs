// The kit for HAProxy on a real HAProxy.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { request } from '../lib/llaverod.mjs';
import { SERVERS } from './lib/servers.mjs';
import { testKit } from './lib/suite.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

testKit(SERVERS.haproxy);

// HAProxy goes on with a request when a script fails, so the rules behind it must refuse.
for (const [label, body] of [['fails', 'error("broken")'], ['ends without a word', 'return'], ['never ends', 'while true do end'],
  ['says something else', 'txn:set_var("txn.llavero", "denied")']]) {
  test(`a script that ${label} lets nothing pass`, async (t) => {
    const upstream = await RecordingUpstream.start();
    t.after(() => upstream.stop());
    const server = await SERVERS.haproxy({ gate: '/nonexistent/gate.sock', upstream: upstream.port,
      change: (text) => text.replace('global\n', 'global\n\ttune.lua.session-timeout 200\n'),
      script: () => `core.register_action("llavero", { "http-req" }, function(txn) ${body} end)` });
    t.after(() => server.stop());
    const answer = await request({ port: server.port }, 'GET', '/open/7', { headers: { 'X-Llavero-Key': 'forged' } });
    assert.equal(answer.status, 503);
    assert.equal(answer.json.cause, 'index_unavailable');
    assert.equal(answer.headers['retry-after'], '1');
    assert.deepEqual(upstream.take(), []);
  });
}
