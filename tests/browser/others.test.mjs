// Who is not the owner: what is not there for him, and that the keeper refuses the same deed when his own page asks for it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, assertClean, closeSecret, enrolPerson, enterAs, openBrowser, openPage, openShop } from './lib/browser.mjs';
import { wordsOf } from './lib/words.mjs';

const LANG = 'en';
const say = wordsOf(LANG);
const ALL = ['overview', 'keys', 'profiles', 'users', 'events', 'diagnose', 'catalog', 'settings'];

let browser;
let shop;
let profile;
let key;

const api = (...call) => shop.daemon.api(...call);
const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
const count = (page, role, name) => page.getByRole(role, { name, exact: true }).count();

before(async () => {
  [browser, shop] = await Promise.all([openBrowser(), openShop()]);
  await api('POST', '/v1/resources', { product: 'OMS', key: 'ViewOrder' });
  await api('POST', '/v1/routes', { method: 'GET', path: '/orders/{id}', resources: ['ViewOrder'] });
  profile = await api('POST', '/v1/profiles', { account: 'tienda', name: 'Orders', resources: ['ViewOrder'] });
  key = await api('POST', '/v1/keys', { account: 'tienda', label: 'ERP', profiles: [profile.id] });
});

after(async () => {
  await browser?.close();
  await shop?.daemon.close();
});

// A page of a person who has these rights and no others.
async function pageOf(name, rights, { handlesKeys = false } = {}) {
  const email = `${name}@tienda.example`;
  const user = await api('POST', '/v1/users', { account: 'tienda', email, name });
  if (rights.length > 0) {
    const resources = rights.map((right) => ({ product: 'llavero', key: right }));
    const own = await api('POST', '/v1/profiles', { account: 'tienda', name: `Of ${name}`, resources });
    if (handlesKeys) await api('PATCH', `/v1/profiles/${own.id}`, { handlesKeys: true });
    await api('PUT', `/v1/users/${user.id}/profiles`, { profiles: [own.id] });
  }
  const page = await openPage(browser, { lang: LANG });
  await enterAs(page, shop, await enrolPerson(shop, user.enrolment, email));
  page.own = user.id;
  return page;
}

// The pages that the navigation leads to; every other one says that it is not for this person.
async function assertPages(page, allowed) {
  await page.goto(`${shop.url}/overview`);
  await heading(page, say('overview', 'title'));
  const shown = await page.getByRole('navigation').first().getByRole('link').allInnerTexts();
  assert.deepEqual(shown.map((text) => text.trim()), allowed.map((screen) => say('shell', `nav_${screen}`)));
  for (const screen of ALL.filter((each) => !allowed.includes(each))) {
    await page.goto(`${shop.url}/${screen}`);
    await heading(page, say('shell', 'no_right_title'));
  }
}

async function assertRefused(page, rows) {
  for (const [method, url, body] of rows) {
    const [status, code] = await ask(page, method, url, body);
    assert.equal(status, 403, `${method} ${url}: ${status} ${code}`);
    assert.match(code, /right_missing|owner_only|not_held|catalog_managed/, `${method} ${url}`);
  }
}

const OF_OWNER = () => [
  ['POST', '/v1/management-tokens', { account: 'tienda', label: 'ci', rights: ['keys.view'], addresses: ['10.0.0.1'], expiresAt: new Date(Date.now() + 86400e3).toISOString() }],
  ['POST', '/v1/accounts/tienda/owner/invitation', { user: 1 }],
  ['PATCH', `/v1/profiles/${profile.id}`, { handlesKeys: true }],
];
const OF_KEYS = () => [
  ['POST', '/v1/keys', { account: 'tienda', label: 'mine' }],
  ['PATCH', `/v1/keys/${key.appKey}`, { label: 'mine' }],
  ['POST', `/v1/keys/${key.appKey}/links`, { profile: profile.id }],
  ['DELETE', `/v1/keys/${key.appKey}/links/${profile.id}`],
  ...['rotate', 'deactivate'].map((verb) => ['POST', `/v1/keys/${key.appKey}/${verb}`, verb === 'rotate' ? {} : undefined]),
  ['POST', `/v1/keys/${key.appKey}/revoke`, { reason: 'other' }],
];

test('who has no right sees his own account and nothing else', async () => {
  const page = await pageOf('Nadia', []);
  await assertPages(page, ['overview']);
  await page.goto(`${shop.url}/overview`);
  await page.getByText(say('overview', 'little')).waitFor();
  for (const url of ['/v1/keys?account=tienda', `/v1/keys/${key.appKey}`, '/v1/profiles?account=tienda', '/v1/users?account=tienda', '/v1/events', '/v1/routes', '/v1/resources']) {
    assert.equal((await ask(page, 'GET', url))[0], 403, url);
  }
  await assertRefused(page, [...OF_KEYS(), ['POST', '/v1/profiles', { account: 'tienda', name: 'Mine' }],
    ['POST', '/v1/users', { account: 'tienda', email: 'x@tienda.example' }], ['PUT', `/v1/users/${page.own}/profiles`, { profiles: [profile.id] }],
    ['PATCH', '/v1/accounts/tienda', { displayName: 'Mine' }], ['POST', '/v1/routes', { method: 'GET', path: '/mine', public: true }]]);
  await page.goto(`${shop.url}/me`);
  await heading(page, say('me', 'title'));
  assertClean(page);
});

