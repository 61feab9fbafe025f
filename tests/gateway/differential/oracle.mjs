// May an upstream have got this? What it received is decided afresh, by the gate's /v1/verify and by its bytes alone:
// what a gateway has asked, and was told, does not count here.
import http from 'node:http';

import { request } from '../../lib/llaverod.mjs';
import { FORGED, forgery, READERS } from '../lib/hostile.mjs';
import { values } from '../lib/upstream.mjs';

// As the loosest upstreams read a name: to CGI all that is neither letter nor digit is the same.
const loosely = (name) => name.toLowerCase().replace(/[^a-z0-9]/g, '-');

const CREDENTIALS = new Set(['x-app-key', 'x-app-token', 'x-vtex-api-appkey', 'x-vtex-api-apptoken', 'x-api-key']);
const FORGEABLE = new Set(Object.keys(FORGED).map(loosely));

export class Oracle {
  constructor(daemon, key) {
    Object.assign(this, { daemon, key, verdicts: new Map(), agent: new http.Agent({ keepAlive: true, maxSockets: 16 }) });
  }

  close() { this.agent.destroy(); }

  // What the gate says of it: with the key when the upstream was told that it is the key's, without otherwise.
  decide(named, method, path, host) {
    const id = JSON.stringify([named, method, path, host]);
    if (!this.verdicts.has(id)) {
      const who = named ? { appKey: this.key.appKey, appToken: this.key.appToken } : {};
      this.verdicts.set(id, request(this.daemon.gate, 'POST', '/v1/verify', { agent: this.agent, body: { ...who, method, path, host } })
        .then(({ status, json }) => ({ allowed: status === 200 && json?.allowed === true, cause: json?.cause ?? status })));
    }
    return this.verdicts.get(id);
  }

  // By the bytes of the head: a sentence that says what is wrong, or undefined.
  ofHeaders(seen) {
    const names = seen.headers.map(([name]) => loosely(name));
    for (const [i, [name, value]] of seen.headers.entries()) {
      if (CREDENTIALS.has(names[i]) && value !== '') return `the credential ${name} reaches the upstream`;
      if (names[i] === 'authorization' && value.includes(this.key.appToken)) return 'the token reaches the upstream in Authorization';
      if (FORGEABLE.has(names[i]) && forgery.test(value)) return `${name} is the client's`;
    }
    for (const name of ['x-llavero-key', 'x-llavero-account', 'x-llavero-profile', 'x-llavero-revision', 'host']) {
      if (names.filter((one) => one === name).length > 1) return `${name} comes twice`;
    }
    const [key] = values(seen, 'X-Llavero-Key');
    if (key !== undefined && key !== this.key.appKey) return `the key is ${key}`;
    if (values(seen, 'X-Llavero-Revision').length === 0) return 'nobody has decided: no revision';
    return undefined;
  }

  /** What is wrong with a request that reached an upstream, or undefined. */
  async judge(seen) {
    if (seen.odd) return `not what HTTP lets through: ${seen.odd}`;
    const wrong = this.ofHeaders(seen);
    if (wrong) return wrong;
    const [host] = values(seen, 'Host');
    const named = values(seen, 'X-Llavero-Key').length === 1;
    const { allowed, cause } = await this.decide(named, seen.method, seen.url, host);
    if (!allowed) return `decided afresh, ${seen.method} ${host} ${seen.url} is refused: ${cause}`;
    const [path] = seen.url.split('?');
    const other = READERS.map((read) => read(path)).find((reading) => /^[/\\]*secret/i.test(reading));
    return other === undefined ? undefined : `${seen.url} may be read as ${other}`;
  }
}
