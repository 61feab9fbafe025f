// An owner's daily work: why a request is refused, what was done, what a route needs, keys in a file, without a mouse, in
// another language.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { alterRecords, assertClean, closeSecret, DEADLINE, enrolPerson, enterAs, openBrowser, openPage, openShop } from './lib/browser.mjs';
import { LANGUAGES, wordsOf } from './lib/words.mjs';
import { request, until } from '../lib/llaverod.mjs';

const say = wordsOf('es');
const FORMULAS = ['=1+1', '+1', '-1+2', '@suma(A1)', 'ERP, "pedidos"; a', '"=1+1"'];

let browser;
let shop;
let ana;
let page;
let reader;

const api = (...call) => shop.daemon.api(...call);
const heading = (name, on = page) => on.getByRole('heading', { level: 1, name, exact: true }).waitFor();
const button = (area, key, places, on = page) => on.getByRole('button', { name: say(area, key, places), exact: true });
const makeKey = (label, more = {}) => api('POST', '/v1/keys', { account: 'tienda', label, ...more });
const said = (area, key, places) => page.getByText(say(area, key, places)).first().waitFor();

async function open(screen, query = '') {
  await page.goto(`${shop.url}/${screen}${query}`);
  await heading(say(screen.split('/')[0], 'title'));
}

// What the browser saves when the button is pressed.
async function saved(press) {
  const [download] = await Promise.all([page.waitForEvent('download'), press()]);
  return { name: download.suggestedFilename(), text: fs.readFileSync(await download.path(), 'utf8') };
}

// RFC 4180, by its text.
function cellsOf(text) {
  const rows = [[]];
  for (let at = 0; at < text.length;) {
    assert.equal(text[at], '"', `a cell begins with a quote at ${at}`);
    let value = '';
    for (at += 1; ; at += 1) {
      if (text[at] !== '"') value += text[at];
      else if (text[at + 1] === '"') { value += '"'; at += 1; } else break;
    }
    rows.at(-1).push(value);
    at += 1;
    if (text[at] === ',') at += 1;
    else if (text.startsWith('\r\n', at)) { at += 2; if (at < text.length) rows.push([]); } else assert.equal(at, text.length);
  }
  return rows;
}

async function pick(label, ...options) {
  for (const option of options) {
    await page.getByRole('textbox', { name: label, exact: true }).click();
    await page.getByRole('option', { name: option, exact: true }).click();
    await page.keyboard.press('Escape');
  }
}

before(async () => {
  [browser, shop] = await Promise.all([openBrowser(), openShop()]);
  ana = await enrolPerson(shop, shop.enrolment, 'ana@tienda.example');
  for (const key of ['ViewOrder', 'CancelOrder']) await api('POST', '/v1/resources', { product: 'OMS', key });
  await api('POST', '/v1/routes', { method: 'GET', path: '/orders/{id}', resources: ['ViewOrder'] });
  await api('POST', '/v1/routes', { method: 'POST', path: '/orders/{id}/cancel', resources: ['CancelOrder'] });
  reader = await api('POST', '/v1/profiles', { account: 'tienda', name: 'Lectores', resources: ['ViewOrder'] });
});

beforeEach(async () => {
  await page?.context().close();
  page = await openPage(browser, { lang: 'es' });
  await enterAs(page, shop, ana);
});

after(async () => {
  await browser?.close();
  await shop?.daemon.close();
});

