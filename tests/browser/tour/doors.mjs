// Before anybody is in: the one-time link, its password and second factor; the login, refused and not.
import { PASSWORD } from '../lib/browser.mjs';

const password = (stage) => stage.page.locator('input[autocomplete="new-password"]');
const code = (stage) => stage.page.locator('input[autocomplete="one-time-code"]');
const submit = (stage) => stage.page.locator('button[type="submit"]').click();

export async function enrolment(stage, see) {
  const { page, town } = stage;
  await stage.open('/login');
  await see('login');
  await stage.open('/enrol');
  await see('enrol-invalid');
  await stage.open(town.here(town.enrolment));
  await page.locator('.l-qr').waitFor();
  await see('enrol');
  await password(stage).nth(0).fill('corta');
  await password(stage).nth(1).fill('otra');
  await see('enrol-faults');
  await password(stage).nth(0).fill(PASSWORD);
  await password(stage).nth(1).fill(PASSWORD);
  town.ana = { password: PASSWORD, secret: await page.locator('.l-code').first().innerText() };
  await code(stage).fill('000000');
  await submit(stage);
  await page.locator('[aria-invalid="true"], [role="alert"]').first().waitFor();
  await see('enrol-wrong-code');
  await code(stage).fill(town.code(town.ana.secret));
  await submit(stage);
  await stage.dialog.waitFor();
  town.ana.codes = await stage.dialog.locator('dd').allInnerTexts();
  await see('enrol-recovery-codes');
  await stage.stored();
}

export async function login(stage, see) {
  const { page, town } = stage;
  await stage.watch();
  await stage.lead('/users');
  await stage.button('shell.ended_login').waitFor();
  await see('login-again');
  await stage.button('shell.ended_leave').click();
  await stage.says('login.out');
  await see('login-out');
  await page.locator('input[autocomplete="username"]').fill('ana@tienda.example');
  await page.locator('input[autocomplete="current-password"]').fill(PASSWORD);
  await code(stage).fill('123456');
  await submit(stage);
  await stage.field('login.account').waitFor();
  await see('login-account');
  await stage.field('login.account').fill('tienda');
  await code(stage).fill('123456');
  await submit(stage);
  await page.getByRole('alert').waitFor();
  await see('login-refused');
  await code(stage).fill(town.code(town.ana.secret));
  await submit(stage);
  await page.getByRole('navigation').first().waitFor();
  await stage.watch();
}
