// The owner's whole way with a key, in each language: from the one-time link to the last entry of the audit log. The
// requests go through a real gateway, with the commands that the console shows. Everything is found by its role and by the
// text that the locale files have for it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertClean, closeSecret, enrol, openBrowser, openPage, openShop } from './lib/browser.mjs';
import { API, Gateway } from './lib/gateway.mjs';
import { CAUSES, LANGUAGES, wordsOf } from './lib/words.mjs';

const CATALOG = JSON.stringify({
  llavero: 'catalog/1',
  resources: [{ product: 'OMS', key: 'ViewOrder', name: 'View order' }, { product: 'OMS', key: 'CancelOrder', name: 'Cancel order' }],
  services: [{ name: 'default', hosts: [API] }],
  routes: [
    { service: 'default', method: 'GET', path: '/orders/{id}', resources: [{ product: 'OMS', key: 'ViewOrder' }] },
    { service: 'default', method: 'POST', path: '/orders/{id}/cancel', resources: [{ product: 'OMS', key: 'CancelOrder' }] },
  ],
});
const PROFILE = 'ERP 1';
const LABEL = 'ERP «pedidos» & más';

let browser;

before(async () => {
  browser = await openBrowser();
});

after(() => browser?.close());

// A text that is missing shows as its key: lower case, with underscores. Codes of causes are such words by right.
async function assertWords(page) {
  const text = await page.evaluate(() => document.body.innerText);
  const keys = text.split(/\s+/).filter((word) => /^[a-z]+(_[a-z]+)+$/.test(word) && !CAUSES.has(word));
  assert.deepEqual(keys, [], page.url());
}

class Story {
  constructor(page, lang, shop) {
    Object.assign(this, { page, lang, shop, say: wordsOf(lang) });
  }

  heading(name) { return this.page.getByRole('heading', { level: 1, name, exact: true }).waitFor(); }

  dialog(name) { return this.page.getByRole('dialog', { name, exact: true }); }

  button(area, key, within = this.page, places = {}) {
    return within.getByRole('button', { name: this.say(area, key, places), exact: true });
  }

  said(area, key, places = {}) { return this.page.getByText(this.say(area, key, places)).first().waitFor(); }

  async toasted(area, key, places = {}) {
    await this.page.getByRole('status').getByText(this.say(area, key, places), { exact: true }).waitFor();
  }

  async visit(screen) {
    await this.page.getByRole('navigation').getByRole('link', { name: this.say('shell', `nav_${screen}`), exact: true }).click();
    await this.heading(this.say(screen, 'title'));
    await assertWords(this.page);
  }

  async step(name) {
    await this.visit('overview');
    await this.page.locator('li[aria-current="step"]').getByText(this.say('overview', `step_${name}`), { exact: true }).first().waitFor();
  }

  async follow(key) { await this.page.getByRole('link', { name: this.say('overview', key), exact: true }).click(); }

  async choose(area, key, option) {
    await this.page.getByRole('textbox', { name: this.say(area, key), exact: true }).click();
    await this.page.getByRole('option', { name: option, exact: true }).click();
  }

  // The pair in the dialog that shows it once, and the dialog closed.
  async pair() {
    await this.said('shell', 'secret_once');
    const [appKey, appToken] = await this.page.getByRole('dialog').locator('dd').allInnerTexts();
    assert.match(appToken, /^LV1[0-9A-Z]{52}$/);
    await closeSecret(this.page);
    return { appKey, appToken };
  }

  // One of the changes that need no more than a yes.
  async turn(name) {
    await this.button('keys', 'more_actions').click();
    await this.page.getByRole('menuitem', { name: this.say('keys', name), exact: true }).click();
    await this.button('keys', name, this.dialog(this.say('keys', name))).click();
    await this.toasted('keys', `turn_done_${name}`);
  }
}

async function enter(story) {
  await story.page.goto(story.shop.enrolment);
  await story.heading(story.say('enrol', 'title'));
  await story.page.getByLabel(story.say('enrol', 'password')).first().waitFor();
  await story.page.getByLabel(story.say('enrol', 'code')).waitFor();
  await story.button('enrol', 'finish').waitFor();
  await enrol(story.page, story.shop.enrolment);
  await story.dialog(story.say('enrol', 'codes_title')).waitFor();
  await closeSecret(story.page);
  await story.page.locator('html').getAttribute('lang').then((lang) => assert.equal(lang, story.lang));
}

