// A resource's further names outlive an import: a later document that uses one finds the
// resource, and an export has them again.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { LLAVERO, Llaverod } from '../lib/llaverod.mjs';

const run = promisify(execFile);

const own = (aliases) => ['llavero: catalog/1', 'resources:',
  `  - {product: Shop, category: Orders, key: orders.view, name: View orders, aliases: [${aliases}]}`,
  'services:', '  - {name: default}', 'routes: []', 'profiles: []', ''].join('\n');

const DOCUMENT = ['openapi: 3.0.0', 'info: {title: Orders, version: "1"}', 'paths:', '  /orders:', '    get:',
  '      description: |', '        ## Permissions', '', '        | Product | Category | Resource |',
  '        |---|---|---|', '        | Shop | Orders | Read all orders |', '      responses: {"200": {description: OK}}',
  ''].join('\n');

let daemon;

async function llavero(...words) {
  const { stdout } = await run(LLAVERO, ['--socket', daemon.keeper.socket, '--json', ...words]);
  return stdout;
}

function file(name, text) {
  const at = path.join(daemon.folder, name);
  fs.writeFileSync(at, text);
  return at;
}

const aliases = async () => (await daemon.api('GET', '/v1/resources')).items.find((one) => one.product === 'Shop').aliases;

before(async () => {
  daemon = await Llaverod.start();
  await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
});

after(() => daemon?.close());

test('aliases are kept, exported and used by the next import', async () => {
  await llavero('catalog', 'import', file('shop.catalog.yaml', own('Read all orders, Sales / See orders')));
  assert.deepEqual(await aliases(), ['Read all orders', 'Sales / See orders']);
  assert.match(await llavero('catalog', 'export'), /Read all orders[\s\S]*Sales \/ See orders/);
  await llavero('catalog', 'import', file('orders.yaml', DOCUMENT));
  const { items } = await daemon.api('GET', '/v1/routes');
  assert.deepEqual(items.map((route) => [route.path, route.resources]),
    [['/orders', [{ product: 'Shop', key: 'orders.view' }]]]);
});

test('an exported catalogue imported again changes nothing', async () => {
  const { revision } = await daemon.api('GET', '/v1/events');
  await llavero('catalog', 'import', file('again.catalog.yaml', await llavero('catalog', 'export')));
  assert.equal((await daemon.api('GET', '/v1/events')).revision, revision);
});

test('another list of aliases replaces the first', async () => {
  await llavero('catalog', 'import', file('shop.catalog.yaml', own('Look at orders')));
  assert.deepEqual(await aliases(), ['Look at orders']);
});