test('a request is tried for a key: where it stops, whom a fix widens, and that it passes once it is done', async () => {
  const key = await makeKey('ERP', { profiles: [reader.id] });
  await makeKey('Vecina', { profiles: [reader.id] });
  await open('diagnose');
  await page.getByText(say('diagnose', 'way_request'), { exact: true }).click();
  await page.getByRole('textbox', { name: say('diagnose', 'app_key'), exact: true }).fill('ERP');
  await page.getByRole('option', { name: key.appKey }).click();
  await page.getByRole('textbox', { name: say('diagnose', 'method'), exact: true }).fill('post');
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: say('diagnose', 'path'), exact: true }).fill('orders/7/cancel');
  await button('diagnose', 'try').click();
  await said('diagnose', 'path_slash');
  await page.getByRole('textbox', { name: say('diagnose', 'path'), exact: true }).fill('/orders/7/cancel');
  await button('diagnose', 'try').click();
  await page.getByText('profile_lacks_resource', { exact: true }).waitFor();
  await page.getByText('POST /orders/7/cancel', { exact: true }).first().waitFor();
  await button('diagnose', 'do_add_resource').click();
  const dialog = page.getByRole('dialog', { name: say('diagnose', 'title_add_resource') });
  await dialog.getByText(say('diagnose', 'widens', { count: 1 })).waitFor();
  await dialog.getByRole('link', { name: 'Vecina', exact: true }).waitFor();
  await button('shell', 'cancel', {}, dialog).click();

  // The page waits, and the fix comes from elsewhere.
  await button('diagnose', 'ask_again').click();
  await said('diagnose', 'waiting');
  const own = await api('POST', '/v1/profiles', { account: 'tienda', name: 'Anular', resources: ['CancelOrder'] });
  await api('POST', `/v1/keys/${key.appKey}/links`, { profile: own.id });
  await page.getByRole('heading', { level: 2, name: say('diagnose', 'allowed_title') }).or(page.getByRole('heading', { level: 2, name: say('diagnose', 'fixed_title') })).waitFor();
  await said('diagnose', 'green');

  // It would pass; then a real request does, and the page says so.
  await said('diagnose', 'waiting_real');
  await until('a request that passes is seen', async () => {
    const { status } = await request(shop.daemon.gate, 'GET', '/auth/nginx', { headers: { 'X-Original-Method': 'POST', 'X-Original-URI': '/orders/7/cancel', 'X-App-Key': key.appKey, 'X-App-Token': key.appToken } });
    return status === 200 && (await page.getByText(say('diagnose', 'passed').split('{when}')[0]).count()) > 0;
  }, DEADLINE);
  assertClean(page);
});

