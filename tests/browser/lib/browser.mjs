// Debian's Chromium, driven against a real llaverod. A page that breaks its policy or throws fails the test.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { freePort, Llaverod } from '../../lib/llaverod.mjs';
import { Person } from '../../lib/people.mjs';
import { watch } from './conform.mjs';
import { Authenticator } from './totp.mjs';

// Generous: a loaded machine is slow, and only a failure waits so long.
export const DEADLINE = 30_000;
export const PASSWORD = 'un caballo con grapas de papel';
const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
];

// lang: of what the browser itself says, as in the field of a date; the pages' is openPage's.
// port: where another tool may steer it too.
export async function openBrowser({ lang = 'en', port } = {}) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: [...FLAGS, `--lang=${lang}`, ...(port ? [`--remote-debugging-port=${port}`] : [])], env: { ...process.env, LANGUAGE: lang },
  });
}

// An installation with one account and its owner's one-time link.
export async function openShop({ env = {} } = {}) {
  const port = await freePort();
  const daemon = await Llaverod.start({ env: { LLAVERO_KEEPER_LISTEN: `127.0.0.1:${port}`, ...env } });
  const made = await daemon.api('POST', '/v1/init', { account: 'tienda', owner: 'ana@tienda.example' });
  const url = `http://127.0.0.1:${port}`;
  daemon.people = { port };
  return { daemon, url, enrolment: made.enrolment };
}

// Change the records while nobody has them open: what otherwise only time does.
export async function alterRecords({ daemon }, sql) {
  await daemon.stop();
  const program = 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.executescript(sys.argv[2]); db.commit()';
  const done = spawnSync('python3', ['-c', program, path.join(daemon.data, 'records.db'), sql], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  await daemon.launch();
}

// A person with a password, a second factor and a session, by the API: for what is not about logging in.
export async function enrolPerson(shop, link, email) {
  const person = new Person(shop.daemon, { account: 'tienda', email });
  await person.enrol(link, PASSWORD);
  return person;
}

// The page's browser has the person's session from now on.
export async function enterAs(page, shop, person) {
  const cookies = Object.entries(person.cookies).map(([name, value]) => ({ name, value, url: shop.url.replace('http:', 'https:'), secure: true, httpOnly: true, sameSite: 'Strict' }));
  await page.context().addCookies(cookies);
}

// A page of its own profile. `faults` gathers what no page may do; what it asks and gets is held against openapi.json.
export async function openPage(browser, { lang = 'en', dark = false, phone = false } = {}) {
  const context = await browser.newContext({
    viewport: phone ? { width: 390, height: 844 } : { width: 1280, height: 900 },
    locale: lang, colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(DEADLINE);
  await watch(context);
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(`thrown: ${error.message}`));
  page.on('console', (message) => {
    if (/Content.Security.Policy|TrustedHTML|TrustedScript|Refused to/i.test(message.text())) page.faults.push(message.text());
  });
  return page;
}

// In the browser's own voice: the page's cookie, the page's origin. Answers [status, code of a refusal].
export function ask(page, method, url, body) {
  return page.evaluate(async ([verb, where, text]) => {
    const answer = await fetch(where, { method: verb, headers: text ? { 'Content-Type': 'application/json' } : {}, body: text });
    return [answer.status, (await answer.json().catch(() => ({}))).code];
  }, [method, url, body && JSON.stringify(body)]);
}

// Nothing that the page keeps holds the secret: document, fields, address, history's state, storage, databases, caches,
// names of what was loaded.
export async function assertGone(page, secret, what) {
  const places = await page.evaluate(async (text) => {
    const databases = await indexedDB.databases();
    const kept = {
      document: document.documentElement.outerHTML,
      fields: [...document.querySelectorAll('input, textarea')].map((field) => field.value).join('\n'),
      address: window.location.href,
      history: JSON.stringify(window.history.state),
      local: JSON.stringify({ ...localStorage }),
      session: JSON.stringify({ ...sessionStorage }),
      cookies: document.cookie,
      name: window.name,
      databases: databases.map(({ name }) => name).join('\n'),
      caches: (await caches.keys()).join('\n'),
      loaded: performance.getEntries().map(({ name }) => name).join('\n'),
    };
    return Object.keys(kept).filter((place) => (kept[place] ?? '').includes(text));
  }, secret);
  assert.deepEqual(places, [], what);
}

// How the network is, by the browser's own throttling: milliseconds, bytes a second.
export async function emulateNetwork(page, { offline = false, latency = 0, bytes = -1 }) {
  page.wire ??= await page.context().newCDPSession(page);
  await page.wire.send('Network.enable');
  await page.wire.send('Network.emulateNetworkConditions', { offline, latency, downloadThroughput: bytes, uploadThroughput: bytes });
}

export function assertClean(page) {
  assert.deepEqual(page.faults, []);
}

// No accessibility rule is broken in what is shown now.
export async function assertAccessible(page, what) {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const result = await window.axe.run(document, { resultTypes: ['violations'] });
    return result.violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`);
  });
  assert.deepEqual(violations, [], what);
}

// Follow a one-time link to its end: password, second factor, recovery codes. Answers what the person now has.
export async function enrol(page, link) {
  await page.goto(link);
  const password = page.locator('input[autocomplete="new-password"]');
  await password.nth(0).fill(PASSWORD);
  await password.nth(1).fill(PASSWORD);
  const secret = await page.locator('.l-code').first().innerText();
  const authenticator = new Authenticator(secret);
  await page.locator('input[autocomplete="one-time-code"]').fill(await authenticator.code());
  await page.locator('button[type="submit"]').click();
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  const codes = await dialog.locator('dd').allInnerTexts();
  return { authenticator, codes, dialog };
}

export async function closeSecret(page) {
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('checkbox').check();
  await dialog.locator('button').last().click();
  await dialog.waitFor({ state: 'detached' });
}

export async function login(page, url, { email = 'ana@tienda.example', password = PASSWORD, code }) {
  await page.goto(`${url}/login`);
  await page.locator('input[autocomplete="username"]').fill(email);
  await page.locator('input[autocomplete="current-password"]').fill(password);
  await page.locator('input[autocomplete="one-time-code"]').fill(code);
  await page.locator('button[type="submit"]').click();
}
