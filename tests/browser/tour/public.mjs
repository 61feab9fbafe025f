// Pages without a login: a one-time link before and after it was opened, the token checker, the causes.
export async function sharing(stage, see) {
  const { page, town } = stage;
  const link = (name) => stage.open(`/share#${name.split('#')[1]}`);
  const title = (name) => stage.heading(stage.t(`share.${name}_title`)).waitFor();
  await stage.open('/share');
  await title('none');
  await see('share-none');
  await stage.open(`/share#${'x'.repeat(43)}`);
  await title('unknown');
  await see('share-unknown');
  await link(town.link);
  await stage.button('share.open').waitFor();
  await see('share-waiting');
  await stage.button('share.open').click();
  await title('shown');
  await see('share-shown');
  await page.getByRole('checkbox').check();
  await stage.button('share.done').click();
  await title('done');
  await see('share-done');
  await link(town.link);
  await title('opened');
  await see('share-opened');
  const made = await town.api('POST', '/v1/keys', { account: 'tienda', label: 'Void', handover: true });
  await town.api('POST', `/v1/keys/${made.appKey}/revoke`, { reason: 'other' });
  await link(made.handover.url);
  await title('void');
  await see('share-void');
  const late = await town.api('POST', '/v1/keys', { account: 'tienda', label: 'Late', handover: true });
  town.at(town.time + 25 * 3_600_000);
  await link(late.handover.url);
  await title('expired');
  await see('share-expired');
}

export async function checking(stage, see) {
  const { page, town } = stage;
  const { appKey, appToken } = town.keys.erp;
  const fill = async (key, token) => {
    await page.getByLabel('appKey', { exact: true }).fill(key);
    await page.getByLabel('appToken', { exact: true }).fill(token);
    await page.locator('[aria-live="polite"] > *').first().waitFor();
  };
  const other = (letter) => (letter === 'Q' ? 'P' : 'Q');
  await stage.open('/check');
  await see('check');
  await fill(appKey, appToken);
  await see('check-right');
  await fill(appKey, appToken.slice(0, 20) + other(appToken[20]) + appToken.slice(21, 40) + other(appToken[40]) + appToken.slice(41));
  await page.getByRole('alert').waitFor();
  await see('check-wrong');
  await fill(appToken, appKey);
  await page.getByRole('alert').waitFor();
  await see('check-swapped');
}

export async function causes(stage, see) {
  await stage.open('/causes/no_profile');
  await see('cause');
}