test('what is mended at the key or at its route is mended in place', async () => {
  const key = await makeKey('En su sitio', { profiles: [reader.id], limits: { quota: { count: 1, per: 'day' } } });
  const refusal = async () => (await request(shop.daemon.gate, 'GET', '/auth/nginx', { headers: { 'X-Original-Method': 'GET', 'X-Original-URI': '/orders/7', 'X-App-Key': key.appKey, 'X-App-Token': key.appToken } })).headers['x-llavero-diagnosis'];
  const over = await until('the quota is used up', refusal, DEADLINE);
  await page.goto(`${shop.url}/diagnose#${over}`);
  await button('diagnose', 'do_raise_limit').click();
  const edit = page.getByRole('dialog', { name: say('keys', 'edit_title') });
  await edit.getByText(say('diagnose', 'no_other_key')).waitFor();
  await edit.getByRole('textbox', { name: say('keys', 'external_id'), exact: true }).fill('otra');
  await button('keys', 'save', {}, edit).click();
  await edit.waitFor({ state: 'detached' });
  assert.equal((await api('GET', `/v1/keys/${key.appKey}`)).externalId, 'otra');

  await api('POST', `/v1/keys/${key.appKey}/rotate`, { overlap: 'now' });
  const retired = await refusal();
  await page.goto(`${shop.url}/diagnose#${retired}`);
  await page.getByText('token_retired', { exact: true }).waitFor();
  await button('diagnose', 'do_use_new_token').or(button('diagnose', 'do_rotate_key')).first().click();
  const rotate = page.getByRole('dialog', { name: say('keys', 'rotate') });
  await rotate.getByRole('radio', { name: say('keys', 'rotate_now'), exact: true }).check();
  await button('keys', 'rotate', {}, rotate).click();
  await page.getByRole('dialog', { name: say('keys', 'rotated') }).waitFor();
  await closeSecret(page);

  await api('POST', '/v1/routes', { method: 'GET', path: '/o/group/{x}', resources: ['ViewOrder'] });
  await api('POST', '/v1/routes', { method: 'GET', path: '/o/{id}/note', resources: ['CancelOrder'] });
  await page.goto(`${shop.url}/diagnose?${new URLSearchParams({ appKey: key.appKey, method: 'GET', path: '/o/group/note' })}`);
  await button('diagnose', 'do_settle_route').click();
  const settle = page.getByRole('dialog', { name: '/o/group/note' });
  await settle.getByText('GET /o/{id}/note').waitFor();
  await button('diagnose', 'do_set_resources', {}, settle).first().click();
  await page.getByRole('dialog', { name: /\/o\// }).getByRole('button', { name: say('catalog', 'save'), exact: true }).waitFor();
  await page.keyboard.press('Escape');
  assertClean(page);
});

test('a code is read from wherever it was pasted, and one that is none is said to be none', async () => {
  const key = await makeKey('Nueva');
  const refused = await request(shop.daemon.gate, 'GET', '/auth/nginx', { headers: { 'X-Original-Method': 'GET', 'X-Original-URI': '/orders/7', 'X-App-Key': key.appKey, 'X-App-Token': key.appToken } });
  const code = refused.headers['x-llavero-diagnosis'];
  await open('diagnose');
  const field = page.getByRole('textbox', { name: say('diagnose', 'code'), exact: true });
  await button('diagnose', 'explain').click();
  await said('diagnose', 'code_missing');
  await field.fill(`${code.slice(0, -8)}AAAAAAAA`);
  await button('diagnose', 'explain').click();
  await page.getByRole('alert').waitFor();
  for (const pasted of [code, `X-Llavero-Diagnosis: ${code}`, `${shop.url}/diagnose#${code}`, refused.text]) {
    await page.goto(`${shop.url}/overview`);
    await open('diagnose');
    await field.fill(pasted);
    await button('diagnose', 'explain').click();
    await page.getByText('no_profile', { exact: true }).waitFor();
  }
  await page.goto(`${shop.url}/diagnose#${code}`);
  await page.getByText('no_profile', { exact: true }).waitFor();
  assertClean(page);
});

test('events: values of a field are alternatives, fields hold together; what changed; the chain; files', async () => {
  const { appKey } = await makeKey('Con historia', { addresses: ['10.0.0.0/8'] });
  await api('PATCH', `/v1/keys/${appKey}`, { label: 'Con otra historia', addresses: ['10.0.0.0/8', '192.0.2.0/24'] });
  await api('POST', `/v1/keys/${appKey}/revoke`, { reason: 'unused' });
  await open('events');
  const list = page.getByRole('list', { name: say('events', 'title'), exact: true });
  const shown = async () => [...new Set(await list.locator('.l-event-action').allInnerTexts())].sort();
  const settled = (actions) => until(`only ${actions}`, async () => JSON.stringify(await shown()) === JSON.stringify(actions.map((action) => say('events', `action_${action}`)).sort()), DEADLINE);
  await pick(say('events', 'action'), say('events', 'action_key_edit'), say('events', 'action_key_revoke'), say('events', 'action_profile_create'));
  await settled(['key_edit', 'key_revoke', 'profile_create']);
  await pick(say('events', 'what'), say('events', 'kind_key'));
  await settled(['key_edit', 'key_revoke']);
  await page.getByRole('textbox', { name: say('events', 'id_key'), exact: true }).fill(appKey);
  await until('of one key', async () => (await list.getByRole('listitem').count()) === 2, DEADLINE);
  await page.reload();
  await settled(['key_edit', 'key_revoke']);

  await list.getByRole('button', { name: say('events', 'action_key_edit') }).click();
  const row = (name) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: true }) });
  const [label, addresses] = ['field_label', 'field_addresses'].map((field) => row(say('events', field)));
  assert.equal(await label.locator('del').innerText(), 'Con historia');
  assert.equal(await label.locator('ins').innerText(), 'Con otra historia');
  assert.deepEqual([await addresses.locator('del').count(), await addresses.locator('ins').allInnerTexts()], [0, ['192.0.2.0/24']]);

  const csv = await saved(() => page.getByRole('button', { name: 'CSV', exact: true }).click());
  assert.match(csv.name, /^llavero-events-\d{4}-\d\d-\d\d\.csv$/);
  const [names, ...rows] = cellsOf(csv.text.replace(/^\uFEFF/, ''));
  assert.deepEqual(rows.map((cells) => cells[names.indexOf('action')]), ['key.revoke', 'key.edit']);
  const lines = await saved(() => page.getByRole('button', { name: 'JSON Lines', exact: true }).click());
  assert.match(lines.name, /\.jsonl$/);
  assert.deepEqual(lines.text.trimEnd().split('\n').map((line) => JSON.parse(line)).map(({ event }) => event.entity.id), [appKey, appKey]);

  await button('events', 'chain').click();
  const chain = page.getByRole('dialog', { name: say('events', 'chain_title') });
  const told = say('events', 'chain_good_own').split(/\{\w+\}/).at(-1);
  await chain.getByText(told).or(chain.getByText(say('events', 'chain_good').split(/\{\w+\}/).at(-1))).waitFor();
  assert.equal(await chain.getByRole('alert').count(), 0);
  await page.keyboard.press('Escape');

  await page.getByText(say('events', 'chain_state_good'), { exact: true }).waitFor({ timeout: DEADLINE });
  await button('events', 'checkpoint_make').click();
  const made = page.getByRole('dialog');
  const line = await made.locator('pre').innerText();
  assert.match(line, /^llavero-checkpoint-1 [0-9a-f]{32} 1 \d+ /);
  const file = await saved(() => made.getByRole('button', { name: say('shell', 'download'), exact: true }).click());
  assert.equal(file.text.trim(), line);
  await page.keyboard.press('Escape');
  await page.reload();
  await button('events', 'checkpoint_show').click();
  assert.equal(await page.getByRole('dialog').locator('pre').innerText(), line);
  assertClean(page);
});

