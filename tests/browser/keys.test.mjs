// Keys in Spanish, on the built console that a real llaverod serves: the owner creates, links, renews, edits and revokes
// them; who is not the owner does not, unless the owner delegated it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { alterRecords, ask, assertAccessible, assertClean, closeSecret, enrol, openBrowser, openPage, openShop } from './lib/browser.mjs';

let browser;
let shop;
let page;
let ana;
let token;

const NAME = 'ERP <img src=x onerror=alert(1)> "pedidos"';
const api = (...call) => shop.daemon.api(...call);
const field = (name) => page.getByRole('textbox', { name });
const button = (name, within = page) => within.getByRole('button', { name, exact: true });
const dialog = () => page.getByRole('dialog');
const keysOf = async (query = '') => (await api('GET', `/v1/keys?account=tienda${query}`)).items;

async function choose(name, option) {
  await field(name).click();
  await page.getByRole('option', { name: option }).click();
}

before(async () => {
  [browser, shop] = await Promise.all([openBrowser(), openShop()]);
  const documents = [{ name: 'demo.json', text: JSON.stringify({ llavero: 'catalog/1',
    resources: [{ product: 'OMS', key: 'ViewOrder', name: 'View order' }, { product: 'OMS', key: 'CancelOrder', name: 'Cancel order' }],
    services: [{ name: 'default', hosts: ['api.tienda.example'] }],
    routes: [{ service: 'default', method: 'GET', path: '/orders/{id}', resources: [{ product: 'OMS', key: 'ViewOrder' }] },
      { service: 'default', method: 'POST', path: '/orders/{id}/cancel', resources: [{ product: 'OMS', key: 'CancelOrder' }] }],
    profiles: [{ name: 'OMS - Read only', resources: [{ product: 'OMS', key: 'ViewOrder' }] }] }) }];
  await api('POST', '/v1/catalog/import', { documents });
  page = await openPage(browser, { lang: 'es' });
  ana = await enrol(page, shop.enrolment);
  await closeSecret(page);
});

after(async () => {
  await browser?.close();
  await shop?.daemon.close();
});

test('a new account is led to its first request', async () => {
  await page.goto(`${shop.url}/overview`);
  await page.getByText('Hasta la primera solicitud').waitFor();
  await page.locator('li[aria-current="step"]').getByText('Cree un perfil de acceso').waitFor();
  await page.getByRole('link', { name: 'Crear un perfil' }).click();
  await page.getByRole('heading', { level: 1, name: 'Crear un perfil de acceso' }).waitFor();
  assertClean(page);
});

test('a profile says what it opens before it is saved', async () => {
  await field('Nombre').fill('Pedidos');
  await page.getByRole('checkbox', { name: 'View order' }).check();
  await page.getByText('Se abre 1 ruta').waitFor();
  await button('Crear perfil').click();
  await page.getByRole('heading', { level: 1, name: 'Pedidos' }).waitFor();
  await page.getByRole('checkbox', { name: 'View order' }).uncheck();
  await page.getByRole('checkbox', { name: 'Cancel order' }).check();
  await page.getByText('Se cierra 1 ruta').waitFor();
  await page.getByText('Se abre 1 ruta').waitFor();
  await button('Descartar los cambios').click();
  assert.ok(await page.getByRole('checkbox', { name: 'View order' }).isChecked());
  assertClean(page);
});

test('a key is created once, its token shown once, whatever its name', async () => {
  await page.goto(`${shop.url}/keys?view=new`);
  await button('Crear clave').click();
  await page.getByText('Escriba un nombre.').waitFor();
  await field('Identificación de la clave').fill(NAME);
  await field('Direcciones permitidas').fill('10.0.0.1/8');
  await button('Crear clave').click();
  await page.getByText('10.0.0.1/8').nth(1).waitFor();
  assert.equal(await field('Identificación de la clave').inputValue(), NAME, 'what was typed is kept');
  await field('Direcciones permitidas').fill('10.0.0.0/8');
  await button('Crear clave').dblclick();
  const appToken = await dialog().locator('dd').nth(1).innerText();
  assert.match(appToken, /^LV1[0-9A-Z]{52}$/);
  token = appToken;
  await page.keyboard.press('Escape');
  assert.ok(await button('Listo', dialog()).isDisabled(), 'closing needs the tick');
  await assertAccessible(page, 'token');
  await closeSecret(page);
  await page.getByRole('heading', { level: 1, name: NAME }).waitFor();
  assert.equal((await keysOf()).length, 1, 'a double click makes one key');
  assert.ok(!(await page.content()).includes(appToken));
  await page.goBack();
  await page.goForward();
  await page.getByRole('heading', { level: 1 }).waitFor();
  assert.ok(!(await page.content()).includes(appToken), 'not after going back either');
  assert.equal(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }])).then((text) => text.includes(appToken)), false);
  assertClean(page);
});

