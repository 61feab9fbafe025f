// What is typed survives: the end of the session, another person's change, a slow network, a lost one, a keeper that
// is killed. And what must not survive does not: a secret, another person's page.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import {
  alterRecords, ask, assertAccessible, assertClean, assertGone, closeSecret, DEADLINE, emulateNetwork, enrol, enrolPerson, enterAs, openBrowser, openPage, openShop, PASSWORD,
} from './lib/browser.mjs';
import { Wire } from './lib/wire.mjs';
import { wordsOf } from './lib/words.mjs';
import { until } from '../lib/llaverod.mjs';

const LANG = 'pt';
const say = wordsOf(LANG);
const TYPED = { label: 'ERP <b>pedidos</b>', addresses: '10.1.0.0/16\n192.0.2.7', external_id: 'cliente 7', metadata: '{ "turno": "noche" }' };

let browser;
let shop;
let ana;
let page;

const api = (...call) => shop.daemon.api(...call);
const button = (area, key, on = page) => on.getByRole('button', { name: say(area, key), exact: true });
const field = (area, key, on = page) => on.getByRole('textbox', { name: say(area, key), exact: true });
const heading = (name, on = page) => on.getByRole('heading', { level: 1, name, exact: true }).waitFor();
const named = async (label) => (await api('GET', `/v1/keys?account=tienda&q=${encodeURIComponent(label)}`)).items.filter((key) => key.label === label);

async function open(path, title, on = page, url = shop.url) {
  await on.goto(url + path);
  await heading(title, on);
}

async function typeKey(label, on = page, url = shop.url) {
  await open('/keys?view=new', say('keys', 'create_title'), on, url);
  for (const [name, text] of Object.entries({ ...TYPED, label })) await field('keys', name, on).fill(text);
}

async function assertTyped(label, on = page) {
  for (const [name, text] of Object.entries({ ...TYPED, label })) assert.equal(await field('keys', name, on).inputValue(), text, name);
}

// The dialog that shows a new pair once, and what it showed.
async function pairShown(on = page) {
  const appToken = await on.getByRole('dialog', { name: say('keys', 'created') }).locator('dd').nth(1).innerText();
  assert.match(appToken, /^LV1/);
  return appToken;
}

async function logInAgain(on, { password = PASSWORD } = {}) {
  const dialog = on.getByRole('dialog', { name: say('shell', 'ended_title') });
  await dialog.waitFor();
  await dialog.locator('input[autocomplete="current-password"]').fill(password);
  await dialog.locator('input[autocomplete="one-time-code"]').fill(ana.code());
  await button('shell', 'ended_login', dialog).click();
  return dialog;
}

// All sessions but the one that ends them.
async function endElsewhere() {
  await ana.login();
  const { items } = (await ana.ask('GET', '/v1/sessions')).json;
  for (const { id, current } of items) if (!current) assert.equal((await ana.ask('DELETE', `/v1/sessions/${id}`)).status, 200);
}

before(async () => {
  [browser, shop] = await Promise.all([openBrowser(), openShop()]);
  ana = await enrolPerson(shop, shop.enrolment, 'ana@tienda.example');
  await api('POST', '/v1/resources', { product: 'OMS', key: 'ViewOrder' });
  await api('POST', '/v1/routes', { method: 'GET', path: '/orders/{id}', resources: ['ViewOrder'] });
});

beforeEach(async () => {
  await page?.context().close();
  page = await openPage(browser, { lang: LANG });
  if ((await ana.ask('GET', '/v1/session')).status !== 200) await ana.login();
  await enterAs(page, shop, ana);
});

after(async () => {
  await browser?.close();
  await shop?.daemon.close();
});

