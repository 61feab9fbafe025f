// The catalogue by hand: services, resources and routes are made, changed and removed; what is wrong is said beside its
// field, and what somebody else changed meanwhile is shown before it is written over.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertAccessible, assertClean, closeSecret, enrol, openBrowser, openPage, openShop } from './lib/browser.mjs';

let browser;
let shop;
let page;

const api = (...call) => shop.daemon.api(...call);
const dialog = () => page.getByRole('dialog');
const button = (name, within = page) => within.getByRole('button', { name, exact: true });
const isGone = () => dialog().waitFor({ state: 'detached' });

before(async () => {
  [browser, shop] = await Promise.all([openBrowser(), openShop()]);
  page = await openPage(browser);
  await enrol(page, shop.enrolment);
  await closeSecret(page);
});

after(async () => {
  await browser?.close();
  await shop?.daemon.close();
});

test('a service is added; each refusal stands beside its field and keeps what was typed', async () => {
  await page.goto(`${shop.url}/catalog/services`);
  await button('Add service').click();
  await button('Add service', dialog()).click();
  await dialog().getByText('Fill this in.').waitFor();
  await dialog().getByLabel('Service name').fill('orders');
  await dialog().getByLabel('Hosts').fill('api.tienda.example:80');
  await dialog().getByLabel('Base path').fill('/v2/');
  await button('Add service', dialog()).click();
  await dialog().getByText('A base path is empty').waitFor();
  assert.equal(await dialog().getByLabel('Base path').getAttribute('aria-invalid'), 'true');
  await assertAccessible(page, 'a refused service');
  await dialog().getByLabel('Base path').fill('/v2');
  await button('Add service', dialog()).click();
  await dialog().getByText('This is not a host name').waitFor();
  assert.equal(await dialog().getByRole('alert').count(), 0, 'it is said once, at the field');
  await dialog().getByLabel('Hosts').fill('api.tienda.example\n*.api.tienda.example');
  await button('Add service', dialog()).click();
  await isGone();
  const service = await api('GET', '/v1/services/orders');
  assert.deepEqual([service.hosts.sort(), service.basePath, service.unmapped], [['*.api.tienda.example', 'api.tienda.example'], '/v2', 'refuse']);
  assertClean(page);
});

test('a service that changed meanwhile shows how it is now; saving again goes by that', async () => {
  await button('Edit the service orders').click();
  await dialog().getByLabel('Let CORS preflights pass').check();
  await api('PATCH', '/v1/services/orders', { basePath: '/v3' });
  await button('Save', dialog()).click();
  await dialog().getByText('base path /v3').waitFor();
  assert.ok(await dialog().getByLabel('Let CORS preflights pass').isChecked(), 'what was chosen is kept');
  await dialog().getByLabel('Base path').fill('/v3');
  await button('Save', dialog()).click();
  await isGone();
  const service = await api('GET', '/v1/services/orders');
  assert.deepEqual([service.basePath, service.preflight], ['/v3', 'pass']);
  assertClean(page);
});

test('a resource is made, called otherwise, and kept while a route needs it', async () => {
  await page.goto(`${shop.url}/catalog/resources`);
  await button('Add resource').click();
  await dialog().getByLabel('Product').fill('OMS');
  await dialog().getByLabel('Key').fill('ViewOrder');
  await button('Add resource', dialog()).click();
  await isGone();
  await page.getByRole('button', { name: 'ViewOrder' }).click();
  await button('Edit').click();
  await dialog().getByLabel('Name').fill('View <i>order</i>');
  await button('Save', dialog()).click();
  await isGone();
  await page.getByText('View <i>order</i>').waitFor();

  await page.goto(`${shop.url}/catalog`);
  await button('Add route').click();
  await dialog().getByLabel('Path').fill('/orders/{a}{b}');
  await dialog().getByLabel('Any one of these resources').click();
  await page.getByRole('option', { name: 'OMS/ViewOrder' }).click();
  assert.equal(await page.getByRole('option', { name: /^llavero/ }).count(), 0, 'no route needs a right inside Llavero');
  await page.keyboard.press('Tab');
  await button('Add route', dialog()).click();
  await dialog().getByText('two parameters').waitFor();
  assert.equal(await dialog().getByLabel('Path').getAttribute('aria-invalid'), 'true');
  await dialog().getByLabel('Path').fill('/orders/{id}');
  await button('Add route', dialog()).click();
  await isGone();

  await page.goto(`${shop.url}/catalog/resources`);
  await page.getByRole('button', { name: 'ViewOrder' }).click();
  await page.getByText('GET /orders/{id}').waitFor();
  await button('Remove').click();
  await button('Remove', dialog()).click();
  await dialog().getByText('Profiles or routes use the resource').waitFor();
  await button('Cancel', dialog()).click();
  assertClean(page);
});