test('the catalogue: an import that contradicts it is decided by a person; what a request needs is answered', async () => {
  const needing = (key) => ({ 'x-llavero-resources': [{ product: 'OMS', key }], responses: { 200: { description: 'OK' } } });
  const file = { openapi: '3.1.0', info: { title: 'OMS', version: '1' }, paths: { '/orders/{id}': { get: needing('CancelOrder'), put: needing('EditOrder') } } };
  await page.goto(`${shop.url}/catalog/import`);
  await heading(say('catalog', 'title'));
  await button('catalog', 'preview').click();
  await said('catalog', 'choose_first');
  await page.locator('input[type="file"]').setInputFiles({ name: 'orders.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(file)) });
  await button('catalog', 'preview').click();
  await said('catalog', 'conflicts_choose', { count: 1 });
  const conflict = page.getByRole('table', { name: say('catalog', 'conflicts'), exact: true }).getByRole('row', { name: 'GET /orders/{id}' });
  for (const key of ['OMS/ViewOrder', 'OMS/CancelOrder']) await conflict.getByText(key).first().waitFor();
  await page.getByText(say('catalog', 'policy_widen'), { exact: true }).click();
  const result = conflict.getByRole('cell').last();
  for (const key of ['OMS/ViewOrder', 'OMS/CancelOrder']) await result.getByText(key).waitFor();
  const needs = async () => (await api('GET', '/v1/routes')).items.find((route) => route.method === 'GET').resources.map((resource) => resource.key).sort();
  assert.deepEqual(await needs(), ['ViewOrder'], 'looking changes nothing');
  await page.getByRole('button', { name: new RegExp(`^${say('catalog', 'apply', { count: 7 }).replace('7', '\\d+')}$`) }).click();
  await until('the import is done', async () => (await needs()).length === 2, DEADLINE);
  assert.deepEqual(await needs(), ['CancelOrder', 'ViewOrder']);

  await open('catalog');
  const ask = async (method, path) => {
    await page.getByRole('textbox', { name: say('catalog', 'method'), exact: true }).first().fill(method);
    await page.keyboard.press('Escape');
    await page.getByRole('textbox', { name: say('catalog', 'path'), exact: true }).first().fill(path);
    await button('catalog', 'match_ask').click();
  };
  await ask('PUT', '/orders/7?x=1');
  await said('catalog', 'match_found', { method: 'PUT', path: '/orders/7?x=1', service: 'default' });
  await page.getByText('OMS/EditOrder').first().waitFor();
  await ask('GET', '/invoices/1');
  await said('catalog', 'match_none', { method: 'GET', path: '/invoices/1' });
  await button('catalog', 'add_route').first().waitFor();
  assertClean(page);
});

test('keys leave for a spreadsheet as text: what would be a formula there, and quotes, and commas', async () => {
  for (const label of FORMULAS) await makeKey(label);
  await open('keys');
  await page.getByRole('link', { name: FORMULAS[0], exact: true }).waitFor();
  const { name, text } = await saved(() => button('keys', 'export').click());
  assert.equal(name, 'llavero-tienda.csv');
  assert.equal(text[0], '\uFEFF', 'a spreadsheet reads it as UTF-8');
  const [names, ...rows] = cellsOf(text.slice(1));
  for (const cells of rows) assert.equal(cells.length, names.length);
  for (const cell of rows.flat()) assert.doesNotMatch(cell, /^[=+\-@\t\r]/);
  const labels = rows.map((cells) => cells[names.indexOf('label')]);
  for (const label of FORMULAS) assert.ok(labels.includes(/^[=+\-@]/.test(label) ? `'${label}` : label), label);
  assert.ok(!/LV1[0-9A-Z]{52}/.test(text), 'no token is in it');
  // What the list shows now is what leaves.
  await page.keyboard.press('/');
  await page.keyboard.type('suma');
  await page.getByRole('link', { name: FORMULAS[0], exact: true }).waitFor({ state: 'detached' });
  const found = cellsOf((await saved(() => button('keys', 'export').click())).text.slice(1));
  assert.deepEqual(found.slice(1).map((cells) => cells[names.indexOf('label')]), ["'@suma(A1)"]);
  assertClean(page);
});

// The name of what has the focus, as a screen reader would say it.
const focused = () => page.evaluate(() => {
  const at = document.activeElement;
  return at.getAttribute('aria-label') ?? at.labels?.[0]?.innerText ?? at.innerText ?? '';
});

async function tabTo(name) {
  const passed = [];
  for (let step = 0; step < 80; step += 1) {
    await page.keyboard.press('Tab');
    passed.push((await focused()).trim());
    if (passed.at(-1) === name) return;
  }
  assert.fail(`Tab does not come to "${name}": ${passed.join(' | ')}`);
}

test('a key is made without a mouse, and every page is found by typing', async () => {
  await open('overview');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: say('shell', 'palette_open') }).waitFor();
  await page.keyboard.type('catalogo');
  await page.getByRole('option', { name: say('shell', 'go_to', { page: say('shell', 'nav_catalog') }) }).waitFor();
  await page.keyboard.press('Enter');
  await heading(say('catalog', 'title'));
  await page.keyboard.press('Control+k');
  await page.keyboard.type('no hay tal cosa');
  await page.getByText(say('shell', 'palette_none')).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: say('shell', 'shortcuts') }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('g');
  await page.keyboard.press('k');
  await heading(say('keys', 'title'));
  await page.keyboard.press('/');
  assert.equal(await focused(), say('keys', 'search'));
  await page.keyboard.type('g k ? /');
  assert.equal(await page.getByRole('searchbox', { name: say('keys', 'search') }).inputValue(), 'g k ? /', 'what is typed into a field is the field\'s');
  await page.keyboard.press('Escape');

  await page.reload();
  await heading(say('keys', 'title'));
  await tabTo(say('shell', 'skip'));
  await page.keyboard.press('Enter');
  await tabTo(say('keys', 'create'));
  await page.keyboard.press('Enter');
  await heading(say('keys', 'create_title'));
  await tabTo(say('keys', 'label'));
  await page.keyboard.type('Sin ratón');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: say('keys', 'created') }).waitFor();
  await tabTo(say('shell', 'secret_stored'));
  await page.keyboard.press('Space');
  await tabTo(say('shell', 'done'));
  await page.keyboard.press('Enter');
  await heading('Sin ratón');
  assertClean(page);
});

