// The owner's first day: the one-time link, login, people, settings, the end of a session; in a real browser.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  alterRecords, ask, assertAccessible, assertClean, closeSecret, DEADLINE, enrol, login, openBrowser, openPage, openShop, PASSWORD,
} from './lib/browser.mjs';
import { until } from '../lib/llaverod.mjs';

let browser;
let shop;
let page;
let ana;

before(async () => {
  [browser, shop] = await Promise.all([openBrowser(), openShop()]);
  page = await openPage(browser);
});

after(async () => {
  await browser?.close();
  await shop?.daemon.close();
});

test('the owner follows the one-time link and is in', async () => {
  ana = await enrol(page, shop.enrolment);
  assert.equal(new URL(page.url()).hash, '', 'the secret left the address');
  assert.equal(ana.codes.length, 10);
  await assertAccessible(page, 'recovery codes');
  assert.ok(await ana.dialog.locator('button').last().isDisabled(), 'closing needs the tick');
  await closeSecret(page);
  await page.getByRole('navigation').waitFor();
  for (const code of ana.codes) assert.ok(!(await page.content()).includes(code), 'a recovery code is still in the page');
  assertClean(page);
});

test('the link is spent', async () => {
  const other = await openPage(browser);
  await other.goto(shop.enrolment);
  await other.getByRole('heading', { level: 1, name: 'This link is no longer good' }).waitFor();
  assertClean(other);
  await other.context().close();
});

test('a password alone, or a wrong one, does not let anybody in', async () => {
  const other = await openPage(browser);
  await login(other, shop.url, { password: `${PASSWORD}.`, code: '000000' });
  await other.getByRole('alert').waitFor();
  assert.equal(new URL(other.url()).pathname, '/login');
  assert.equal(await other.locator('input[autocomplete="username"]').inputValue(), 'ana@tienda.example', 'what was typed is kept');
  assertClean(other);
  await other.context().close();
});

test('a person is invited with a link that is shown once', async () => {
  await page.goto(`${shop.url}/users`);
  await page.getByRole('button', { name: 'Invite' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('E-mail').fill('beto@tienda.example');
  await dialog.getByLabel('Name').fill('Beto <b>Ruiz</b>');
  await dialog.getByRole('button', { name: 'Invite' }).click();
  const link = await dialog.locator('dd').innerText();
  assert.match(link, /\/enrol#/);
  await assertAccessible(page, 'invitation');
  await closeSecret(page);
  assert.ok(!(await page.content()).includes(link.split('#')[1]));
  await page.getByRole('link', { name: 'Beto <b>Ruiz</b>' }).waitFor();
  assertClean(page);
});

for (const dark of [false, true]) {
  for (const phone of [false, true]) {
    test(`users, settings and own account are accessible: ${dark ? 'dark' : 'light'}, ${phone ? 'phone' : 'desktop'}`, async () => {
      await page.setViewportSize(phone ? { width: 390, height: 844 } : { width: 1280, height: 900 });
      await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
      for (const path of ['/users', '/users/1', '/settings', '/me']) {
        await page.goto(shop.url + path);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.waitForLoadState('networkidle');
        await assertAccessible(page, path);
      }
      assertClean(page);
    });
  }
}

test('a keeper that restarts is said, and waited for', async () => {
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto(`${shop.url}/settings`);
  const name = page.getByLabel('Display name');
  await name.fill('Tienda de Ana');
  await shop.daemon.stop();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('.l-banner').waitFor();
  assert.equal(await name.inputValue(), 'Tienda de Ana', 'what was typed is kept');
  await assertAccessible(page, 'offline');
  await shop.daemon.launch();
  await page.locator('.l-banner').waitFor({ state: 'detached' });
  assert.equal(await name.inputValue(), 'Tienda de Ana', 'what was typed is kept');
  await page.getByRole('button', { name: 'Save' }).click();
  await until('the new name is kept', async () => (await shop.daemon.api('GET', '/v1/accounts/tienda')).displayName === 'Tienda de Ana', DEADLINE);
  assertClean(page);
});

test('a change asks for an old code again and is sent anew; its refusal stands beside the field', async () => {
  await alterRecords(shop, 'UPDATE sessions SET second_factor_at_us = second_factor_at_us - 3600000000');
  await page.goto(`${shop.url}/users`);
  await page.getByRole('button', { name: 'Invite' }).click();
  const dialog = page.getByRole('dialog', { name: 'Invite' });
  const email = dialog.getByLabel('E-mail');
  await email.fill('beto@tienda.example');
  await dialog.getByRole('button', { name: 'Invite' }).click();
  const factor = page.getByRole('dialog', { name: 'Confirm that it is you' });
  await factor.getByLabel('Code').fill(ana.codes[1]);
  await factor.getByRole('button', { name: 'Confirm' }).click();
  await factor.waitFor({ state: 'detached' });
  await dialog.getByText('Another user of the account has this e-mail address.').waitFor();
  assert.equal(await email.getAttribute('aria-invalid'), 'true');
  assert.equal(await dialog.getByRole('alert').count(), 0, 'it is said once');
  assertClean(page);
});

test('the owner names himself, and gives a person another address', async () => {
  await page.goto(`${shop.url}/me`);
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Name and e-mail' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Ana <b>la Titular</b>');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.locator('.l-me').getByText('Ana <b>la Titular</b>').waitFor();
  await page.getByRole('link', { name: 'Users' }).click();
  await page.getByRole('link', { name: 'Beto', exact: false }).first().click();
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await dialog.getByRole('textbox', { name: 'E-mail' }).fill('ana@tienda.example');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('Another user of the account has this e-mail address.').waitFor();
  await dialog.getByRole('textbox', { name: 'E-mail' }).fill('beto.nuevo@tienda.example');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('beto.nuevo@tienda.example').first().waitFor();
  // His own address too: the page says so until it is known.
  await page.goto(`${shop.url}/me`);
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await dialog.getByRole('textbox', { name: 'E-mail' }).fill('ana.nueva@tienda.example');
  await dialog.getByRole('button', { name: 'Save' }).click();
  const told = page.getByRole('alert').filter({ hasText: 'ana.nueva@tienda.example' });
  await told.waitFor();
  await told.getByRole('button', { name: 'I know' }).click();
  await told.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await dialog.getByRole('textbox', { name: 'E-mail' }).fill('ana@tienda.example');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  assertClean(page);
});

test('a session that ended elsewhere asks for the login, over the page, and goes on', async () => {
  await page.goto(`${shop.url}/users`);
  await page.getByRole('button', { name: 'Invite' }).waitFor();
  assert.equal((await ask(page, 'DELETE', '/v1/session'))[0], 200);
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByText('Your session ended').waitFor();
  await page.locator('input[autocomplete="current-password"]').fill(PASSWORD);
  await page.locator('input[autocomplete="one-time-code"]').fill(ana.codes[0]);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
  await page.getByLabel('Display name').waitFor();
  assertClean(page);
});

test('signing out forgets', async () => {
  await page.locator('.l-me').click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByText('You are signed out').waitFor();
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  assert.equal((await ask(page, 'GET', '/v1/users?account=tienda'))[0], 401);
  assertClean(page);
});
