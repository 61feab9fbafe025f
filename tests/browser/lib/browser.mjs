// Debian's Chromium, driven against a real llaverod. A page that breaks its policy or throws fails the test.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { freePort, Llaverod } from '../../lib/llaverod.mjs';
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

export async function openBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS });
}

// An installation with one account and its owner's one-time link.
export async function openShop({ env = {} } = {}) {
  const port = await freePort();
  const daemon = await Llaverod.start({ env: { LLAVERO_KEEPER_LISTEN: `127.0.0.1:${port}`, ...env } });
  const made = await daemon.api('POST', '/v1/init', { account: 'tienda', owner: 'ana@tienda.example' });
  const url = `http://127.0.0.1:${port}`;
  return { daemon, url, enrolment: made.enrolment };
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
