// Somebody who is not the owner: looks, is told why there are no buttons, and what is offered to him.
import { login } from '../lib/browser.mjs';

export async function somebody(stage, see) {
  const { page, town } = stage;
  const { bruno } = town.people;
  await stage.open('/login');
  await login(page, town.url, { email: bruno.email, password: bruno.password, code: '000000' });
  await stage.field('login.account').fill('tienda');
  await page.locator('input[autocomplete="one-time-code"]').fill(town.code(bruno.secret));
  await page.locator('button[type="submit"]').click();
  await page.getByRole('navigation').first().waitFor();
  await stage.watch();
  for (const [name, where] of [['somebody-overview', '/overview'], ['somebody-keys', '/keys'], ['somebody-key', `/keys/${town.keys.erp.appKey}`],
    ['somebody-profile', `/profiles/${town.profiles.orders}`], ['no-right', '/users'], ['somebody-me', '/me']]) {
    await stage.go(where);
    await see(name);
  }
}

export async function offered(owner, stage, see) {
  const { town, dialog } = stage;
  const { bruno } = town.people;
  await owner.go(`/users/${bruno.id}`);
  await owner.button('users.deed_transfer').click();
  await owner.field('shell.type_to_confirm', owner.dialog, { text: bruno.name }).fill(bruno.name);
  await owner.button('users.deed_transfer', owner.dialog).click();
  await owner.closed();
  await owner.go('/settings');
  await owner.button('settings.transfer_withdraw').waitFor();
  await see('settings-transfer', {}, owner);
  await stage.open('/me');
  await stage.button('me.offer_accept').click();
  await dialog.waitFor();
  await see('me-offer-accept');
  await stage.shut();
  await see('me-offer');
}
