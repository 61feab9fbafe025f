// What a hostile page tries with the browser of somebody who is logged in: forms, requests without CORS, frames, windows,
// planted cookies, addresses to be led away to. The keeper does nothing of it, and nothing of it can be read.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { assertClean, closeSecret, enrol, openBrowser, openPage, openShop, PASSWORD } from './lib/browser.mjs';

const SESSION = '__Host-llavero-session';
let browser;
let shop;
let page;
let ana;
let hostile;
let sites;
const revision = async () => (await shop.daemon.api('GET', '/v1/status')).revision;

before(async () => {
  [browser, shop] = await Promise.all([openBrowser(), openShop()]);
  hostile = http.createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><title>hostile</title>');
  });
  await new Promise((resolve) => hostile.listen(0, resolve));
  const { port } = hostile.address();
  // The same machine by another port is the same site for a cookie; a sub-domain is so too; the last is another site.
  sites = [`http://127.0.0.1:${port}`, `http://console.localhost:${port}`, `http://localhost:${port}`];
  page = await openPage(browser);
  ana = await enrol(page, shop.enrolment);
  await closeSecret(page);
});

after(async () => {
  await browser?.close();
  hostile?.close();
  await shop?.daemon.close();
});

const TARGETS = [['/v1/users', { account: 'tienda', email: 'mallory@evil.example' }], ['/v1/keys', { account: 'tienda', label: 'mallory' }],
  ['/v1/accounts/tienda/owner/invitation', { user: 'mallory@evil.example' }], ['/v1/me/recovery-codes', {}]];

async function visit(site) {
  const other = await page.context().newPage();
  await other.goto(site);
  return other;
}

test('a form of another page does nothing, however it is encoded', async () => {
  const before_ = await revision();
  for (const site of sites) {
    const other = await visit(site);
    for (const enctype of ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']) {
      for (const [path, body] of TARGETS) {
        const text = JSON.stringify(body);
        const answered = other.context().waitForEvent('response', (response) => response.url() === `${shop.url}${path}`);
        await other.evaluate(({ action, how, name }) => {
          const sink = Object.assign(document.createElement('iframe'), { name: `sink${document.forms.length}` });
          const form = Object.assign(document.createElement('form'), { action, method: 'post', enctype: how, target: sink.name });
          const input = Object.assign(document.createElement('input'), { name, value: '"}' });
          if (name) form.append(input); // some take no body
          document.body.append(sink, form);
          form.submit();
        }, { action: `${shop.url}${path}`, how: enctype, name: text === '{}' ? '' : `${text.slice(0, -1)},"x":"` });
        const status = (await answered).status();
        // The session came along, as it does within a site, and did not help.
        if (site === sites[0] && text === '{}' && enctype !== 'multipart/form-data') assert.equal(status, 403);
        assert.ok([400, 401, 403, 413, 415].includes(status), `${site} ${enctype} ${path}: ${status}`);
      }
    }
    await other.close();
  }
  assert.equal(await revision(), before_);
});

test('a request of another page does nothing, and its answer is not read', async () => {
  const before_ = await revision();
  for (const site of sites) {
    const other = await visit(site);
    for (const [path, body] of TARGETS) {
      const read = await other.evaluate(async ({ url, text }) => {
        const tell = async (what, options) => {
          try {
            const response = await fetch(url, { method: 'POST', credentials: 'include', body: text === '{}' ? undefined : text, ...options });
            return response.type === 'opaque' ? [] : [`${what}: ${response.status}`];
          } catch { return []; }
        };
        const simple = { mode: 'no-cors', headers: { 'Content-Type': 'text/plain' } };
        navigator.sendBeacon(url, new Blob([text], { type: 'text/plain' }));
        return [...await tell('no-cors', simple), ...await tell('no-cors, JSON', { mode: 'no-cors', headers: { 'Content-Type': 'application/json' } }),
          ...await tell('cors', { headers: { 'Content-Type': 'application/json' } }), ...await tell('cors, text', { headers: { 'Content-Type': 'text/plain' } }),
          ...await tell('PATCH', { method: 'PATCH', headers: { 'Content-Type': 'application/json' } })];
      }, { url: `${shop.url}${path}`, text: JSON.stringify(body) });
      assert.deepEqual(read, [], `${site} ${path}`);
    }
    const told = await other.evaluate(async (url) => {
      const got = [];
      for (const path of ['/v1/session', '/v1/keys?account=tienda', '/openapi.json', '/']) {
        try { got.push(await (await fetch(url + path, { credentials: 'include' })).text()); } catch { /* not read */ }
      }
      const loads = (tag, member, path) => new Promise((resolve) => {
        const one = document.createElement(tag);
        one.onload = () => resolve(`${tag} ${path}`);
        one.onerror = () => resolve(undefined);
        one[member] = url + path;
        document.body.append(one);
      });
      got.push(await loads('script', 'src', '/v1/session'), await loads('img', 'src', '/v1/session'), await loads('script', 'src', '/openapi.json'));
      return got.filter(Boolean);
    }, shop.url);
    assert.deepEqual(told, [], site);
    await other.close();
  }
  assert.equal(await revision(), before_);
});

