// A terminal obeys escape sequences: whatever a keeper answers, `llavero` prints none of its own, nor what hides or turns
// the order of the text around it. The answers are made from openapi.json, with every free text hostile.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { start } from '../lib/cli.mjs';
import { ROOT } from '../lib/llaverod.mjs';
import { OpenApi } from '../lib/openapi.mjs';

const HOSTILE = 'a\u001b[31mb\u009b2Jc\u001b]0;title\u0007d\r\ne\bf\u007fg\u202eh\u2066i\u200bj\ufeffk\u2028l\u{e0041}mñ\'"$(touch x)`';
// What a terminal may get: line ends, and what shows itself.
const UNFIT = /[\p{Cc}\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;

const api = new OpenApi(JSON.parse(fs.readFileSync(path.join(ROOT, 'src/keeper/openapi.json'), 'utf8')), {});
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-hostile-'));
const daemon = { keeper: { socket: path.join(folder, 'keeper.sock') } };
let server;
let refuses = false;
let asked = [];

// A value that a schema takes, its free texts hostile.
function sample(schema, depth = 0) {
  const found = api.look(schema);
  const choice = found.oneOf ?? found.anyOf;
  const parts = [...found.allOf ?? [], ...(choice ? [choice[0]] : [])].map((part) => sample(part, depth));
  if (parts.length > 0 && parts.every((part) => typeof part !== 'object')) return parts[0];
  const type = [found.type].flat()[0];
  if (parts.length > 0 || type === 'object') {
    const own = Object.entries(found.properties ?? {}).filter(([name]) => depth < 6 || found.required?.includes(name));
    return Object.assign({}, ...parts, Object.fromEntries(own.map(([name, inner]) => [name, name === 'next' ? null : sample(inner, depth + 1)])));
  }
  if (found.const !== undefined) return found.const;
  if (found.enum !== undefined) return found.enum[0];
  if (type === 'array') return [sample(found.items ?? { type: 'string' }, depth + 1)];
  if (type === 'integer' || type === 'number') return found.minimum ?? 1;
  if (type === 'boolean') return true;
  return found.format === 'date-time' ? '2030-01-01T00:00:00Z' : HOSTILE;
}

before(async () => {
  server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://x');
    const operation = api.find(request.method, pathname);
    asked.push(operation?.operationId);
    const [status, answer] = Object.entries(operation?.responses ?? {}).find(([code]) => code.startsWith(refuses ? '4' : '2')) ?? ['404', { $ref: '#/components/responses/Problem' }];
    const [type, content] = Object.entries(api.look(answer).content ?? {})[0] ?? [];
    request.resume();
    response.writeHead(Number(status), type && { 'Content-Type': type });
    response.end(content && JSON.stringify(sample(content.schema)));
  });
  await new Promise((resolve) => server.listen(daemon.keeper.socket, resolve));
});

after(() => {
  server?.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const COMMANDS = ['status', 'whoami', 'session list', 'account list', 'account show store', 'account create store --owner a@b.example', 'user list --account store',
  'user show 1', 'user profiles 1', 'user reset 1', 'owner invitation --account store', 'owner transfer a@b.example --account store', 'catalog show', 'catalog show GET /x',
  'resource list', 'profile list --account store', 'profile show 1', 'profile create x --account store --resource y', 'key create --account store --label x', 'key list --account store',
  'key show k', 'key edit k --label x', 'key link k 1', 'key rotate k', 'key revoke k --reason other', 'handover list --account store', 'can k GET /x', 'explain AAAAAAAAAAAAAAAAAAAAAAAA',
  'events list', 'init --account store --owner a@b.example', 'catalog add GET /x --resource y'];

for (const json of [false, true]) {
  for (const refusal of [false, true]) {
    test(`${refusal ? 'refusals' : 'answers'}${json ? ', as JSON' : ''}`, async () => {
      refuses = refusal;
      asked = [];
      let readable = 0;
      for (const command of COMMANDS) {
        const done = await start(daemon, [...command.split(' '), ...(json ? ['--json'] : [])], { env: { LC_ALL: 'es_AR.UTF-8' } }).done;
        const said = done.stdout + done.stderr;
        const at = said.split('\n').find((line) => UNFIT.test(line));
        assert.equal(at, undefined, `${command}: ${JSON.stringify(at)}`);
        assert.equal(done.signal, null, command);
        readable += said.includes('ñ');
      }
      assert.ok(readable >= 15, `what is not ASCII stays readable: ${readable}`);
      assert.ok(new Set(asked.filter(Boolean)).size >= 20, `too little was asked: ${[...new Set(asked)]}`);
    });
  }
}