const SHOWN = {
  es: { date: /5 mar 2031/, number: '1.234.567', ago: 'hace 2 horas' },
  en: { date: /Mar 5, 2031/, number: '1,234,567', ago: '2 hours ago' },
  pt: { date: /5 de mar\. de 2031/, number: '1.234.567', ago: 'há 2 horas' },
};

test('dates, numbers and ages are written as in the language, which is switched and remembered', async () => {
  const { appKey } = await makeKey('Formatos', { expiresAt: '2031-03-05T12:00:00Z', limits: { rate: [{ count: 1234567, per: 'day' }] } });
  await alterRecords(shop, `UPDATE tokens SET created_at_us = created_at_us - 7260000000 WHERE key_slot = (SELECT slot FROM app_keys WHERE app_key = '${appKey}')`);
  await page.goto(`${shop.url}/keys/${appKey}`);
  await heading('Formatos');
  for (const lang of LANGUAGES) {
    await page.locator('.l-me').click();
    await page.getByRole('menuitem', { name: { es: 'Español', en: 'English', pt: 'Português' }[lang], exact: true }).click();
    await page.locator(`html[lang="${lang}"]`).waitFor();
    await page.reload();
    await page.getByText(wordsOf(lang)('keys', 'tokens_lead')).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), lang);
    const text = await page.getByRole('main').innerText();
    assert.match(text, SHOWN[lang].date);
    assert.ok(text.includes(SHOWN[lang].number), `${lang}: ${text}`);
    await page.getByRole('time').filter({ hasText: SHOWN[lang].ago }).or(page.locator('time', { hasText: SHOWN[lang].ago })).first().waitFor();
  }
  assertClean(page);
});

