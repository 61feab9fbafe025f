// Every state of the console: no rule of axe-core is broken, light and dark, phone and desktop, and nothing needs to be
// scrolled sideways on a phone. In the other languages, where the same states are only longer or shorter: every page.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT } from '../lib/llaverod.mjs';
import { violations } from './lib/axe.mjs';
import { openBrowser } from './lib/browser.mjs';
import { SIZES } from './lib/stage.mjs';
import { walk } from './tour/tour.mjs';

const LANG = 'es';
let browser;

before(async () => { browser = await openBrowser(); });
after(() => browser?.close());

// What is wider than the phone, or than the dialog that it stands in; or a page in another language than asked for.
const wrong = (page, wanted) => page.evaluate((lang) => {
  const found = [];
  for (const box of [document.scrollingElement, ...document.querySelectorAll('[role="dialog"]')]) {
    if (box.scrollWidth > box.clientWidth + 1) found.push(`${box.className || box.tagName} is ${box.scrollWidth} wide, not ${box.clientWidth}`);
  }
  if (document.documentElement.lang !== lang) found.push(`the document is in ${document.documentElement.lang}`);
  return found;
}, wanted);

async function colours(page, colorScheme) {
  await page.emulateMedia({ colorScheme });
  await page.waitForFunction((scheme) => document.documentElement.dataset.mantineColorScheme === scheme || !document.getElementById('root'), colorScheme);
  // Colours change by transitions, of no length, which the next frame shows.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

// Light on a desktop and dark on a phone; WHOLE_TOUR=yes looks at the other two as well.
const WHOLE = process.env.WHOLE_TOUR === 'yes';

let looks = 0;
const axe = (page) => { looks += 1; return violations(page); };

const look = (faults) => async (name, stage, { phoneOnly }) => {
  const { page } = stage;
  const tell = (where, found) => faults.push(...found.map((fault) => `${name}, ${where}: ${fault}`));
  if (!phoneOnly) {
    tell('desktop, light', await axe(page));
    await colours(page, 'dark');
    if (WHOLE) tell('desktop, dark', await axe(page));
  }
  await page.setViewportSize(SIZES.phone);
  await phoneOnly?.();
  tell('phone, dark', await axe(page));
  tell('phone', await wrong(page, stage.lang));
  await colours(page, 'light');
  if (WHOLE) tell('phone, light', await axe(page));
  tell('page', page.faults.splice(0));
  if (phoneOnly) await page.keyboard.press('Escape');
  await page.setViewportSize(SIZES.desktop);
};

// The pages that the walk led to, in another language on a phone.
async function others(stage, pages, faults) {
  const { page } = stage;
  await page.setViewportSize(SIZES.phone);
  for (const lang of ['en', 'pt']) {
    await page.evaluate((name) => localStorage.setItem('llavero-language', name), lang);
    await page.reload();
    for (const where of pages) {
      await stage.go(where);
      faults.push(...(await wrong(page, lang)).map((fault) => `${where}, ${lang}: ${fault}`));
    }
  }
}

test('every state is accessible and fits', async (t) => {
  const faults = [];
  const seen = await walk(browser, LANG, look(faults), (stage, pages) => others(stage, pages, faults));
  t.diagnostic(`${seen.length} states, axe looked ${looks} times and found ${faults.length} faults`);
  assert.deepEqual(faults, []);
  // No screen was left out.
  for (const screen of fs.readdirSync(path.join(ROOT, 'console/src/screens'))) {
    assert.ok(seen.some((name) => name.startsWith(screen.replace(/s$/, ''))), `nothing of ${screen} was seen`);
  }
});
