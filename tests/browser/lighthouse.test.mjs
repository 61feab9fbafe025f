// Lighthouse's own judgement of the pages as they are served: accessibility and best practices.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import lighthouse from 'lighthouse';
import { freePort } from '../lib/llaverod.mjs';
import { enrolPerson, openBrowser, openShop } from './lib/browser.mjs';

const LEAST = 0.95;

let browser;
let shop;
let port;
let ana;
let key;

before(async () => {
  port = await freePort();
  [browser, shop] = await Promise.all([openBrowser({ port }), openShop()]);
  ana = await enrolPerson(shop, shop.enrolment, 'ana@tienda.example');
  key = await shop.daemon.api('POST', '/v1/keys', { account: 'tienda', label: 'ERP' });
});

after(async () => {
  await browser?.close();
  await shop?.daemon.close();
});

// Answers what cost points, by audit.
async function judge(path, headers = {}) {
  const { lhr } = await lighthouse(shop.url + path, {
    port, extraHeaders: headers, onlyCategories: ['accessibility', 'best-practices'], output: 'json', logLevel: 'error', formFactor: 'desktop',
    screenEmulation: { mobile: false, width: 1280, height: 900, deviceScaleFactor: 1, disabled: false }, disableFullPageScreenshot: true,
  });
  assert.equal(lhr.runtimeError, undefined, lhr.runtimeError?.message);
  for (const { id, score, auditRefs } of Object.values(lhr.categories)) {
    const lost = auditRefs.map((each) => lhr.audits[each.id]).filter((audit) => audit.score !== null && audit.score < 1);
    const why = lost.map((audit) => `${audit.id} ${JSON.stringify(audit.details?.items ?? []).slice(0, 400)}`).join('\n');
    assert.ok(score >= LEAST, `${path}: ${id} ${score}\n${why}`);
  }
  return lhr.finalDisplayedUrl;
}

const PAGES = { login: '/login', 'the token checker': '/check', 'a one-time link': '/share', 'a cause': '/causes/token_typo' };

for (const [name, path] of Object.entries(PAGES)) {
  test(`${name} has at least 95 of 100`, async () => {
    await judge(path);
  });
}

test('the console has at least 95 of 100', async () => {
  const Cookie = Object.entries(ana.cookies).map((each) => each.join('=')).join('; ');
  for (const path of ['/overview', '/keys', `/keys/${key.appKey}`]) {
    assert.equal(await judge(path, { Cookie }), shop.url + path, 'the session counts');
  }
});
