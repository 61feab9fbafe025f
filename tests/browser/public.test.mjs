// The pages for people without a login: the token checker, and one-time links.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertAccessible, assertClean, openBrowser, openPage, openShop } from './lib/browser.mjs';

let browser;
let shop;
let key;

before(async () => {
  [browser, shop] = await Promise.all([openBrowser(), openShop()]);
  key = await shop.daemon.api('POST', '/v1/keys', { account: 'tienda', label: 'ERP' });
});

after(async () => {
  await browser?.close();
  await shop?.daemon.close();
});

// One other character of the alphabet in that place.
const mistype = (text, at) => text.slice(0, at) + (text[at] === 'Q' ? 'P' : 'Q') + text.slice(at + 1);

const WRONG = {
  es: 'El appToken tiene un error de digitación',
  en: 'The appToken is mistyped',
  pt: 'O appToken tem um erro de digitação',
};

for (const lang of Object.keys(WRONG)) {
  test(`a mistyped token is found in the page, its place is marked, and nothing is sent: ${lang}`, async () => {
    const page = await openPage(browser, { lang });
    await page.goto(`${shop.url}/check`, { waitUntil: 'networkidle' });
    const sent = [];
    page.on('request', (request) => sent.push(request.url()));
    await page.getByLabel('appKey', { exact: true }).fill(key.appKey);
    await page.getByLabel('appToken', { exact: true }).fill(mistype(key.appToken, 20));
    await page.getByRole('alert').waitFor();
    assert.equal(await page.locator('mark').innerText(), mistype(key.appToken, 20)[20]);
    assert.match(await page.getByRole('alert').innerText(), /\b21\b/);
    await assertAccessible(page, 'a finding');
    await page.getByLabel('appToken', { exact: true }).fill(key.appToken);
    await page.getByRole('alert').waitFor({ state: 'detached' });
    assert.deepEqual(sent, []);
    assertClean(page);
    await page.context().close();
  });
}

test("the token checker knows this installation's prefix of appKeys", async () => {
  const other = await openShop({ env: { LLAVERO_APP_KEY_PREFIX: 'tk' } });
  const page = await openPage(browser);
  try {
    const made = await other.daemon.api('POST', '/v1/keys', { account: 'tienda', label: 'ERP' });
    assert.match(made.appKey, /^tk-tienda-/);
    await page.goto(`${other.url}/check`);
    await page.getByLabel('appKey', { exact: true }).fill(made.appKey);
    await page.getByText('No typing error: its check characters fit.').waitFor();
    await page.getByLabel('appKey', { exact: true }).fill(mistype(made.appKey, made.appKey.length - 3));
    await page.getByRole('alert').waitFor();
    assertClean(page);
  } finally {
    await page.context().close();
    await other.daemon.close();
  }
});

test('a one-time link opens once, by its button alone, and its secret stays nowhere', async () => {
  const { appKey, handover } = await shop.daemon.api('POST', '/v1/keys', { account: 'tienda', label: 'CRM', handover: true });
  const secret = new URL(handover.url, shop.url).hash;
  assert.ok(secret.length > 20);
  const page = await openPage(browser, { lang: 'es' });
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(`${shop.url}/share${secret}`);
  const open = page.getByRole('button', { name: 'Mostrar la appKey y el appToken' });
  await open.waitFor();
  assert.equal(page.url(), `${shop.url}/share`);
  assert.ok(!asked.some((url) => url.includes(secret.slice(1))));
  await assertAccessible(page, 'a waiting link');
  // Looking, also by somebody else, opens nothing.
  const other = await openPage(browser, { lang: 'en', dark: true, phone: true });
  await other.goto(`${shop.url}/share${secret}`);
  await other.getByText('Nobody has opened this link before you.').waitFor();

  await open.click();
  await page.getByRole('heading', { level: 1, name: 'Guarde ambos ahora' }).waitFor();
  const [shownKey, shownToken] = await page.locator('.l-secret dd').allInnerTexts();
  assert.equal(shownKey, appKey);
  const verdict = await shop.daemon.api('POST', '/v1/verify', { appKey, appToken: shownToken, method: 'GET', path: '/x' });
  assert.equal(verdict.cause, 'route_unknown');
  await assertAccessible(page, 'the pair');

  await page.getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Listo' }).click();
  await page.getByRole('heading', { level: 1, name: 'Todo listo' }).waitFor();
  assert.ok(!(await page.content()).includes(shownToken));

  await other.getByRole('button', { name: 'Show the appKey and the appToken' }).click();
  await other.getByRole('heading', { level: 1, name: 'This link was opened before' }).waitFor();
  await assertAccessible(other, 'a link that was opened');
  assertClean(page);
  assertClean(other);
  await Promise.all([page.context().close(), other.context().close()]);
});

test('a link that nobody made, and no link at all, say what to do', async () => {
  const page = await openPage(browser, { lang: 'pt' });
  await page.goto(`${shop.url}/share#${'x'.repeat(43)}`);
  await page.getByRole('heading', { level: 1, name: 'Este link não é conhecido' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Não há nenhum link para abrir' }).waitFor();
  assertClean(page);
  await page.context().close();
});
