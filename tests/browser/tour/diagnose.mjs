// Why a request was refused: each kind of answer, and the fixes that a button does.
export async function diagnose(stage, see) {
  const { page, town, dialog } = stage;
  const { keys } = town;
  const ask = async (name, diagnosis) => {
    await stage.go(`/diagnose#${diagnosis}`);
    await page.locator('.l-verdict').waitFor();
    await page.locator('textarea[readonly]').waitFor();
    await see(`diagnose-${name}`);
  };
  const fix = async (kind) => {
    await stage.button(`diagnose.do_${kind}`).first().click();
    await dialog.waitFor();
    await see(`fix-${kind.replace('_', '-')}`);
    await stage.shut();
  };
  const mistyped = keys.erp.appToken.slice(0, 20) + (keys.erp.appToken[20] === 'Q' ? 'P' : 'Q') + keys.erp.appToken.slice(21);
  await ask('no-profile', await town.refuse(keys.fresh, 'GET', '/api/orders'));
  await fix('link_profile');
  await ask('lacks', await town.refuse(keys.robot, 'POST', '/api/orders', { address: '198.51.100.7' }));
  await fix('add_resource');
  await fix('make_profile');
  await ask('typo', await town.refuse(keys.erp, 'GET', '/api/orders', { appToken: mistyped }));
  await ask('inactive', await town.refuse(keys.reports, 'GET', '/api/orders'));
  await fix('activate_key');
  await ask('expired', await town.refuse(keys.friday, 'GET', '/api/orders'));
  await fix('extend_expiry');
  await ask('address', await town.refuse(keys.market, 'GET', '/api/orders', { address: '192.0.2.66' }));
  await fix('allow_address');
  await ask('route-unknown', await town.refuse(keys.erp, 'GET', '/api/nothing'));
  await stage.go('/diagnose#AqU8');
  await page.getByRole('alert').waitFor();
  await see('diagnose-code-refused');
  await stage.go('/diagnose?way=request');
  await see('diagnose-request');
  await stage.go(`/diagnose?appKey=${keys.erp.appKey}&method=GET&path=/api/orders`);
  await page.locator('.l-verdict[data-good]').waitFor();
  await see('diagnose-passes');
}