async function importCatalog(story) {
  await story.step('catalog');
  await story.follow('do_catalog');
  await story.page.getByRole('tab', { name: story.say('catalog', 'tab_import'), exact: true }).click();
  const [chooser] = await Promise.all([story.page.waitForEvent('filechooser'), story.button('catalog', 'choose_files').click()]);
  await chooser.setFiles({ name: 'orders.json', mimeType: 'application/json', buffer: Buffer.from(CATALOG) });
  await story.button('catalog', 'preview').click();
  const diff = story.page.getByRole('table', { name: story.say('catalog', 'diff'), exact: true });
  await diff.getByRole('row', { name: '/orders/{id}/cancel' }).getByText(story.say('catalog', 'change_added'), { exact: true }).waitFor();
  await assertWords(story.page);
  const count = await diff.getByRole('row').count() - 1;
  await story.button('catalog', 'apply', story.page, { count }).click();
  await story.toasted('catalog', 'imported', { count });
}

async function makeProfile(story) {
  await story.step('profile');
  await story.follow('do_profile');
  await story.heading(story.say('profiles', 'create_title'));
  await story.page.getByRole('textbox', { name: story.say('profiles', 'name'), exact: true }).fill(PROFILE);
  await story.page.getByRole('checkbox', { name: 'View order ViewOrder' }).check();
  await story.said('profiles', 'opens', { count: 1 });
  await story.button('profiles', 'create').click();
  await story.toasted('profiles', 'created');
  await story.heading(PROFILE);
}

async function makeKey(story) {
  await story.step('key');
  await story.follow('do_key');
  await story.heading(story.say('keys', 'create_title'));
  await story.page.getByRole('textbox', { name: story.say('keys', 'label'), exact: true }).fill(LABEL);
  await story.button('keys', 'create').click();
  await story.dialog(story.say('keys', 'created')).waitFor();
  const pair = await story.pair();
  await story.toasted('keys', 'created_done');
  await story.heading(LABEL);
  await story.said('keys', 'notice_unlinked');
  return pair;
}

async function linkKey(story) {
  await story.step('link');
  await story.follow('do_link');
  await story.heading(LABEL);
  // The guide's button opens the dialog too.
  await story.choose('keys', 'profile', PROFILE);
  await story.said('keys', 'link_opens', { count: 1, names: 'ViewOrder' });
  await story.button('keys', 'link', story.page.getByRole('dialog')).click();
  await story.toasted('keys', 'linked');
  await story.page.getByRole('link', { name: PROFILE, exact: true }).waitFor();
}

// The guide's commands, as they are shown: asking Llavero itself, and through the API.
async function firstRequest(story, gateway, pair) {
  await story.step('request');
  const shown = async (way, text) => {
    await story.page.getByText(story.say('overview', way), { exact: true }).click();
    const command = story.page.getByRole('main').locator('pre', { hasText: text });
    return command.innerText();
  };
  const [asking, through] = [await shown('way_gate', '/auth/forwarded'), await shown('way_api', `https://${API}`)];
  await assertWords(story.page);
  assert.ok(!`${asking}${through}`.includes(pair.appToken));
  assert.equal((await gateway.run(asking, pair.appToken)).status, 200, asking);
  const answer = await gateway.run(through, pair.appToken);
  assert.deepEqual([answer.status, answer.body], [200, 'upstream\n'], through);
  await story.page.getByText(`${story.say('overview', 'step_request')} (${story.say('overview', 'step_done')})`).waitFor();
}

async function mendRefusal(story, gateway, pair) {
  const refused = await gateway.ask(pair, 'POST', '/orders/1/cancel');
  assert.equal(refused.status, 403);
  await story.visit('diagnose');
  await story.page.getByRole('textbox', { name: story.say('diagnose', 'code'), exact: true }).fill(refused.body);
  await story.button('diagnose', 'explain').click();
  await story.page.getByText('profile_lacks_resource', { exact: true }).waitFor();
  const steps = story.page.getByRole('listitem').filter({ hasText: story.say('diagnose', 'step_resource') });
  await steps.getByText(story.say('diagnose', 'outcome_failed')).first().waitFor();
  await assertWords(story.page);
  await story.button('diagnose', 'do_add_resource').first().click();
  const dialog = story.dialog(story.say('diagnose', 'title_add_resource'));
  await dialog.getByText(story.say('diagnose', 'no_other_key')).waitFor();
  await story.button('diagnose', 'do_add_resource', dialog).click();
  await story.page.getByRole('heading', { level: 2, name: story.say('diagnose', 'fixed_title'), exact: true }).waitFor();
  await story.said('diagnose', 'green');
  await assertWords(story.page);
  assert.equal((await gateway.ask(pair, 'POST', '/orders/1/cancel')).status, 200, 'allowed after the fix');
}