test('unlinked, it says why it does not work; linked, it opens what the profile opens', async () => {
  const [key] = await keysOf();
  await page.goto(`${shop.url}/keys`);
  await page.getByRole('table').getByText('Sin vincular').waitFor();
  await page.getByRole('link', { name: NAME }).click();
  await page.getByText('No está vinculada a ningún perfil de acceso').waitFor();
  await button('Vincular').first().click();
  await choose('Perfil de acceso', 'Pedidos');
  await dialog().getByText('Le da 1 recurso: ViewOrder').waitFor();
  await button('Vincular', dialog()).click();
  await page.getByRole('link', { name: 'Pedidos' }).waitFor();
  const can = await api('POST', '/v1/can', { appKey: key.appKey, method: 'GET', path: '/orders/7', host: 'api.tienda.example', address: '10.1.1.1' });
  assert.equal(can.allowed, true);
  await page.goto(`${shop.url}/overview`);
  const command = page.locator('pre', { hasText: 'curl' });
  await page.getByText('Por su API').click();
  await page.getByText("curl -i 'https://api.tienda.example/orders/1'").waitFor();
  assert.match(await command.innerText(), new RegExp(`-H 'X-VTEX-API-AppKey: ${key.appKey}'`));
  assertClean(page);
});

test('the command for the first request works when it is pasted, and the page sees that it did', async () => {
  await page.getByText('Preguntar a Llavero').click();
  await page.getByText('Esperando la primera solicitud permitida').waitFor();
  await assertAccessible(page, 'first request');
  const command = await page.locator('pre', { hasText: '/auth/forwarded' }).innerText();
  const ran = spawnSync('bash', ['-c', command], { input: `${token}\n`, encoding: 'utf8', timeout: 30_000 });
  assert.match(ran.stdout, /^HTTP\/1.1 200/m, ran.stderr);
  await page.getByText('Haga la primera solicitud (hecho)').waitFor();
  await button('Ocultar').click();
  await page.getByText('Hasta la primera solicitud').waitFor({ state: 'detached' });
  assertClean(page);
});

test('the overview says what calls for attention, and has the button that ends it', async () => {
  const { appKey } = await api('POST', '/v1/keys', { account: 'tienda', label: 'Suelta' });
  await page.goto(`${shop.url}/overview`);
  await button('Vincular: Suelta').click();
  await choose('Perfil de acceso', 'Pedidos');
  await assertAccessible(page, 'an alert being ended');
  await button('Vincular', dialog()).click();
  await button('Vincular: Suelta').waitFor({ state: 'detached' });
  assert.equal((await api('GET', `/v1/keys/${appKey}`)).profiles.length, 1);
  assertClean(page);
});

test('a change of a profile says which keys gain and lose what, and which do not', async () => {
  const [{ appKey }] = await keysOf('&q=Suelta');
  const [{ id: held }] = (await api('GET', '/v1/profiles?account=tienda&q=Pedidos')).items;
  const other = await api('POST', '/v1/profiles', { account: 'tienda', name: 'Otro', resources: [{ product: 'OMS', key: 'ViewOrder' }] });
  await api('POST', `/v1/keys/${appKey}/links`, { profile: other.id });
  await page.goto(`${shop.url}/profiles/${held}`);
  await page.getByText('Lo tienen 2 claves.').waitFor();
  await page.getByRole('checkbox', { name: 'View order' }).uncheck();
  const holder = (name) => page.getByRole('listitem').filter({ hasText: name }).last();
  await holder(NAME).getByText('ViewOrder').waitFor();
  await page.getByText('1 más no nota nada').waitFor();
  await page.getByRole('checkbox', { name: 'Cancel order' }).check();
  await holder('Suelta').getByText('CancelOrder').waitFor();
  await assertAccessible(page, 'what changes');
  await button('Descartar los cambios').click();
  await api('POST', `/v1/keys/${appKey}/revoke`, { reason: 'unused' });
  assertClean(page);
});