test('the session is ended elsewhere in the middle of a form: log in again, and it is sent', async () => {
  await typeKey('Fim 1');
  await endElsewhere();
  await button('keys', 'create').click();
  const dialog = page.getByRole('dialog', { name: say('shell', 'ended_title') });
  await dialog.waitFor();
  assert.equal(await dialog.locator('input[autocomplete="username"]').inputValue(), 'ana@tienda.example');
  await page.keyboard.press('Escape');
  await assertAccessible(page, 'the session ended');
  await logInAgain(page, { password: 'uma senha bem errada' });
  await dialog.getByRole('alert').waitFor();
  assert.deepEqual(await named('Fim 1'), []);
  await logInAgain(page);
  await dialog.waitFor({ state: 'detached' });
  await pairShown();
  await closeSecret(page);
  await heading('Fim 1');
  const [key, ...more] = await named('Fim 1');
  assert.deepEqual([more.length, key.externalId, key.addresses, key.metadata], [0, 'cliente 7', ['10.1.0.0/16', '192.0.2.7/32'], { turno: 'noche' }]);
  assertClean(page);
});

test('the idle limit ends it in the middle of an edit in a dialog: the dialog is there again', async () => {
  const made = await api('POST', '/v1/keys', { account: 'tienda', label: 'Fim 2' });
  await open(`/keys/${made.appKey}`, 'Fim 2');
  await button('keys', 'edit').click();
  await field('keys', 'label').fill('Fim 2, editado');
  await alterRecords(shop, 'UPDATE sessions SET seen_at_us = seen_at_us - 31 * 60000000');
  await button('keys', 'save').click();
  await logInAgain(page);
  await heading('Fim 2, editado');
  assert.equal((await api('GET', `/v1/keys/${made.appKey}`)).label, 'Fim 2, editado');
  assertClean(page);
});

test('a page that nobody touches stops asking, so that its session can become idle; touched, it goes on', async () => {
  await page.clock.install();
  let asked = 0;
  page.on('request', (sent) => { asked += new URL(sent.url()).pathname === '/v1/keys' ? 1 : 0; });
  await open('/overview', say('overview', 'title'));
  const minute = async () => {
    asked = 0;
    await page.clock.runFor(61_000);
    // By then what was to be sent is sent.
    await page.evaluate(async () => (await fetch('/healthz')).status);
  };
  await minute();
  await until('while somebody is there it asks every minute', () => asked > 0, DEADLINE);
  await page.clock.fastForward(11 * 60_000);
  await minute();
  await minute();
  assert.equal(asked, 0, 'nobody is there');
  await page.mouse.move(200, 200);
  await minute();
  await until('somebody came back', () => asked > 0, DEADLINE);
  assertClean(page);
});

test('tabs: who signs out in one is out in all of them, and nothing of the account is left in any', async () => {
  const [other, third] = [await page.context().newPage(), await page.context().newPage()];
  await open('/overview', say('overview', 'title'), other);
  await other.getByRole('link', { name: say('shell', 'nav_keys') }).click();
  await typeKey('Aba', other);
  // A pair that nobody has stored yet: its dialog asks before the page is left, but not now.
  await typeKey('Par aberto', third);
  await button('keys', 'create', third).click();
  const appToken = await pairShown(third);
  await third.bringToFront();
  await third.getByRole('dialog').click();
  await open('/overview', say('overview', 'title'));
  await page.locator('.l-me').click();
  await page.getByRole('menuitem', { name: say('shell', 'sign_out') }).click();
  for (const tab of [page, other, third]) {
    await heading(say('login', 'title'), tab);
    await tab.getByText(say('login', 'out')).waitFor();
  }
  await assertGone(third, appToken);
  await other.goBack();
  await heading(say('login', 'title'), other);
  for (const tab of [other, third]) {
    const page = await tab.content();
    for (const left of ['Aba', 'Par aberto', 'ana@tienda.example']) assert.ok(!page.includes(left), left);
  }
  assert.equal((await ask(other, 'GET', '/v1/session'))[0], 401);
  assertClean(page);
});

