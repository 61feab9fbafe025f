// The kit for Caddy on a real Caddy.
import { SERVERS } from './lib/servers.mjs';
import { testKit } from './lib/suite.mjs';

testKit(SERVERS.caddy);