async function renew(story, gateway, old) {
  await story.visit('keys');
  await story.page.getByRole('link', { name: LABEL, exact: true }).click();
  await story.button('keys', 'rotate').click();
  await story.button('keys', 'rotate', story.dialog(story.say('keys', 'rotate'))).click();
  await story.dialog(story.say('keys', 'rotated')).waitFor();
  const pair = await story.pair();
  const answers = async () => Promise.all([old, pair].map(async (one) => (await gateway.ask(one, 'GET', '/orders/1')).status));
  await story.said('keys', 'notice_rotation');
  assert.deepEqual(await answers(), [200, 200], 'both tokens work');
  await story.turn('finish');
  assert.deepEqual(await answers(), [401, 200], 'only the new token works');
  return pair;
}

async function end(story, gateway, pair) {
  const ask = async () => {
    const answer = await gateway.ask(pair, 'GET', '/orders/1');
    return answer.status === 200 ? 'allowed' : JSON.parse(answer.body).cause;
  };
  await story.turn('deactivate');
  await story.said('keys', 'notice_inactive');
  assert.equal(await ask(), 'key_inactive');
  await story.turn('activate');
  assert.equal(await ask(), 'allowed');

  await story.button('keys', 'more_actions').click();
  await story.page.getByRole('menuitem', { name: story.say('keys', 'revoke'), exact: true }).click();
  const dialog = story.dialog(story.say('keys', 'revoke'));
  const revoke = story.button('keys', 'revoke', dialog);
  assert.ok(await revoke.isDisabled(), 'the name is typed first');
  const typed = dialog.getByRole('textbox', { name: story.say('shell', 'type_to_confirm', { text: LABEL }), exact: true });
  await typed.fill(LABEL);
  await revoke.click();
  await dialog.getByText(story.say('keys', 'reason_missing'), { exact: true }).waitFor();
  await dialog.getByRole('combobox', { name: story.say('keys', 'reason'), exact: true }).selectOption({ label: story.say('keys', 'reason_contract_ended') });
  await revoke.click();
  await story.toasted('keys', 'revoke_done');
  assert.equal(await ask(), 'key_revoked');
}

const DONE = ['user_enrol', 'route_create', 'profile_create', 'key_create', 'key_link', 'profile_edit', 'key_rotate', 'key_finish_rotation', 'key_deactivate', 'key_activate', 'key_revoke'];

async function readEvents(story, pair) {
  await story.visit('events');
  const events = story.page.getByRole('list', { name: story.say('events', 'title'), exact: true });
  await events.getByText(story.say('events', 'action_key_revoke'), { exact: true }).waitFor();
  const shown = await events.locator('.l-event-action').allInnerTexts();
  for (const done of DONE) assert.ok(shown.includes(story.say('events', `action_${done}`)), `${done} is not among the events: ${shown.join(', ')}`);
  await events.getByRole('button', { name: story.say('events', 'action_profile_edit') }).click();
  await events.getByRole('cell').getByText('OMS/CancelOrder').waitFor();
  await assertWords(story.page);
  assert.ok(!(await story.page.content()).includes(pair.appToken));
}

for (const lang of LANGUAGES) {
  test(`the owner's whole story: ${lang}`, async (t) => {
    const shop = await openShop();
    t.after(() => shop.daemon.close());
    const gateway = await Gateway.start(shop.daemon);
    t.after(() => gateway.stop());
    const page = await openPage(browser, { lang });
    const story = new Story(page, lang, shop);
    await enter(story);
    await importCatalog(story);
    await makeProfile(story);
    const first = await makeKey(story);
    await linkKey(story);
    await firstRequest(story, gateway, first);
    await mendRefusal(story, gateway, first);
    const second = await renew(story, gateway, first);
    await end(story, gateway, second);
    await readEvents(story, second);
    assertClean(page);
    await page.context().close();
  });
}
