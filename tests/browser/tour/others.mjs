// Profiles, users, catalogue, events, settings, own account.
import { OTHER_FILE, SAMPLES } from '../lib/town.mjs';

export async function profiles(stage, see) {
  const { page, town, dialog } = stage;
  await stage.go('/profiles');
  await see('profiles');
  await stage.page.getByRole('searchbox').fill('zzzz');
  await stage.says('profiles.none_found');
  await see('profiles-no-hit');
  await stage.go('/profiles/new');
  await see('profile-create');
  await stage.go(`/profiles/${town.profiles.orders}`);
  await stage.heading(town.names.orders).waitFor();
  await see('profile');
  await page.getByRole('checkbox', { name: 'Manage orders' }).uncheck();
  await page.getByRole('checkbox', { name: 'Read stock' }).check();
  await stage.says('profiles.preview');
  await see('profile-changes');
  await stage.button('profiles.discard').click();
  await stage.button('profiles.delete').click();
  await dialog.waitFor();
  await see('profile-delete');
  await stage.shut();
  await stage.go('/profiles/4444');
  await stage.says('profiles.gone');
  await see('profile-gone');
}

export async function users(stage, see) {
  const { town, dialog } = stage;
  const { bruno, diego, elisa } = town.people;
  await stage.go('/users');
  await see('users');
  await stage.button('users.invite').click();
  await see('user-invite');
  await stage.field('users.email', dialog).fill('ana@tienda.example');
  await stage.button('users.invite', dialog).click();
  await dialog.locator('[aria-invalid="true"]').waitFor();
  await see('user-invite-refused');
  await stage.field('users.email', dialog).fill('fabio@tienda.example');
  await stage.button('users.invite', dialog).click();
  await dialog.locator('dd').waitFor();
  town.invitation = await dialog.locator('dd').innerText();
  await see('user-invited');
  await stage.stored();
  for (const [name, id, title] of [['user-owner', 1, 'Ana Torres'], ['user', bruno.id, bruno.name], ['user-suspended', diego.id, diego.name],
    ['user-erased', elisa.id, stage.t('users.erased_name', { id: elisa.id })]]) {
    await stage.go(`/users/${id}`);
    await stage.heading(title).waitFor();
    await see(name);
  }
  await stage.go(`/users/${bruno.id}`);
  for (const deed of ['reset', 'suspend', 'transfer', 'erase']) {
    await stage.button(`users.deed_${deed}`).click();
    await dialog.waitFor();
    await see(`user-${deed}`);
    await stage.shut();
  }
}

export async function catalog(stage, see) {
  const { page, dialog } = stage;
  await stage.go('/catalog');
  await see('catalog-routes');
  await stage.go('/catalog?method=GET&path=/api/orders/7');
  await see('catalog-match');
  await stage.go('/catalog?method=GET&path=/api/nothing');
  await see('catalog-match-none');
  await stage.button('catalog.add_route').first().click();
  await see('catalog-add-route');
  await stage.button('catalog.add_route', dialog).click();
  await see('catalog-add-route-faults');
  await stage.shut();
  await page.getByRole('button', { name: stage.t('catalog.edit_route', { route: 'GET /api/orders' }), exact: true }).click();
  await see('catalog-edit-route');
  await stage.shut();
  await page.getByRole('button', { name: stage.t('catalog.remove_route', { route: 'GET /api/orders' }), exact: true }).click();
  await see('catalog-remove-route');
  await stage.shut();
  await stage.go('/catalog/resources');
  await page.getByRole('button', { name: /View orders/ }).click();
  await see('catalog-resources');
  await stage.button('catalog.add_resource').click();
  await see('catalog-add-resource');
  await stage.shut();
  await stage.go('/catalog/services');
  await see('catalog-services');
  await stage.go('/catalog/import');
  await page.locator('input[type="file"]').setInputFiles([OTHER_FILE, SAMPLES[0]].map(({ name, text }) => ({ name, mimeType: 'text/yaml', buffer: Buffer.from(text) })));
  await stage.button('catalog.preview').click();
  await stage.says('catalog.would_change');
  await see('catalog-import-conflicts');
  await page.getByRole('button', { name: stage.t('catalog.suggest_for', { name: SAMPLES[0].name }) }).click();
  await page.locator('.l-suggested').waitFor();
  await see('catalog-import-suggested');
}

export async function events(stage, see) {
  const { page, dialog } = stage;
  await stage.go('/events');
  await see('events');
  await stage.go('/events?action=key.edit');
  await see('events-filtered');
  await stage.go('/events?entity=key');
  await page.locator('.l-event').first().click();
  await see('event');
  await stage.go('/events?since=2020-01-01&until=2020-01-02');
  await stage.says('events.none_found');
  await see('events-no-hit');
  await stage.button('events.chain').click();
  await dialog.locator('.l-notice').waitFor();
  await see('events-chain');
  await stage.shut();
}

export async function settings(stage, see) {
  const { page, town, dialog } = stage;
  await stage.go('/settings');
  await stage.button('settings.token_new').click();
  await see('token-create');
  await stage.field('settings.token_label', dialog).fill(town.names.deploy);
  await dialog.getByRole('checkbox', { name: stage.t('shell.right_keys_view') }).check();
  await dialog.getByRole('checkbox', { name: stage.t('shell.right_profiles_edit') }).check();
  await stage.field('settings.token_addresses', dialog).fill('203.0.113.300');
  await stage.button('settings.token_make', dialog).click();
  await dialog.locator('[aria-invalid="true"]').waitFor();
  await see('token-create-refused');
  await stage.field('settings.token_addresses', dialog).fill('203.0.113.0/28');
  await stage.button('settings.token_make', dialog).click();
  await dialog.locator('dd').waitFor();
  await see('token-created');
  await stage.stored();
  await see('settings');
  await stage.button('settings.token_end').first().click();
  await see('token-end');
  await stage.shut();
  await page.getByRole('switch', { name: stage.t('settings.delegation_switch', { name: town.names.team }) }).press('Space');
  await dialog.waitFor();
  await see('delegation');
  await stage.button('settings.delegation_allow', dialog).click();
  await stage.closed();
  await page.getByRole('switch', { name: stage.t('settings.delegation_switch', { name: town.names.team }), checked: true }).waitFor({ state: 'attached' });
  await see('settings-delegated');
}

export async function own(stage, see) {
  const { page, dialog, town } = stage;
  await stage.go('/me');
  await see('me');
  const prove = (action) => stage.field('me.password_current', dialog).fill(town.ana.password).then(() => stage.button(action, dialog).click());
  await stage.button('me.factor_new').click();
  await see('me-factor-ask');
  await prove('me.factor_begin');
  await dialog.locator('.l-qr').waitFor();
  await see('me-factor');
  await stage.shut();
  await stage.button('me.codes_new').click();
  await see('me-codes');
  await prove('me.codes_make');
  await dialog.locator('dd').first().waitFor();
  await see('me-codes-made');
  await stage.stored();
  const fields = page.locator('input[type="password"]');
  await fields.nth(0).fill('x');
  await fields.nth(1).fill('una frase bastante larga');
  await fields.nth(2).fill('otra');
  await see('me-password-differs');
}
