// The kit for Apache httpd on a real Apache httpd.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { request } from '../lib/llaverod.mjs';
import { SERVERS } from './lib/servers.mjs';
import { testKit } from './lib/suite.mjs';
import { RecordingUpstream } from './lib/upstream.mjs';

testKit(SERVERS.apache);

for (const [label, script] of [['fails', (text) => text.replace('local answer = ask(r)', 'error("broken")')],
  ['cannot be read', (text) => `${text}\nend`],
  ['finds no lua-socket', (text) => text.replace('"socket.unix"', '"socket.nowhere"')]]) {
  test(`a script that ${label} lets nothing pass`, async (t) => {
    const upstream = await RecordingUpstream.start();
    t.after(() => upstream.stop());
    const server = await SERVERS.apache({ gate: '/nonexistent/gate.sock', upstream: upstream.port, script });
    t.after(() => server.stop());
    assert.equal((await request({ port: server.port }, 'GET', '/open/7')).status, 500);
    assert.deepEqual(upstream.take(), []);
  });
}