test('nobody edits the rights inside Llavero', async () => {
  await page.getByRole('button', { name: 'keys.view' }).click();
  await page.getByText('No route needs llavero/keys.view').waitFor();
  assert.equal(await page.locator('li').filter({ hasText: 'No route needs llavero/keys.view' }).getByRole('button', { name: 'Edit' }).count(), 0);
  assertClean(page);
});

test('which resource a request needs is asked with its host', async () => {
  await page.goto(`${shop.url}/catalog`);
  await page.getByLabel('Path', { exact: true }).fill('/v3/orders/10');
  await page.getByLabel('Host, if any service has one').fill('api.tienda.example');
  await button('Look up').click();
  await page.getByText('is this route of the service orders').waitFor();
  await page.getByLabel('Host, if any service has one').fill('other.example');
  await button('Look up').click();
  await page.getByText('Nothing is mapped to GET /v3/orders/10').waitFor();
  assertClean(page);
});

test('a request that no route takes is diagnosed, its route mapped at once, and the page turns green', async () => {
  const { appKey } = await api('POST', '/v1/keys', { account: 'tienda', label: 'ERP' });
  await page.goto(`${shop.url}/diagnose?way=request`);
  await page.getByRole('textbox', { name: 'appKey' }).fill(appKey);
  await page.getByRole('textbox', { name: 'Path' }).fill('/v3/shipments/7?full=1');
  await page.getByRole('textbox', { name: 'Host' }).fill('api.tienda.example');
  await page.keyboard.press('Tab');
  await button('Try it').click();
  await page.getByRole('heading', { name: 'Nothing is mapped' }).waitFor();
  await page.locator('li[aria-current="step"]').getByText('Route is mapped').waitFor();
  await button('Map the route').click();
  assert.equal(await dialog().getByLabel('Path').inputValue(), '/shipments/{id}', 'below the base path, as a template');
  await dialog().getByLabel('Nothing: public').check();
  await assertAccessible(page, 'a route from its request');
  await button('Add route', dialog()).click();
  await isGone();
  await page.getByRole('heading', { name: 'Solved: this request passes now' }).waitFor();
  const { items } = await api('GET', '/v1/routes?q=shipments');
  assert.deepEqual(items.map(({ service, path, needs }) => [service, path, needs]), [['orders', '/shipments/{id}', 'public']]);
  await api('DELETE', `/v1/routes/${items[0].id}`);
  assertClean(page);
});

test('the settings say how the server is', async () => {
  await page.goto(`${shop.url}/settings`);
  await page.getByText('up to date, revision').waitFor();
  await page.getByText((await api('GET', '/v1/status')).eventPublicKey).waitFor();
  await assertAccessible(page, 'the server');
  assertClean(page);
});

test('a person\'s page says what the chosen profiles come to, and keeps the choice when it is read anew', async () => {
  const { id } = await api('POST', '/v1/users', { account: 'tienda', email: 'beto@tienda.example' });
  await api('POST', '/v1/profiles', { account: 'tienda', name: 'Soporte', resources: ['llavero/events.view', 'OMS/ViewOrder'] });
  await page.goto(`${shop.url}/users/${id}`);
  await page.getByText('As a result, nothing inside Llavero.').waitFor();
  await page.getByLabel('Soporte').check();
  await page.getByText('As a result, inside Llavero:').waitFor();
  await api('PATCH', `/v1/users/${id}`, { name: 'Beto' });
  await page.getByRole('button', { name: 'Suspend' }).click();
  await button('Suspend', dialog()).click();
  await dialog().getByRole('alert').waitFor();
  await button('Cancel', dialog()).click();
  assert.ok(await page.getByLabel('Soporte').isChecked(), 'what was chosen is kept');
  await button('Save the profiles').click();
  await page.getByText('The profiles were saved').waitFor();
  assert.deepEqual((await api('GET', `/v1/users/${id}`)).profiles.map(({ name }) => name), ['Soporte']);
  assertClean(page);
});

test('a service with routes stays; without them it goes', async () => {
  await page.goto(`${shop.url}/catalog/services`);
  await button('Remove the service orders').click();
  await button('Remove', dialog()).click();
  await dialog().getByText('The service has routes').waitFor();
  await page.goto(`${shop.url}/catalog`);
  await page.getByRole('button', { name: /^Remove GET \/orders/ }).click();
  await button('Remove', dialog()).click();
  await isGone();
  await page.goto(`${shop.url}/catalog/services`);
  await button('Remove the service orders').click();
  await button('Remove', dialog()).click();
  await isGone();
  await page.getByRole('button', { name: 'Remove the service orders' }).waitFor({ state: 'detached' });
  assert.ok(!(await api('GET', '/v1/services')).items.some((service) => service.name === 'orders'));
  assertClean(page);
});