// The method and the path of a refused request are a stranger's, those in a link whoever's that sends it.
test('a command to paste runs nothing that stands in the request', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-paste-'));
  const mark = path.join(folder, 'ran');
  fs.writeFileSync(path.join(folder, 'curl'), '#!/bin/bash\nprintf "%s\\0" "$@"\n', { mode: 0o755 });
  const { appKey } = await makeKey('Pegar');
  const method = `GET;echo>${mark};#`;
  const target = `/orders/1'"$APP_TOKEN$(echo>${mark})`;
  await page.goto(`${shop.url}/diagnose?${new URLSearchParams({ appKey, method, path: target, host: 'api.tienda.example' })}`);
  const command = await page.locator('pre.l-snippet', { hasText: 'curl' }).first().textContent();
  const [shown, ...more] = execFileSync('/bin/bash', ['-c', command], { env: { PATH: folder }, input: 'the token\n', stdio: ['pipe', 'pipe', 'ignore'] }).toString().split('\0');
  assert.ok(!fs.existsSync(mark), command);
  assert.deepEqual([shown, ...more.slice(0, 2)], ['-X', method, `https://api.tienda.example${target}`]);
  assert.ok(more.some((each) => each.endsWith(`: ${appKey}`)) && more.some((each) => each.endsWith(': the token')), more.join(' '));
  fs.rmSync(folder, { recursive: true });
});