test('two tabs: the session ended by itself: who comes in again in one goes on in both', async () => {
  const other = await page.context().newPage();
  await typeKey('Aba', other);
  await open('/overview', say('overview', 'title'));
  await endElsewhere();
  await other.getByRole('button', { name: say('keys', 'create'), exact: true }).click();
  const dialog = other.getByRole('dialog', { name: say('shell', 'ended_title') });
  await dialog.waitFor();
  await page.getByRole('link', { name: say('shell', 'nav_settings') }).click();
  await logInAgain(page);
  await heading(say('settings', 'title'));
  await dialog.waitFor({ state: 'detached' });
  await pairShown(other);
  await closeSecret(other);
  assert.equal((await named('Aba')).length, 1);
  assertClean(page);
});

test('two tabs: when somebody else comes in, nothing of the first one is shown any more', async () => {
  const beto = await api('POST', '/v1/users', { account: 'tienda', email: 'beto@tienda.example', name: 'Beto' });
  const other = await page.context().newPage();
  await typeKey('Não é de Beto', other);
  await enrol(page, `${shop.url}/enrol${new URL(beto.enrolment).hash}`);
  await heading(say('overview', 'title'), other);
  assert.ok(!(await other.content()).includes('Não é de Beto'));
  await other.getByText('beto@tienda.example').waitFor();
  assertClean(page);
});

test('two tabs: a change in one is shown in the other; a crossed edit is shown, and nothing is overwritten', async () => {
  const made = await api('POST', '/v1/keys', { account: 'tienda', label: 'Dois' });
  const other = await page.context().newPage();
  await open(`/keys/${made.appKey}`, 'Dois');
  await open(`/keys/${made.appKey}`, 'Dois', other);
  await button('keys', 'edit', other).click();
  await field('keys', 'label', other).fill('Dois, da outra aba');
  await button('keys', 'edit').click();
  await field('keys', 'label').fill('Dois, desta aba');
  await field('keys', 'external_id').fill('cliente 2');
  await button('keys', 'save').click();
  await heading('Dois, desta aba');
  await heading('Dois, desta aba', other);
  assert.equal(await field('keys', 'label', other).inputValue(), 'Dois, da outra aba', 'what is typed stays');
  await button('keys', 'save', other).click();
  await other.getByText(say('keys', 'theirs', { value: 'Dois, desta aba' })).waitFor();
  assert.equal(await field('keys', 'label', other).inputValue(), 'Dois, da outra aba');
  assert.equal((await api('GET', `/v1/keys/${made.appKey}`)).label, 'Dois, desta aba', 'nothing was overwritten');
  await button('keys', 'save', other).click();
  await heading('Dois, da outra aba', other);
  const key = await api('GET', `/v1/keys/${made.appKey}`);
  assert.deepEqual([key.label, key.externalId], ['Dois, da outra aba', 'cliente 2']);
  assertClean(page);
});

test('a profile that somebody else changes meanwhile: both changes are in the next save', async () => {
  await api('POST', '/v1/resources', { product: 'OMS', key: 'EditOrder' });
  const profile = await api('POST', '/v1/profiles', { account: 'tienda', name: 'Cruzado', resources: [] });
  await open(`/profiles/${profile.id}`, 'Cruzado');
  await page.getByRole('checkbox', { name: 'EditOrder' }).check();
  await api('PATCH', `/v1/profiles/${profile.id}`, { addResources: ['ViewOrder'] });
  await button('profiles', 'save').click();
  await page.getByRole('alert').waitFor();
  assert.ok(await page.getByRole('checkbox', { name: 'EditOrder' }).isChecked());
  assert.ok(await page.getByRole('checkbox', { name: 'ViewOrder' }).isChecked(), 'theirs is shown');
  await button('profiles', 'save').click();
  await page.getByText(say('profiles', 'saved')).waitFor();
  const { resources } = await api('GET', `/v1/profiles/${profile.id}`);
  assert.deepEqual(resources.map((resource) => resource.key).sort(), ['EditOrder', 'ViewOrder']);
  assertClean(page);
});

