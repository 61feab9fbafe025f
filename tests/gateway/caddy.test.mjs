// The kit for Caddy on a real Caddy.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { kit } from './lib/server.mjs';
import { SERVERS } from './lib/servers.mjs';
import { testKit } from './lib/suite.mjs';

testKit(SERVERS.caddy);

// One question in a thousand under load went to the upstream, and its 200 was taken for a verdict: too rare to wait for
// here; the differential's long runs look for it.
test('the connections to Llavero are not kept, and a verdict is known as Llavero\'s', () => {
  const text = kit('caddy/Caddyfile');
  assert.match(text, /forward_auth [^}]*\n\t+keepalive off\n/s);
  assert.match(text, /error @llavero_undecided 503/);
});
