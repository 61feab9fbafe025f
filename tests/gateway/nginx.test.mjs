// The kit for nginx with auth_request on a real nginx: what every kit must do. What is nginx's own is in
// nginx_auth_request.test.mjs.
import { SERVERS } from './lib/servers.mjs';
import { testKit } from './lib/suite.mjs';

// auth_request looks at the status alone.
testKit(SERVERS.nginx, { astray: false });