test('the account that somebody else renames meanwhile: shown beside the field, and nothing is overwritten', async () => {
  const { displayName, version } = await api('GET', '/v1/accounts/tienda');
  await open('/settings', say('settings', 'title'));
  const name = field('settings', 'display_name');
  await name.fill('Minha loja');
  await api('PATCH', '/v1/accounts/tienda', { displayName: 'A loja deles' }, 200, { 'If-Match': `"${version}"` });
  await page.getByRole('button', { name: say('settings', 'save'), exact: true }).first().click();
  await page.getByText(say('settings', 'theirs', { value: 'A loja deles' })).waitFor();
  assert.equal(await name.inputValue(), 'Minha loja', `what was typed over ${displayName} stays`);
  assert.equal((await api('GET', '/v1/accounts/tienda')).displayName, 'A loja deles');
  await page.getByRole('button', { name: say('settings', 'save'), exact: true }).first().click();
  await until('saved by what was shown', async () => (await api('GET', '/v1/accounts/tienda')).displayName === 'Minha loja', DEADLINE);
  await page.getByText(say('settings', 'theirs', { value: 'A loja deles' })).waitFor({ state: 'detached' });
  assertClean(page);
});

test('a refusal stands beside its field, and all that was chosen is kept', async () => {
  await api('POST', '/v1/profiles', { account: 'tienda', name: 'Já existe', resources: [] });
  await open('/profiles/new', say('profiles', 'create_title'));
  await field('profiles', 'name').fill('Já existe');
  await page.getByRole('checkbox', { name: 'ViewOrder' }).check();
  await button('profiles', 'create').click();
  await page.locator('input[aria-invalid="true"]').waitFor();
  const described = await field('profiles', 'name').getAttribute('aria-describedby');
  const told = await page.evaluate((ids) => ids.split(' ').map((id) => document.getElementById(id)?.innerText ?? '').join(' '), described);
  assert.ok(told.length > say('profiles', 'name_hint').length, told);
  assert.equal(await page.getByRole('alert').count(), 0, 'it is said once');
  assert.ok(await page.getByRole('checkbox', { name: 'ViewOrder' }).isChecked());
  await field('profiles', 'name').fill('Ainda não existe');
  await button('profiles', 'create').click();
  await heading('Ainda não existe');
  assert.ok(await page.getByRole('checkbox', { name: 'ViewOrder' }).isChecked());
  assertClean(page);
});

test('a token that was shown is nowhere afterwards: not by back, forward, reload or another page', async () => {
  await open('/keys', say('keys', 'title'));
  await page.getByRole('link', { name: say('keys', 'create') }).first().click();
  await field('keys', 'label').fill('Segredo');
  await button('keys', 'create').click();
  const appToken = await pairShown();
  await closeSecret(page);
  await heading('Segredo');
  await assertGone(page, appToken, 'once closed');
  await page.goBack();
  await page.locator('h1').first().waitFor();
  await assertGone(page, appToken, 'after going back');
  await page.goForward();
  await heading('Segredo');
  await assertGone(page, appToken, 'after going forward');
  await page.reload();
  await heading('Segredo');
  await assertGone(page, appToken, 'after a reload');
  // Another document: coming back may show the page as it was left.
  await page.goto(`${shop.url}/check`);
  await page.goBack();
  await heading('Segredo');
  await assertGone(page, appToken, 'after another page');
  assertClean(page);
});

test('a slow network: a button that waits says so, and a second click makes no second key', async () => {
  await typeKey('Lento');
  await emulateNetwork(page, { latency: 1500, bytes: 20_000 });
  const create = button('keys', 'create');
  await create.dblclick();
  await page.locator('button[type="submit"][data-loading]').waitFor();
  await field('keys', 'label').press('Enter');
  await pairShown();
  await closeSecret(page);
  assert.equal((await named('Lento')).length, 1);
  assertClean(page);
});

// The keeper has made the key, and its answer never came.
async function loseAnswer(t, label) {
  const wire = await Wire.start(shop.daemon.people.port);
  t.after(() => wire.stop());
  await typeKey(label, page, wire.url);
  wire.hold();
  await button('keys', 'create').click();
  await until('the keeper made it', async () => (await named(label)).length === 1, DEADLINE);
  await wire.cut();
  await page.getByRole('alert').filter({ hasText: say('shell', 'offline_detail') }).waitFor();
  await page.locator('.l-banner').waitFor();
  await assertTyped(label);
  await wire.mend();
  await page.locator('.l-banner').waitFor({ state: 'detached' });
  await assertTyped(label);
}

