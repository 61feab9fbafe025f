// Pictures of every state in each language, for docs/screens: light and on a desktop; of some, also dark or on a phone.
// A dialog is cut out of its page. Made anew, they replace what was there.
import fs from 'node:fs';
import path from 'node:path';
import { ROOT } from '../lib/llaverod.mjs';
import { openBrowser } from './lib/browser.mjs';
import { SIZES } from './lib/stage.mjs';
import { walk } from './tour/tour.mjs';

const HEIGHT_MAX = 1500;
const MARGIN = 16;
const DARK = ['login', 'overview', 'keys', 'key-renewing', 'diagnose-lacks', 'event', 'settings'];
const PHONE = ['login', 'overview', 'keys', 'key-renewing', 'key-new-token', 'diagnose-lacks', 'events', 'share-waiting'];

// What comes and goes by itself: a word that something was done, and the caret.
const CALM = '.l-toasts { visibility: hidden } * { caret-color: transparent !important }';

async function resize(stage, size) {
  await stage.page.setViewportSize(SIZES[size]);
  await stage.still();
  const height = await stage.page.evaluate(() => {
    window.scrollTo(0, 0);
    return document.querySelector('[role="dialog"]') ? 0 : document.scrollingElement.scrollHeight;
  });
  if (height <= SIZES[size].height) return;
  await stage.page.setViewportSize({ ...SIZES[size], height: Math.min(height, HEIGHT_MAX) });
  await stage.still();
}

async function picture(stage, size, file) {
  const { page } = stage;
  await page.mouse.move(0, 0);
  await resize(stage, size);
  const clip = await page.evaluate(([style, margin]) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    document.adoptedStyleSheets = [sheet];
    const dialogs = [...document.querySelectorAll('[role="dialog"]')];
    const { x, y, width, height } = (dialogs.at(-1) ?? document.documentElement).getBoundingClientRect();
    if (dialogs.length === 0 || innerWidth < 800) return { x: 0, y: 0, width: innerWidth, height: innerHeight };
    return { x: Math.max(0, x - margin), y: Math.max(0, y - margin), width: width + 2 * margin, height: height + 2 * margin };
  }, [CALM, MARGIN]);
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: process.env.SCREENS_FORMAT ?? 'webp', quality: 62, clip: { ...clip, scale: 1 } });
  await session.detach();
  fs.writeFileSync(file, Buffer.from(data, 'base64'));
}

const looking = (folder) => async (name, stage, { phoneOnly }) => {
  const { page } = stage;
  const file = (kind = '') => path.join(folder, `${name}${kind}.${process.env.SCREENS_FORMAT ?? 'webp'}`);
  if (!phoneOnly) await picture(stage, 'desktop', file());
  if (DARK.includes(name)) {
    await page.emulateMedia({ colorScheme: 'dark' });
    await picture(stage, 'desktop', file('-dark'));
    await page.emulateMedia({ colorScheme: 'light' });
  }
  if (phoneOnly || PHONE.includes(name)) {
    await page.setViewportSize(SIZES.phone);
    await phoneOnly?.();
    await picture(stage, 'phone', file('-phone'));
    if (phoneOnly) await page.keyboard.press('Escape');
  }
  await page.setViewportSize(SIZES.desktop);
  await stage.still();
};

const languages = process.argv.length > 2 ? process.argv.slice(2) : ['es', 'en', 'pt'];
for (const lang of languages) {
  const folder = path.join(process.env.SCREENS_TO ?? path.join(ROOT, 'docs/screens'), lang);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const browser = await openBrowser({ lang });
  try {
    const seen = await walk(browser, lang, looking(folder));
    console.log(`${lang}: ${seen.length} states`);
  } finally {
    await browser.close();
  }
}
