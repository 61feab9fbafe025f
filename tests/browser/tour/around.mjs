// The frame and what can come over any page: palette, shortcuts, menus, second factor, slow and lost connections.
export async function frame(stage, see) {
  const { page, dialog } = stage;
  await stage.go('/overview');
  await see('overview');
  await page.keyboard.press('Control+k');
  await dialog.waitFor();
  await see('palette');
  await page.keyboard.type('zzzz');
  await see('palette-no-hit');
  await stage.shut();
  await page.keyboard.press('?');
  await dialog.waitFor();
  await see('shortcuts');
  await stage.shut();
  await page.locator('.l-me').click();
  await see('account-menu');
  await page.keyboard.press('Escape');
  await see('menu', { phoneOnly: () => stage.button('shell.menu').click() });
  await stage.shut();
}

export async function secondFactor(stage, see) {
  const { page, town, dialog } = stage;
  // The second factor is too old now for what changes a key.
  town.at(town.time + 11 * 60_000);
  await stage.go(`/keys/${town.keys.fresh.appKey}`);
  await stage.button('keys.link').first().click();
  await stage.choose('keys.profile', town.names.reading, dialog);
  await stage.button('keys.link', dialog).click();
  const code = page.locator('input[autocomplete="one-time-code"]');
  await code.waitFor();
  await see('second-factor');
  await code.fill('000000');
  await stage.button('shell.factor_confirm').click();
  await page.getByRole('alert').waitFor();
  await see('second-factor-refused');
  await code.fill(town.code(town.ana.secret));
  await stage.button('shell.factor_confirm').click();
  await stage.closed();
  await stage.watch();
}

export async function lost(stage, see) {
  const { page } = stage;
  const held = [];
  await stage.open('/overview');
  await page.route('**/v1/keys?*', (route) => held.push(route));
  await page.evaluate(() => { window.history.pushState(null, '', '/keys'); window.dispatchEvent(new PopStateEvent('popstate', { state: null })); });
  await page.locator('main [role="status"] > *').waitFor();
  await see('loading', { moves: true });
  for (const route of held) await route.continue();
  await page.unroute('**/v1/keys?*');
  await stage.still();
  await page.context().setOffline(true);
  await stage.go('/users/1');
  await page.locator('.l-banner').waitFor();
  await see('offline');
  await page.context().setOffline(false);
  await page.locator('.l-banner').waitFor({ state: 'detached' });
}