test('a pair is checked in a page of its own, which knows the key and sends nothing', async () => {
  const [{ appKey }] = await keysOf('&state=active');
  await page.goto(`${shop.url}/keys/${appKey}`);
  await page.getByRole('link', { name: 'Verificar un par' }).click();
  await page.getByText('Es la appKey de esta clave').waitFor();
  assert.ok(new URL(page.url()).search === '' && page.url().includes(`#appKey=${appKey}`), 'in the fragment');
  const sent = [];
  page.on('request', (one) => sent.push(one.url()));
  await field('appKey').fill(appKey.toLowerCase().replace(/.$/, ' '));
  await page.getByText('No es la appKey de esta clave').waitFor();
  await field('appKey').fill(`${appKey} `);
  await page.getByText('Solo la separan espacios').waitFor();
  await field('appKey').fill(appKey);
  await field('appToken').fill(token);
  await page.getByText('Sin errores de digitación: sus caracteres de control coinciden. Si es').waitFor();
  await assertAccessible(page, 'check a pair');
  assert.deepEqual(sent, []);
  page.removeAllListeners('request');
  await page.getByRole('link', { name: 'Volver a la clave' }).click();
  await page.getByRole('heading', { level: 1, name: NAME }).waitFor();
  assertClean(page);
});

test('the token is renewed: both work until the owner finishes', async () => {
  await page.goto(`${shop.url}/keys`);
  await page.getByRole('link', { name: NAME }).click();
  await button('Renovar token').click();
  await assertAccessible(page, 'renew');
  await button('Renovar token', dialog()).click();
  await dialog().locator('dd').nth(1).waitFor();
  await closeSecret(page);
  await page.getByText('Hay una renovación abierta').waitFor();
  assert.deepEqual((await keysOf())[0].tokens.map((token) => token.kind).sort(), ['current', 'previous']);
  await button('Eliminar el token anterior').click();
  await button('Eliminar el token anterior', dialog()).click();
  await page.getByText('Retirado').waitFor();
  assert.deepEqual((await keysOf())[0].tokens.map((token) => token.kind).sort(), ['current', 'retired']);
  assertClean(page);
});

test('an edit that crossed another one is shown, and neither is lost', async () => {
  const [{ appKey }] = await keysOf();
  await button('Editar').click();
  await field('Identificación de la clave').fill('Lo mío');
  await api('PATCH', `/v1/keys/${appKey}`, { label: 'Lo suyo', externalId: 'cliente-1' });
  await button('Guardar', dialog()).click();
  await dialog().getByText('Otra persona lo cambió mientras tanto a: Lo suyo').waitFor();
  assert.equal(await field('Identificación de la clave').inputValue(), 'Lo mío');
  assert.equal(await field('Identificador externo').inputValue(), 'cliente-1');
  await assertAccessible(page, 'a crossed edit');
  await button('Guardar', dialog()).click();
  await page.getByRole('heading', { level: 1, name: 'Lo mío' }).waitFor();
  const [key] = await keysOf();
  assert.deepEqual([key.label, key.externalId], ['Lo mío', 'cliente-1']);
  assertClean(page);
});

