// Keys: the lists, one key in each of its states, and each dialog.
const path = (key) => `/keys/${encodeURIComponent(key.appKey)}`;

export async function lists(stage, see) {
  const { page, town } = stage;
  await stage.go('/keys');
  await see('keys');
  await stage.go('/keys?alert=any&sort=oldest');
  await see('keys-filtered');
  await page.getByRole('textbox', { name: stage.t('keys.filter_state') }).click();
  await see('keys-filter-open');
  await page.keyboard.press('Escape');
  await stage.go('/keys?q=zzzz');
  await stage.says('keys.none_found');
  await see('keys-no-hit');
  await stage.go('/keys?sort=sideways');
  await see('keys-error');
  await stage.go('/keys?view=external');
  await page.getByText(town.external.appKey).waitFor();
  await see('keys-external');
  await stage.button('keys.external_add').click();
  await see('keys-external-link');
  await stage.shut();
  await stage.button('keys.external_remove_short').click();
  await see('keys-external-remove');
  await stage.shut();
  await stage.go('/keys/nobody');
  await stage.says('keys.gone');
  await see('key-gone');
}

export async function states(stage, see) {
  const { keys } = stage.town;
  for (const [name, key] of [['very-old', keys.erp], ['old', keys.market], ['active', keys.robot], ['unlinked', keys.fresh], ['renewing', keys.loyalty],
    ['revoked', keys.crm], ['inactive', keys.reports], ['expired', keys.friday], ['expiring', keys.prices], ['link-waits', keys.books]]) {
    await stage.go(path(key));
    await stage.heading(key.label).waitFor();
    await see(`key-${name}`);
  }
}

async function menu(stage, key) {
  await stage.button('keys.more_actions').click();
  await stage.page.getByRole('menuitem', { name: stage.t(key), exact: true }).click();
}

export async function dialogs(stage, see) {
  const { town, page, dialog } = stage;
  const { keys, names } = town;
  await stage.go(path(keys.robot));
  await stage.heading(keys.robot.label).waitFor();
  await stage.button('keys.edit').click();
  await see('key-edit');
  await stage.field('keys.label', dialog).fill(' ');
  await stage.button('keys.save', dialog).click();
  await see('key-edit-faults');
  await stage.shut();
  await stage.button('keys.more_actions').click();
  await see('key-menu');
  await page.keyboard.press('Escape');
  await menu(stage, 'keys.deactivate');
  await see('key-deactivate');
  await stage.shut();
  await menu(stage, 'keys.revoke');
  await see('key-revoke');
  await stage.shut();
  await page.getByRole('button', { name: stage.t('keys.unlink_named', { profile: names.stock }) }).click();
  await see('key-unlink');
  await stage.shut();
  await stage.button('keys.link').first().click();
  await stage.choose('keys.profile', names.orders, dialog);
  await see('key-link');
  await stage.shut();
  await stage.button('keys.rotate').click();
  await see('key-renew');
  await dialog.getByRole('radio', { name: stage.t('keys.rotate_overlap') }).check();
  await see('key-renew-overlap');
  await dialog.getByRole('radio', { name: stage.t('keys.rotate_now') }).check();
  await see('key-renew-now');
  await dialog.getByRole('radio', { name: stage.t('keys.rotate_open') }).check();
  await stage.button('keys.rotate', dialog).click();
  await dialog.locator('dd').nth(1).waitFor();
  await see('key-new-token');
  await stage.stored();
  await stage.go(path(keys.loyalty));
  await stage.button('keys.finish').first().click();
  await see('key-renew-finish');
  await stage.shut();
  await stage.button('keys.undo').first().click();
  await see('key-renew-undo');
  await stage.shut();
}

export async function creation(stage, see) {
  const { page, town, dialog } = stage;
  await stage.go('/keys?view=new');
  await see('key-create');
  await stage.button('keys.create').click();
  await stage.still();
  await see('key-create-faults');
  await stage.field('keys.label').fill('Punto de venta');
  await stage.field('keys.col_profiles').click();
  await page.getByRole('option', { name: town.names.reading }).click();
  await page.keyboard.press('Escape');
  await stage.button('keys.create').click();
  await dialog.locator('dd').nth(1).waitFor();
  await see('key-created');
  await stage.stored();
  await stage.heading('Punto de venta').waitFor();
  await see('key-just-created');
  await stage.go('/keys?view=new');
  await stage.field('keys.label').fill('Integrador');
  await page.getByRole('radio', { name: stage.t('keys.delivery_link') }).check();
  await stage.button('keys.create').click();
  await dialog.locator('dd').waitFor();
  town.link = await dialog.locator('dd').innerText();
  await see('key-link-made');
  await stage.stored();
}
