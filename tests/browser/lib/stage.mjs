// A page of the console in one language, spoken to by the texts of locale/, and still when it is looked at.
import fs from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../lib/llaverod.mjs';
import { openPage } from './browser.mjs';

const texts = new Map();
function textsOf(lang, area) {
  const name = `${lang}/console/${area}.json`;
  if (!texts.has(name)) texts.set(name, JSON.parse(fs.readFileSync(path.join(ROOT, 'locale', name), 'utf8')));
  return texts.get(name);
}

const AHEAD = 5 * 60_000;
export const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

export class Stage {
  static async open(browser, town) {
    const stage = new Stage();
    stage.led = new Set();
    stage.town = town;
    stage.lang = town.lang;
    stage.page = await openPage(browser, { lang: town.lang });
    await stage.page.setViewportSize(SIZES.desktop);
    await stage.watch();
    return stage;
  }

  close() { return this.page.context().close(); }

  /** The browser's clock stands where the town's will be in some minutes: nothing that it shows lies ahead. */
  watch() { return this.page.clock.setFixedTime(new Date(this.town.time + AHEAD)); }

  /** `t('keys.create')`: what the console says there. */
  t(key, places = {}) {
    const [area, name] = key.split('.');
    const text = textsOf(this.lang, area)[name];
    if (text === undefined) throw new Error(`${this.lang}: no text ${key}`);
    return text.replace(/\{(\w+)\}/g, (_, place) => String(places[place]));
  }

  get dialog() { return this.page.getByRole('dialog'); }

  button(key, within = this.page) { return within.getByRole('button', { name: this.t(key), exact: true }); }

  field(key, within = this.page, places = {}) { return within.getByRole('textbox', { name: this.t(key, places) }); }

  heading(name, level = 1) { return this.page.getByRole('heading', { level, name }); }

  says(key, places) { return this.page.getByText(this.t(key, places)).first().waitFor(); }

  /** The page at this path, loaded anew. */
  async open(where) {
    // Another fragment alone would load nothing.
    if (where.includes('#')) await this.page.goto('about:blank');
    await this.page.goto(where.startsWith('http') ? where : this.town.url + where, { waitUntil: 'networkidle' });
    await this.still();
  }

  /** There within the console, as a link would lead. */
  async go(where) {
    this.led.add(where);
    await this.lead(where);
    await this.page.locator('h1[data-left]').waitFor({ state: 'detached' });
    await this.still();
  }

  lead(where) {
    return this.page.evaluate((to) => {
      const screen = () => window.location.pathname.split('/')[1];
      const before = screen();
      window.history.pushState(null, '', to);
      // The old screen stays until the new one's code is there.
      if (screen() !== before) document.querySelector('main h1')?.setAttribute('data-left', '');
      window.dispatchEvent(new PopStateEvent('popstate', { state: null }));
    }, where);
  }

  /** Nothing loads, nothing moves: what is seen now stays so. */
  async still() {
    await this.page.waitForFunction(async () => {
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      await document.fonts.ready;
      await frame();
      await frame();
      const moves = document.getAnimations().some((each) => each.playState === 'running' && each.effect?.getTiming().iterations !== Infinity);
      const top = [...document.querySelectorAll('[role="dialog"]')].at(-1) ?? document.querySelector('main');
      return !moves && document.querySelector('main h1') !== null && !top.querySelector('[role="status"][aria-label], [data-loading]');
    });
  }

  async choose(key, option, within = this.page) {
    await this.field(key, within).click();
    await this.page.getByRole('option', { name: option }).first().click();
  }

  /** No dialog is open any more. */
  closed() { return this.page.waitForFunction(() => !document.querySelector('[role="dialog"]')); }

  async shut() {
    await this.page.keyboard.press('Escape');
    await this.closed();
  }

  async stored() {
    await this.dialog.getByRole('checkbox').check();
    await this.button('shell.done', this.dialog).click();
    await this.closed();
  }
}
