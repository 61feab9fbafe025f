// What a person without a session meets, on the built console that a real llaverod serves.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertAccessible, assertClean, openBrowser, openPage, openShop } from './lib/browser.mjs';

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
      await page.goto(`${shop.url}/login?reason=ended`);
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

test('a return address outside the console is not followed', async () => {
  const page = await openPage(browser);
  await page.goto(`${shop.url}/login?back=${encodeURIComponent('//elsewhere.example/')}`);
  await page.getByRole('heading', { level: 1, name: TITLES.en }).waitFor();
  assert.equal(new URL(page.url()).origin, shop.url);
  assertClean(page);
  await page.context().close();
});