test('the console is not framed, and a window that another page opened is out of its reach', async () => {
  for (const site of sites) {
    const other = await visit(site);
    await other.evaluate((url) => new Promise((resolve) => {
      const frame = document.createElement('iframe');
      frame.onload = resolve;
      frame.src = url;
      document.body.append(frame);
    }), `${shop.url}/keys`);
    const framed = other.frames().map((frame) => frame.url());
    assert.ok(!framed.some((url) => url.startsWith(shop.url)), `${site}: ${framed}`);
    const opened = other.context().waitForEvent('page');
    await other.evaluate((url) => { window.theirs = window.open(url); }, `${shop.url}/keys`);
    const window_ = await opened;
    await window_.getByRole('heading', { level: 1 }).waitFor();
    assert.equal(await window_.evaluate(() => window.opener), null, site);
    assert.ok(await other.evaluate(() => window.theirs.closed), `${site} still holds the window`);
    await window_.close();
    await other.close();
  }
});

test('markup from a text is refused by the page itself, and so is a script that was put into it', async () => {
  await page.goto(`${shop.url}/keys`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  const done = await page.evaluate(() => {
    const tries = {
      innerHTML: () => { document.createElement('div').innerHTML = '<img src=x onerror="window.hit=1">'; },
      insertAdjacentHTML: () => document.body.insertAdjacentHTML('beforeend', '<script>window.hit=1</script>'),
      parser: () => new DOMParser().parseFromString('<b>x</b>', 'text/html'),
      src: () => { document.createElement('script').src = 'data:text/javascript,window.hit=1'; },
      text: () => { document.createElement('script').text = 'window.hit=1'; },
      write: () => document.write('<script>window.hit=1</script>'),
      timeout: () => setTimeout('window.hit=1'),
    };
    return Object.entries(tries).filter(([, attempt]) => { try { attempt(); return true; } catch { return false; } }).map(([name]) => name);
  });
  assert.deepEqual(done, []);
  await page.evaluate(() => {
    const handler = document.createElement('img');
    handler.setAttribute('src', '/nothing');
    try { handler.setAttribute('onerror', 'window.hit=1'); } catch { /* refused already */ }
    document.body.append(handler);
    return new Promise((resolve) => handler.addEventListener('error', resolve));
  });
  assert.equal(await page.evaluate(() => window.hit), undefined);
  page.faults.length = 0; // the policy said so, as it should
});

test('by another name the keeper answers nobody: no address that was bent to it is believed', async () => {
  const other = await openPage(browser);
  const { port } = new URL(shop.url);
  await other.goto(`http://evil.localhost:${port}/check`);
  assert.equal(await other.evaluate(async () => (await fetch('/v1/session')).status), 421);
  await other.context().close();
});

test('a planted session is not taken over, and after the login nobody is led away', async () => {
  for (const back of ['//elsewhere.example/', '/\\elsewhere.example/', 'https://elsewhere.example/', '\\\\elsewhere.example', '/\t/elsewhere.example/', 'javascript:alert(1)']) {
    const other = await openPage(browser);
    await other.context().addCookies([{ name: SESSION, value: 'A'.repeat(43), domain: '127.0.0.1', path: '/', secure: true, httpOnly: true, sameSite: 'Strict' }]);
    const away = [];
    other.on('request', (request) => { if (new URL(request.url()).origin !== shop.url) away.push(request.url()); });
    other.on('dialog', (dialog) => { away.push(dialog.message()); void dialog.dismiss(); });
    await other.goto(`${shop.url}/login?back=${encodeURIComponent(back)}`);
    await other.getByRole('heading', { level: 1 }).waitFor();
    // The others differ from these in the reading of the address alone, which is done before the login too.
    if (back.startsWith('/\\') || back.startsWith('//')) {
      await other.locator('input[autocomplete="username"]').fill('ana@tienda.example');
      await other.locator('input[autocomplete="current-password"]').fill(PASSWORD);
      await other.locator('input[autocomplete="one-time-code"]').fill(await ana.authenticator.code());
      await other.locator('button[type="submit"]').click();
      await other.locator('nav').first().waitFor();
      const cookie = (await other.context().cookies()).find(({ name }) => name === SESSION);
      assert.notEqual(cookie.value, 'A'.repeat(43));
      assert.deepEqual([cookie.httpOnly, cookie.secure, cookie.sameSite, cookie.domain, cookie.path], [true, true, 'Strict', '127.0.0.1', '/']);
    }
    assert.equal(new URL(other.url()).origin, shop.url, back);
    assert.deepEqual(away, [], back);
    assertClean(other);
    await other.context().close();
  }
});
