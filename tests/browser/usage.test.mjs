// How keys are used, in Spanish: on the first page, on the key's own, before it is revoked, and the refusals that nobody
// kept the code of.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { request, until } from '../lib/llaverod.mjs';
import { alterRecords, assertAccessible, assertClean, enrolPerson, enterAs, openBrowser, openPage, openShop } from './lib/browser.mjs';

let browser;
let shop;
let page;
let key;

const api = (...call) => shop.daemon.api(...call);
const gate = (credential, target, address) => request(shop.daemon.gate, 'GET', '/auth/nginx', { headers: { 'X-Original-Method': 'GET',
  'X-Original-URI': target, 'X-Original-Address': address, 'X-App-Key': credential.appKey, 'X-App-Token': credential.appToken } });
const panel = (name) => page.locator('section', { has: page.getByRole('heading', { level: 2, name, exact: true }) });

// A picture for who looks at what a change made of it: SHOTS=DIR tests/browser/run FILE.
async function shot(name) {
  if (!process.env.SHOTS) return;
  fs.mkdirSync(process.env.SHOTS, { recursive: true });
  await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true });
}

before(async () => {
  [browser, shop] = await Promise.all([openBrowser(), openShop()]);
  await api('POST', '/v1/resources', { product: 'OMS', key: 'ViewOrder' });
  await api('POST', '/v1/routes', { method: 'GET', path: '/orders/{id}', resources: ['ViewOrder'] });
  await api('POST', '/v1/profiles', { account: 'tienda', name: 'Pedidos', resources: ['ViewOrder'] });
  key = await api('POST', '/v1/keys', { account: 'tienda', label: 'ERP', profiles: ['Pedidos'] });
  await until('the gate knows the key', async () => (await gate(key, '/orders/7', '192.0.2.7')).status === 200, 30000);
  await until('what came before is counted', async () => (await api('GET', '/v1/usage?account=tienda')).allowed > 0, 30000);
  for (let i = 0; i < 12; i++) await gate(key, '/orders/7', '192.0.2.7');
  for (let i = 0; i < 3; i++) await gate(key, '/nothing', '192.0.2.8');
  const { appToken } = await api('POST', `/v1/keys/${key.appKey}/rotate`, {});
  await gate({ ...key, appToken }, '/orders/7', '192.0.2.30');
  await gate(key, '/orders/7', '192.0.2.20');
  await until('all is counted', async () => {
    const { causes, tokens } = await api('GET', `/v1/keys/${key.appKey}/usage`);
    return causes[0]?.refused === 3 && tokens.every(({ lastUse }) => lastUse);
  }, 30000);
  page = await openPage(browser, { lang: 'es' });
  await enterAs(page, shop, await enrolPerson(shop, shop.enrolment, 'ana@tienda.example'));
});

after(async () => {
  await browser?.close();
  await shop?.daemon.close();
});

test('the first page says how much was allowed and refused, and why', async () => {
  await page.goto(`${shop.url}/overview`);
  await panel('Solicitudes').getByText('3 rechazadas').waitFor();
  const { allowed } = await api('GET', '/v1/usage?account=tienda');
  await panel('Solicitudes').getByText(`${allowed} permitidas`).waitFor();
  assert.match(await panel('Solicitudes').getByRole('img').getAttribute('aria-label'), /Solicitudes por hora: .*3 rechazadas/);
  await panel('Solicitudes').getByRole('row', { name: /no está en el catálogo|ruta/i }).waitFor();
  await assertAccessible(page, 'overview');
  await shot('overview');
  assertClean(page);
});

test('a key shows its use, as bars and as a table, and which client still sends the older token', async () => {
  await page.goto(`${shop.url}/keys/${key.appKey}`);
  const use = panel('Uso');
  await use.getByRole('img').waitFor();
  await use.getByRole('button', { name: 'Como tabla' }).click();
  await use.getByRole('table', { name: 'Solicitudes por hora' }).getByRole('row').nth(1).waitFor();
  await page.getByText('30 días', { exact: true }).click();
  await use.getByRole('table', { name: 'Solicitudes por día' }).waitFor();
  await use.getByRole('row', { name: /Anterior, aún válido.*192\.0\.2\.20/ }).waitFor();
  await use.getByRole('row', { name: /Vigente.*192\.0\.2\.30/ }).waitFor();
  await assertAccessible(page, 'key');
  await shot('key');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 390, height: 844 });
  await assertAccessible(page, 'key on a phone, dark');
  await shot('key-phone-dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 900 });
  assertClean(page);
});

test('before the older token is deleted, and the key revoked, it is told who still uses it', async () => {
  await page.getByRole('button', { name: 'Más acciones' }).click();
  await page.getByRole('menuitem', { name: 'Eliminar el token anterior' }).click();
  await page.getByRole('dialog').getByText(/192\.0\.2\.20/).first().waitFor();
  await assertAccessible(page, 'finish');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Más acciones' }).click();
  await page.getByRole('menuitem', { name: 'Revocar la clave' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(/desde 192\.0\.2\.(20|30)/).waitFor();
  await dialog.getByText(/^192\.0\.2\.30, /).waitFor();
  await assertAccessible(page, 'revoke');
  await shot('revoke');
  await page.keyboard.press('Escape');
  assertClean(page);
});

test('a refusal is found without its code and explained', async () => {
  await page.goto(`${shop.url}/diagnose`);
  const row = panel('Rechazos recientes').getByRole('row', { name: /192\.0\.2\.8/ }).first();
  await row.waitFor();
  await assertAccessible(page, 'refusals');
  await shot('refusals');
  await row.getByRole('link', { name: '¿Por qué?' }).click();
  await page.getByText('route_unknown').first().waitFor();
  assertClean(page);
});

test('keys that nobody uses are found in the list and on the first page', async () => {
  await api('POST', '/v1/keys', { account: 'tienda', label: 'Olvidada', profiles: ['Pedidos'] });
  await alterRecords(shop, 'UPDATE usage_drain SET since_us = 1; UPDATE app_keys SET created_at_us = created_at_us - 3456000000000');
  await page.goto(`${shop.url}/keys?alert=never_used`);
  await page.getByRole('row', { name: /Olvidada.*Nunca/ }).waitFor();
  assert.equal(await page.getByRole('row', { name: /ERP/ }).count(), 0);
  await page.goto(`${shop.url}/overview`);
  await panel('Requiere atención').getByRole('link', { name: 'Olvidada', exact: true }).waitFor();
  await panel('Requiere atención').getByText('Sin uso en 30 días').waitFor();
  await assertAccessible(page, 'attention');
  await shot('attention');
  assertClean(page);
});
