// Naughty strings in the console: whatever was stored is shown as text on every page that shows it, and what is typed
// into a form is kept to the byte or refused at its field. No script runs and no policy is broken.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { request } from '../lib/llaverod.mjs';
import { assertClean, closeSecret, enrol, openBrowser, openPage, openShop } from './lib/browser.mjs';
import { NAUGHTY } from './lib/naughty.mjs';

// All dangers of one text that a name may hold, and one that it may not.
const GOOD = '"\'<b>&lt;</b> {{x}} $t(save) {x} عربي e\u0301 👩‍👩‍👧 \\ %00 \'; DROP--';
const BAD = 'zero\u200bwidth';
const REFUSED = /invisible one/;
const isName = (text) => text !== '' && [...text].length <= 100 && !/[\p{Cc}\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\p{Noncharacter_Code_Point}\u{e0000}-\u{e007f}]|^ | $/u.test(text);
// The list goes round: each page shows a part of it, with some of every kind.
const part = (n) => NAUGHTY.filter((text, i) => i % 4 === n && !text.includes('\u0000'));
const SCRIPTS = NAUGHTY.filter((text) => text.length <= 100 && /[<&]|javascript:/.test(text) && isName(text));

let browser;
let shop;
let page;
const api = (...call) => shop.daemon.api(...call);
const dialog = () => page.getByRole('dialog');
const box = (name, within = page) => within.getByRole('textbox', { name });
const button = (name, within = page) => within.getByRole('button', { name, exact: true });

function guard(one) {
  one.on('dialog', (opened) => {
    one.faults.push(`a script opened a dialog: ${opened.message()}`);
    void opened.dismiss();
  });
  return one;
}