test('the answer is lost on its way: sent again, it makes no second key, and says that the token was not seen', async (t) => {
  await loseAnswer(t, 'Perdido');
  await button('keys', 'create').click();
  await heading('Perdido');
  await page.getByText(say('keys', 'created_unseen')).waitFor();
  assert.equal((await named('Perdido')).length, 1);
  assertClean(page);
});

test('the answer is lost, and the form is changed before it is sent again: that is another key', async (t) => {
  await loseAnswer(t, 'Perdido 2');
  await field('keys', 'label').fill('Outro');
  await button('keys', 'create').click();
  await pairShown();
  await closeSecret(page);
  await heading('Outro');
  assertClean(page);
});

test('offline is said, and the form waits for the network', async () => {
  await typeKey('Sem rede');
  await emulateNetwork(page, { offline: true });
  await button('keys', 'create').click();
  await page.getByRole('alert').filter({ hasText: say('shell', 'offline_detail') }).waitFor();
  await page.locator('.l-banner').waitFor();
  await assertTyped('Sem rede');
  await assertAccessible(page, 'offline');
  await emulateNetwork(page, {});
  await page.locator('.l-banner').waitFor({ state: 'detached' });
  await button('keys', 'create').click();
  await pairShown();
  await closeSecret(page);
  assert.equal((await named('Sem rede')).length, 1);
  assertClean(page);
});

test('the keeper is killed while a form is open, and comes back on its port', async () => {
  await typeKey('Morto');
  await shop.daemon.stop('SIGKILL');
  await button('keys', 'create').click();
  await page.locator('.l-banner').waitFor();
  await page.getByRole('alert').filter({ hasText: say('shell', 'offline_detail') }).waitFor();
  await assertTyped('Morto');
  await shop.daemon.launch();
  await page.locator('.l-banner').waitFor({ state: 'detached' });
  await assertTyped('Morto');
  await button('keys', 'create').click();
  await pairShown();
  await closeSecret(page);
  assert.equal((await named('Morto')).length, 1);
  assertClean(page);
});

test('links that ran out of time say so, and what to do', async () => {
  const { enrolment } = await api('POST', '/v1/users', { account: 'tienda', email: 'caro@tienda.example' });
  const handed = await api('POST', '/v1/keys', { account: 'tienda', label: 'Integrador', handover: true });
  await alterRecords(shop, 'UPDATE enrolments SET expires_at_us = 1; UPDATE handovers SET expires_at_us = 1');
  const local = (link) => new URL(link, shop.url).hash;
  await open(`/enrol${local(enrolment)}`, say('enrol', 'invalid_title'));
  await assertAccessible(page, 'an enrolment that ran out');
  await open(`/share${local(handed.handover.url)}`, say('share', 'expired_title'));
  await page.getByText(say('share', 'expired_detail', { account: 'tienda', label: 'Integrador' })).waitFor();
  await assertAccessible(page, 'a link that ran out');
  await open(`/keys/${handed.appKey}`, 'Integrador');
  await page.getByText(say('keys', 'notice_link_expired')).waitFor();
  await button('keys', 'first_token').first().waitFor();
  assertClean(page);
});

test('another language while enrolling asks for no other secret', async () => {
  const { enrolment } = await api('POST', '/v1/users', { account: 'tienda', email: 'dani@tienda.example' });
  const link = new URL(enrolment, shop.url);
  await open(`/enrol${link.hash}`, say('enrol', 'title'));
  const secret = await page.locator('.l-code').first().innerText();
  await page.getByRole('button', { name: 'English' }).click();
  await heading('Set up your access');
  await page.waitForLoadState('networkidle');
  assert.equal(await page.locator('.l-code').first().innerText(), secret);
  assertClean(page);
});