test('a token is handed over by a link instead', async () => {
  await page.goto(`${shop.url}/keys?view=new`);
  await field('Identificación de la clave').fill('Integrador');
  await page.getByRole('radio', { name: 'Con un link de acceso único' }).check();
  await button('Crear clave').click();
  const link = await dialog().locator('dd').innerText();
  assert.match(link, /\/share#/);
  await closeSecret(page);
  await page.getByText('espera que lo abran').waitFor();
  assert.deepEqual((await keysOf('&q=Integrador'))[0].tokens, []);
  assert.ok(!(await page.content()).includes(link.split('#')[1]));
  assertClean(page);
});

test('it is revoked with a reason and its name, and for good', async () => {
  const [{ appKey }] = await keysOf('&q=Lo%20m');
  await page.goto(`${shop.url}/keys/${appKey}`);
  await button('Más acciones').click();
  await page.getByRole('menuitem', { name: 'Revocar la clave' }).click();
  await dialog().getByText('Último uso').waitFor();
  await dialog().getByText('10.0.0.0/8').waitFor();
  assert.ok(await button('Revocar la clave', dialog()).isDisabled(), 'it needs the name');
  await field('Escriba «Lo mío» para confirmar').fill('Lo mío');
  await button('Revocar la clave', dialog()).click();
  await dialog().getByText('Elija un motivo.').waitFor();
  await dialog().getByRole('combobox', { name: 'Motivo' }).selectOption('compromised');
  await assertAccessible(page, 'revoke');
  await button('Revocar la clave', dialog()).click();
  await page.getByText('Motivo: Comprometida o filtrada').waitFor();
  assert.equal(await button('Renovar token').count(), 0);
  assert.equal((await api('GET', `/v1/keys/${appKey}`)).state, 'revoked');
  assertClean(page);
});

test('the palette finds keys, profiles, users and resources, and what may be done', async () => {
  const [key] = await keysOf('&q=Integrador');
  const option = (name) => page.getByRole('option', { name });
  const open = async (text) => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill(text);
  };
  await page.goto(`${shop.url}/overview`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await open(key.appKey.toLowerCase());
  await option(key.label).waitFor();
  await assertAccessible(page, 'palette');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: key.label }).waitFor();
  for (const [text, name] of [['pedid', /^Pedidos.*Perfil de acceso/], ['ana@', /ana@tienda.example.*Usuario/]]) {
    await open(text);
    await option(name).waitFor();
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
  }
  await open('vieworder');
  await option(/ViewOrder/).click();
  await page.waitForURL('**/catalog/resources?q=ViewOrder');
  await open('anadir clave externa');
  await page.keyboard.press('Enter');
  await dialog().getByRole('textbox', { name: 'appKey' }).waitFor();
  assertClean(page);
});

