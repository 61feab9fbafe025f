// What a person without a session meets, on the built console that a real llaverod serves.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertAccessible, assertClean, openBrowser, openPage, openShop, PASSWORD } from './lib/browser.mjs';
import { Authenticator } from './lib/totp.mjs';

let browser;
let shop;

before(async () => {
  [browser, shop] = await Promise.all([openBrowser(), openShop()]);
});

after(async () => {
  await browser?.close();
  await shop?.daemon.close();
});

const TITLES = { es: 'Iniciar sesión', en: 'Sign in', pt: 'Entrar' };

for (const [lang, title] of Object.entries(TITLES)) {
  test(`every address leads to the login, in the browser's language: ${lang}`, async () => {
    const page = await openPage(browser, { lang });
    await page.goto(`${shop.url}/users?q=ana`);
    await page.getByRole('heading', { level: 1, name: title }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/login');
    assert.equal(await page.locator('html').getAttribute('lang'), lang);
    assertClean(page);
    await page.context().close();
  });
}

test('the language can be switched, and is remembered', async () => {
  const page = await openPage(browser, { lang: 'en' });
  await page.goto(`${shop.url}/login`);
  await page.getByRole('button', { name: 'Português' }).click();
  await page.getByRole('heading', { level: 1, name: TITLES.pt }).waitFor();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: TITLES.pt }).waitFor();
  assertClean(page);
  await page.context().close();
});

for (const dark of [false, true]) {
  for (const phone of [false, true]) {
    test(`login and a spent link are accessible: ${dark ? 'dark' : 'light'}, ${phone ? 'phone' : 'desktop'}`, async () => {
      const page = await openPage(browser, { lang: 'es', dark, phone });
      await page.goto(`${shop.url}/login?reason=out`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await assertAccessible(page, 'login');
      await page.goto(`${shop.url}/enrol`);
      await page.getByRole('heading', { level: 1, name: 'Este enlace ya no sirve' }).waitFor();
      await assertAccessible(page, 'enrol without a link');
      assertClean(page);
      await page.context().close();
    });
  }
}

const OPENED = {
  es: 'Este enlace ya se abrió antes', en: 'This link was opened before', pt: 'Este link já foi aberto antes',
};

test('who looked at a one-time link first does not know what the person sets up, and the person is told', async () => {
  const first = await openPage(browser);
  await first.goto(shop.enrolment);
  const peeked = await first.locator('.l-code').first().innerText();
  assert.equal(await first.locator('.l-notice').count(), 0);
  await first.context().close();
  for (const [lang, text] of Object.entries(OPENED)) {
    const page = await openPage(browser, { lang, dark: lang === 'es', phone: lang === 'pt' });
    await page.goto(shop.enrolment);
    await page.locator('.l-notice', { hasText: text }).waitFor();
    assert.notEqual(await page.locator('.l-code').first().innerText(), peeked);
    await assertAccessible(page, `opened before, ${lang}`);
    if (lang === 'pt') {
      const password = page.locator('input[autocomplete="new-password"]');
      await password.nth(0).fill(PASSWORD);
      await password.nth(1).fill(PASSWORD);
      const code = page.locator('input[autocomplete="one-time-code"]');
      await code.fill(await new Authenticator(peeked).code());
      await page.locator('button[type="submit"]').click();
      await page.locator('input[autocomplete="one-time-code"][aria-invalid="true"]').waitFor();
      assert.equal(await password.nth(0).inputValue(), PASSWORD, 'what was typed is kept');
    }
    assertClean(page);
    await page.context().close();
  }
});

test('a connection that comes back does not change what was scanned', async () => {
  const page = await openPage(browser);
  await page.goto(shop.enrolment);
  const code = page.locator('.l-code').first();
  const shown = await code.innerText();
  const password = page.locator('input[autocomplete="new-password"]');
  await password.nth(0).fill(PASSWORD);
  await password.nth(1).fill(PASSWORD);
  await page.locator('input[autocomplete="one-time-code"]').fill(await new Authenticator(shown).code());
  await shop.daemon.stop();
  await page.locator('button[type="submit"]').click();
  await page.getByRole('alert').first().waitFor();
  await shop.daemon.launch();
  await page.locator('.l-banner').waitFor({ state: 'detached' });
  assert.equal(await code.innerText(), shown);
  await page.locator('input[autocomplete="one-time-code"]').fill(await new Authenticator(shown).code());
  await page.locator('button[type="submit"]').click();
  await page.getByRole('dialog').waitFor();
  assertClean(page);
  await page.context().close();
});

test('a return address outside the console is not followed', async () => {
  const page = await openPage(browser);
  await page.goto(`${shop.url}/login?back=${encodeURIComponent('//elsewhere.example/')}`);
  await page.getByRole('heading', { level: 1, name: TITLES.en }).waitFor();
  assert.equal(new URL(page.url()).origin, shop.url);
  assertClean(page);
  await page.context().close();
});
