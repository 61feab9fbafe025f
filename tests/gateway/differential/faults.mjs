// Kits broken on purpose, each in one place: the comparison must find every one of them.
const change = (from, to) => (text) => {
  if (!text.includes(from)) throw new Error(`the kit has no ${from}`);
  return text.replace(from, to);
};
const without = (pattern) => (text) => {
  const left = text.split('\n').filter((line) => !pattern.test(line)).join('\n');
  if (left === text) throw new Error(`the kit has no ${pattern}`);
  return left;
};

export const FAULTS = {
  'apache asks about the path that it made right': { server: 'apache', script: change('r.unparsed_uri', 'r.uri') },
  'apache lets a client name headers of its connection': { server: 'apache', script: without(/headers_in\["Connection"\] = /) },
  'apache leaves other spellings of a name': { server: 'apache', script: change(', "[^a-z0-9-]" }', ' }') },
  'haproxy asks about the decoded path': { server: 'haproxy', script: change('txn.f:pathq()', 'txn.sc:url_dec(txn.f:path())') },
  'haproxy hands an absolute target on': { server: 'haproxy', change: without(/set-uri/), script: change('txn.f:pathq()', 'txn.f:path()') },
  'haproxy lets NUL through': { server: 'haproxy', change: without(/x00/) },
  'haproxy leaves a token on': { server: 'haproxy', change: without(/del-header x-api-key/) },
  'the module only observes': { server: 'nginx-module', change: change('llavero enforce;', 'llavero observe;') },
  'the module takes another header for the token': { server: 'nginx-module', change: change('llavero enforce;',
    'llavero enforce; llavero_headers "X-App-Key X-App-Token";') },
  'caddy asks about the decoded path': { server: 'caddy',
    change: change('uri /auth/forwarded', 'uri /auth/forwarded\n\t\t\theader_up X-Forwarded-Uri {http.request.uri.path}') },
  'caddy lets a client name headers of its connection': { server: 'caddy', change: without(/llavero_no_websocket -Connection/) },
  'caddy leaves what a client says of itself': { server: 'caddy', change: without(/request_header -X-Original-\*/) },
};