async function all(url) {
  const found = [];
  for (let cursor = ''; cursor !== null;) {
    const read = await api('GET', `${url}limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    found.push(...read.items);
    cursor = read.next;
  }
  return found;
}

before(async () => {
  [browser, shop] = await Promise.all([openBrowser(), openShop()]);
  const lines = part(0).map((text, i) => (
    { appKey: `label-${i}`, sha256: i.toString(16).padStart(64, 'a'), label: text, ...(/^[!-~]+$/.test(text) && { externalId: text }) }));
  const body = lines.map((line) => JSON.stringify(line)).join('\n');
  await request(shop.daemon.keeper, 'POST', '/v1/keys/import?account=tienda', { body, headers: { 'Content-Type': 'application/x-ndjson' } });
  const resources = part(1).filter(isName).map((name, i) => ({ product: i % 2 ? 'OMS' : name, key: i % 2 ? name : 'k', name, category: name }));
  const routes = SCRIPTS.slice(0, 30).map((text, i) => ({ service: 'default', method: 'GET', path: `/${i}${text.replace(/[^<>()='"a-z]/gi, '')}/<b>é`, resources: [{ product: resources[i].product, key: resources[i].key }] }));
  const catalog = { llavero: 'catalog/1', services: [{ name: 'default' }], resources, routes };
  await api('POST', '/v1/catalog/import', { documents: [{ name: '<b>x</b>', text: JSON.stringify(catalog) }] });
  await Promise.all(part(2).filter(isName).map((name) => api('POST', '/v1/profiles', { account: 'tienda', name })));
  await Promise.all(part(3).filter(isName).map((name, i) => api('POST', '/v1/users', { account: 'tienda', email: `u${i}@tienda.example`, name })));
  page = guard(await openPage(browser));
  await enrol(page, shop.enrolment);
  await closeSecret(page);
});

after(async () => {
  await browser?.close();
  await shop?.daemon.close();
});

// Every text is the whole text of some element of the page; nothing of it became an element.
async function assertShown(url, texts) {
  await page.goto(`${shop.url}${url}`);
  await page.locator('table tbody tr').first().waitFor();
  for (const more = button('Show more'); await more.count() > 0;) {
    const rows = await page.locator('table tbody tr').count();
    await more.click();
    await page.waitForFunction((n) => document.querySelectorAll('table tbody tr').length > n, rows);
  }
  const missing = await page.evaluate((wanted) => {
    const there = new Set([...document.body.querySelectorAll('*')].map((one) => one.textContent));
    return wanted.filter((text) => !there.has(text));
  }, [...new Set(texts)]);
  assert.deepEqual(missing, [], `${url} does not show`);
  assert.equal(await page.locator('main :is(iframe, script, object, embed, base, form[action^="java"], a[href^="java"], [onerror], [onload])').count(), 0, url);
  assertClean(page);
}

test('lists show every stored text as it is', async () => {
  const keys = await all('/v1/keys?account=tienda&');
  assert.ok(keys.length > 80, 'most strings are names');
  await assertShown('/keys', keys.map((key) => key.label));
  await assertShown('/profiles', (await all('/v1/profiles?account=tienda&')).map((profile) => profile.name));
  await assertShown('/users', (await all('/v1/users?account=tienda&')).map((user) => user.name).filter(Boolean));
  await assertShown('/catalog/routes', (await all('/v1/routes?')).map((route) => route.path));
});

test('the pages of one thing show it as it is, in their headings and everywhere', async () => {
  const keys = await all('/v1/keys?account=tienda&');
  const profiles = await all('/v1/profiles?account=tienda&');
  const users = await all('/v1/users?account=tienda&');
  const sample = (items, name) => items.filter((item) => SCRIPTS.includes(name(item)) || name(item) === GOOD).filter((_, i, list) => i % Math.ceil(list.length / 6) === 0);
  for (const [url, name] of [...sample(keys, (key) => key.label).map((key) => [`/keys/${key.appKey}`, key.label]),
    ...sample(profiles, (profile) => profile.name).map((profile) => [`/profiles/${profile.id}`, profile.name]),
    ...sample(users, (user) => user.name).map((user) => [`/users/${user.id}`, user.name])]) {
    await page.goto(`${shop.url}${url}`);
    await page.waitForFunction((text) => document.querySelector('h1')?.textContent === text, name);
  }
  for (const url of ['/overview', '/events', '/settings', '/catalog/resources']) {
    await page.goto(`${shop.url}${url}`, { waitUntil: 'networkidle' });
    await page.getByRole('heading', { level: 1 }).waitFor();
  }
  assertClean(page);
});

// Types what must be refused at the field, which keeps it; then what must be kept to the byte.
async function assertForm({ within, field, submit, refused = REFUSED, read }) {
  const input = box(field, within());
  await input.fill(BAD);
  await button(submit, within()).click();
  await within().getByText(refused).first().waitFor();
  assert.equal(await input.inputValue(), BAD, 'what was typed is there still');
  await input.fill(GOOD);
  await button(submit, within()).click();
  await read();
  assertClean(page);
}
const untilEqual = async (what, read) => {
  await page.getByText(GOOD, { exact: true }).first().waitFor();
  assert.equal(await read(), GOOD, what);
};

test('a key: its name, its search and its export', async () => {
  const { appKey } = await api('POST', '/v1/keys', { account: 'tienda', label: 'ERP' });
  await page.goto(`${shop.url}/keys/${appKey}`);
  await button('Edit').click();
  await assertForm({ within: dialog, field: 'Key identification', submit: 'Save', read: () => untilEqual('label', async () => (await api('GET', `/v1/keys/${appKey}`)).label) });
  await page.getByRole('heading', { level: 1, name: GOOD }).waitFor();
  await page.goto(`${shop.url}/keys`);
  await page.getByPlaceholder('Search by name, appKey or external id').or(page.getByLabel('Search by name, appKey or external id')).first().fill(GOOD);
  await page.waitForFunction((text) => [...document.querySelectorAll('table tbody tr')].length === 1 && document.body.textContent.includes(text), GOOD);
  assertClean(page);
});

test('a profile, a person, an account and a management token', async () => {
  await page.goto(`${shop.url}/profiles/new`);
  await assertForm({ within: () => page.locator('main'), field: 'Name', submit: 'Create profile', read: async () => {
    await page.getByRole('heading', { level: 1, name: GOOD }).waitFor();
    assert.equal((await all('/v1/profiles?account=tienda&')).filter((profile) => profile.name === GOOD).length, 1);
  } });
  await page.goto(`${shop.url}/users`);
  await button('Invite').click();
  await box('E-mail', dialog()).fill('maria@tienda.example');
  await assertForm({ within: dialog, field: 'Name', submit: 'Invite', read: async () => {
    await closeSecret(page);
    assert.equal((await all('/v1/users?account=tienda&q=maria&'))[0].name, GOOD);
  } });
  await page.goto(`${shop.url}/settings`);
  const panel = () => page.locator('main');
  const input = box('Display name');
  await input.fill(BAD);
  await button('Save', panel()).first().click();
  await page.getByText(REFUSED).waitFor();
  await input.fill(GOOD);
  await button('Save', panel()).first().click();
  await page.getByText('Saved').first().waitFor();
  assert.equal((await api('GET', '/v1/accounts/tienda')).displayName, GOOD);
  await button('New token').click();
  await dialog().getByRole('checkbox').first().check();
  await box('Addresses', dialog()).fill('10.0.0.0/8');
  await assertForm({ within: dialog, field: 'Label', submit: 'Create the token', read: async () => {
    await dialog().getByText(/^LM1/).waitFor();
    await closeSecret(page);
  } });
  await page.getByText(GOOD, { exact: true }).first().waitFor();
  assertClean(page);
});

test('a name of a hundred letters without a space stays within the page, on a phone too', async () => {
  const name = 'W'.repeat(100);
  const { appKey } = await api('POST', '/v1/keys', { account: 'tienda', label: name });
  const profile = await api('POST', '/v1/profiles', { account: 'tienda', name });
  await api('POST', `/v1/keys/${appKey}/links`, { profile: profile.id });
  const user = await api('POST', '/v1/users', { account: 'tienda', email: 'w@tienda.example', name });
  await page.setViewportSize({ width: 390, height: 844 });
  for (const url of [`/keys?q=${name}`, `/keys/${appKey}`, `/profiles/${profile.id}`, `/users/${user.id}`, '/settings']) {
    await page.goto(`${shop.url}${url}`);
    await page.locator('main').getByText(name).first().waitFor();
    const beyond = await page.evaluate((text) => {
      const told = [...document.querySelectorAll('main *')].filter((one) => one.children.length === 0 && one.textContent.includes(text));
      return told.filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth).map((one) => one.outerHTML.slice(0, 80));
    }, name);
    assert.deepEqual(beyond, [], url);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  assertClean(page);
});

test('what is asked, pasted or sent without a login is text too', async () => {
  const path = '/<img src=x onerror=alert(1)>/{{x}}';
  await page.goto(`${shop.url}/diagnose?appKey=label-1&method=GET&path=${encodeURIComponent(path)}&host=${encodeURIComponent('<b>x</b>')}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForLoadState('networkidle');
  await page.goto(`${shop.url}/diagnose#${encodeURIComponent('<img src=x onerror=alert(1)>')}`);
  await page.getByRole('alert').first().waitFor();
  await page.goto(`${shop.url}/keys?q=${encodeURIComponent('<img src=x onerror=alert(1)>')}&state=${encodeURIComponent('"><script>alert(1)</script>')}`, { waitUntil: 'networkidle' });
  await page.goto(`${shop.url}/${encodeURIComponent('<script>alert(1)</script>')}`, { waitUntil: 'networkidle' });
  assertClean(page);
  const stranger = guard(await openPage(browser));
  await stranger.goto(`${shop.url}/login?back=${encodeURIComponent('javascript:alert(1)')}`);
  await stranger.locator('input[autocomplete="username"]').fill('"<svg/onload=alert(1)>"@x.example');
  await stranger.goto(`${shop.url}/check`);
  for (const text of SCRIPTS.slice(0, 20)) {
    await stranger.getByLabel('appKey', { exact: true }).fill(text);
    await stranger.getByLabel('appToken', { exact: true }).fill(text);
  }
  await stranger.getByRole('alert').first().waitFor();
  const { handover } = await api('POST', '/v1/keys', { account: 'tienda', label: GOOD, handover: true });
  await stranger.goto(`${shop.url}/share${new URL(handover.url, shop.url).hash}`);
  await stranger.getByText(GOOD).first().waitFor();
  await stranger.goto(`${shop.url}/share#${encodeURIComponent('<img src=x onerror=alert(1)>')}`);
  await stranger.getByRole('heading', { level: 1 }).waitFor();
  assertClean(stranger);
  await stranger.context().close();
});