test('who may view profiles looks at them, and changes none', async () => {
  const page = await pageOf('Vera', ['profiles.view']);
  await assertPages(page, ['overview', 'profiles', 'catalog']);
  await page.goto(`${shop.url}/profiles`);
  await page.getByRole('link', { name: 'Orders', exact: true }).waitFor();
  assert.equal(await count(page, 'link', say('profiles', 'create')), 0);
  await page.getByRole('link', { name: 'Orders', exact: true }).click();
  await heading(page, 'Orders');
  await page.getByText('/orders/{id}').waitFor();
  for (const name of ['save', 'delete', 'discard']) assert.equal(await count(page, 'button', say('profiles', name)), 0, name);
  assert.equal(await page.getByRole('checkbox').count(), 0);
  assert.equal(await count(page, 'link', say('profiles', 'show_keys')), 0);
  await page.goto(`${shop.url}/profiles/new`);
  await page.getByText(say('profiles', 'gone')).or(page.getByText(say('shell', 'not_found_title'))).waitFor();
  await page.goto(`${shop.url}/catalog`);
  await heading(page, say('catalog', 'title'));
  await page.getByRole('cell', { name: '/orders/{id}' }).waitFor();
  assert.equal(await count(page, 'tab', say('catalog', 'tab_import')), 0);
  assert.equal(await count(page, 'button', say('catalog', 'add_route')), 0);
  await assertRefused(page, [...OF_OWNER(), ...OF_KEYS(),
    ['POST', '/v1/profiles', { account: 'tienda', name: 'Mine' }], ['PATCH', `/v1/profiles/${profile.id}`, { name: 'Mine' }], ['DELETE', `/v1/profiles/${profile.id}`],
    ['POST', '/v1/catalog/import', { documents: [{ name: 'x.json', text: '{}' }] }]]);
  assert.deepEqual([(await ask(page, 'GET', '/v1/keys?account=tienda'))[0], (await ask(page, 'GET', '/v1/users?account=tienda'))[0]], [403, 403]);
  assertClean(page);
});

test('who handles keys by delegation does so, as a delegate, and is not the owner', async () => {
  const page = await pageOf('Delia', ['keys.edit', 'profiles.view', 'settings'], { handlesKeys: true });
  await assertPages(page, ['overview', 'keys', 'profiles', 'catalog', 'settings']);
  await page.goto(`${shop.url}/keys?view=new`);
  await heading(page, say('keys', 'create_title'));
  await page.getByRole('textbox', { name: say('keys', 'label'), exact: true }).fill('By Delia');
  await page.getByRole('button', { name: say('keys', 'create'), exact: true }).click();
  await page.getByRole('dialog', { name: say('keys', 'created') }).waitFor();
  await closeSecret(page);
  await heading(page, 'By Delia');
  await page.getByText(say('shell', 'delegated_to_you')).waitFor();
  const { items } = await api('GET', '/v1/events?action=key.create&order=desc&limit=1');
  assert.deepEqual([items[0].event.actor.id, items[0].event.actor.delegated], [`user:${page.own}`, true]);

  await page.goto(`${shop.url}/settings`);
  await heading(page, say('settings', 'title'));
  const delegation = page.getByRole('switch', { name: say('settings', 'delegation_switch', { name: 'Of Delia' }) });
  await delegation.waitFor({ state: 'attached' });
  assert.ok(await delegation.isDisabled(), 'only the owner delegates');
  for (const panel of ['tokens', 'transfer']) assert.equal(await count(page, 'heading', say('settings', panel)), 0, panel);
  await assertRefused(page, [...OF_OWNER(), ['POST', '/v1/users', { account: 'tienda', email: 'x@tienda.example' }]]);
  assertClean(page);
});

test('somebody of another account finds nothing here', async () => {
  const made = await api('POST', '/v1/accounts', { name: 'otra', owner: 'eva@otra.example' });
  const { items } = await api('GET', '/v1/users?account=otra');
  const link = made.enrolment ?? (await api('POST', `/v1/users/${items[0].id}/enrolment`)).enrolment;
  const page = await openPage(browser, { lang: LANG });
  await enterAs(page, shop, await enrolPerson(shop, link, 'eva@otra.example'));
  await page.goto(`${shop.url}/keys/${key.appKey}`);
  await page.getByText(say('keys', 'gone'), { exact: true }).waitFor();
  await page.goto(`${shop.url}/profiles/${profile.id}`);
  await page.getByText(say('profiles', 'gone'), { exact: true }).waitFor();
  assert.ok(!(await page.content()).includes('Orders'));
  for (const [method, url, body] of [['GET', `/v1/keys/${key.appKey}`], ['GET', `/v1/profiles/${profile.id}`], ['GET', '/v1/keys?account=tienda'], ...OF_KEYS().slice(1)]) {
    assert.equal((await ask(page, method, url, body))[0], 404, `${method} ${url}`);
  }
  assertClean(page);
});