test('an export is no formula to a spreadsheet', async () => {
  const labels = ['=1+1', '+1', '-1', '@SUM(A1)', '＝1', '"a",b'];
  for (const label of labels) await api('POST', '/v1/keys', { account: 'tienda', label });
  await page.goto(`${shop.url}/keys`);
  const [saved] = await Promise.all([page.waitForEvent('download'), button('Exportar').click()]);
  const text = readFileSync(await saved.path(), 'utf8');
  for (const label of labels.slice(0, 5)) assert.ok(text.includes(`,"'${label}",`), label);
  assert.ok(text.includes(',"""a"",b",'));
  assert.ok(!/"[=+@-]/.test(text));
  for (const { appKey } of (await keysOf()).filter(({ label }) => labels.includes(label))) await api('POST', `/v1/keys/${appKey}/revoke`, { reason: 'unused' });
  assertClean(page);
});

test('an old second factor is asked for again, over the dialog, which stays', async () => {
  const [key] = await keysOf('&q=Integrador');
  await alterRecords(shop, 'UPDATE sessions SET second_factor_at_us = 1');
  await page.goto(`${shop.url}/keys/${key.appKey}`);
  await button('Editar').click();
  await field('Identificación de la clave').fill('Integrador nuevo');
  await button('Guardar', dialog()).click();
  await page.getByText('Guardado').waitFor();
  // A name is nobody's business; another customer is.
  const code = page.locator('input[autocomplete="one-time-code"]');
  await button('Editar').click();
  await field('Identificador externo').fill('cliente-2');
  await button('Guardar', dialog()).click();
  await code.waitFor();
  await page.keyboard.press('Escape');
  await code.waitFor({ state: 'detached' });
  assert.equal((await api('GET', `/v1/keys/${key.appKey}`)).externalId, null);
  await button('Cancelar', dialog()).click();
  await button('Vincular').first().click();
  await choose('Perfil de acceso', 'Pedidos');
  await button('Vincular', dialog()).click();
  await code.waitFor();
  await assertAccessible(page, 'second factor over a dialog');
  await page.keyboard.press('Escape');
  await code.waitFor({ state: 'detached' });
  await button('Vincular', dialog()).click();
  await code.fill(ana.codes[0]);
  await button('Confirmar').click();
  await page.getByRole('link', { name: 'Pedidos' }).waitFor();
  assertClean(page);
});

test('who is not the owner looks at keys, and handles them only by delegation', async () => {
  const rights = ['keys.view', 'keys.edit', 'profiles.edit', 'events.view'].map((key) => ({ product: 'llavero', key }));
  const profile = await api('POST', '/v1/profiles', { account: 'tienda', name: 'Equipo', resources: rights });
  const { id, enrolment } = await api('POST', '/v1/users', { account: 'tienda', email: 'beto@tienda.example', name: 'Beto' });
  await api('PUT', `/v1/users/${id}/profiles`, { profiles: [profile.id] });
  const [key] = await keysOf('&q=Integrador');
  const owner = page;
  page = await openPage(browser, { lang: 'es', dark: true, phone: true });
  await enrol(page, enrolment);
  await closeSecret(page);
  await page.goto(`${shop.url}/keys`);
  await page.getByText('Solo el usuario Titular puede manipular las claves').waitFor();
  assert.equal(await button('Crear clave').count(), 0);
  await assertAccessible(page, 'keys of somebody else, dark, phone');
  await page.getByRole('link', { name: key.label }).click();
  await page.getByRole('heading', { level: 1, name: key.label }).waitFor();
  for (const name of ['Editar', 'Crear el token', 'Vincular', 'Más acciones']) assert.equal(await button(name).count(), 0, name);
  const before = await keysOf();
  for (const [method, url, body] of [['POST', '/v1/keys', { account: 'tienda', label: 'mía' }], ['PATCH', `/v1/keys/${key.appKey}`, { label: 'mía' }],
    ['POST', `/v1/keys/${key.appKey}/rotate`], ['POST', `/v1/keys/${key.appKey}/revoke`, { reason: 'other' }]]) {
    assert.deepEqual(await ask(page, method, url, body), [403, 'records.right_missing'], `${method} ${url}`);
  }
  assert.deepEqual(await keysOf(), before);
  assert.deepEqual(await ask(page, 'PATCH', `/v1/profiles/${profile.id}`, { handlesKeys: true }), [403, 'records.owner_only']);

  await owner.goto(`${shop.url}/profiles/${profile.id}`);
  await owner.getByText('incluye keys.edit, pero el usuario Titular no delegó').waitFor();
  await owner.goto(`${shop.url}/users/${id}`);
  await owner.getByText('Tiene keys.edit por el perfil Equipo, pero').waitFor();
  await assertAccessible(owner, 'a user whose profile is not delegated');
  assert.deepEqual(await ask(owner, 'PATCH', `/v1/profiles/${profile.id}`, { handlesKeys: true }), [200, undefined]);
  await page.reload();
  await page.getByText('Usted manipula las claves por delegación').waitFor();
  await button('Editar').waitFor();
  await assertAccessible(page, 'key of a delegate, dark, phone');
  await owner.goto(`${shop.url}/profiles`);
  await owner.getByRole('row', { name: 'Equipo' }).getByText('Manipula claves').waitFor();
  for (const [where, words] of [[`/profiles/${profile.id}`, 'Quien tiene este perfil de acceso manipula'], [`/users/${id}`, 'Manipula las claves de la cuenta por delegación'], ['/overview', 'También manipulan estas claves'], ['/settings', 'Manipula claves']]) {
    await owner.goto(shop.url + where);
    await owner.getByText(words).first().waitFor();
  }
  await owner.goto(`${shop.url}/keys`);
  await owner.getByText('También manipulan estas claves los usuarios que tienen: Equipo.').waitFor();
  await assertAccessible(owner, 'keys that are delegated');
  assertClean(page);
  assertClean(owner);
});
