// The root key as a credential that systemd hands over: a file in the folder that a variable names.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { LLAVEROD, Llaverod } from '../lib/llaverod.mjs';

test('the root key from a credential', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-credential-'));
  const credentials = path.join(folder, 'credentials');
  const credential = path.join(credentials, 'root-key');
  fs.mkdirSync(credentials, { mode: 0o700 });
  const daemon = await Llaverod.start({ folder });
  try {
    await daemon.api('POST', '/v1/init', { account: 'store', owner: 'ana@example.com' });
    await daemon.stop();
    const file = path.join(daemon.data, 'root.key');
    const key = fs.readFileSync(file);
    fs.renameSync(file, credential);
    fs.chmodSync(credential, 0o440); // as systemd shows the rights of a user who is not root
    daemon.options.env = { CREDENTIALS_DIRECTORY: credentials, LLAVERO_ROOT_KEY: 'credential:root-key' };
    await daemon.launch();
    assert.equal((await daemon.api('GET', '/v1/accounts')).items[0].name, 'store');
    assert.ok(!fs.existsSync(file), 'it was made in the data directory');
    await daemon.stop();

    const env = daemon.environment();
    const run = (more, args = []) => {
      const all = { ...env, ...more };
      for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
      const { status, stderr } = spawnSync(LLAVEROD, ['--config', daemon.config, '--lang', 'en', ...args], { env: all, encoding: 'utf8', timeout: 60000 });
      assert.equal(status, 1, stderr);
      return stderr;
    };
    assert.match(run({ CREDENTIALS_DIRECTORY: undefined }), /no \$CREDENTIALS_DIRECTORY\. Let systemd start/);
    for (const name of ['credential:', 'credential:../root-key', 'credential:.x', 'credential:a/b']) {
      assert.match(run({ LLAVERO_ROOT_KEY: name }, ['--check']), /LLAVERO_ROOT_KEY: .* is not credential:NAME/);
    }
    assert.match(run({ LLAVERO_ROOT_KEY: 'root-key' }, ['--check']), /not an absolute path/);

    // With an index the gates would go on: here there is nothing to serve from.
    fs.rmSync(path.join(daemon.data, 'index'), { recursive: true });
    for (const mode of [0o444, 0o460, 0o602]) {
      fs.chmodSync(credential, mode);
      assert.match(run({}), /keeper_failed.*nobody else may write/, mode.toString(8));
    }
    fs.rmSync(credential);
    fs.rmSync(path.join(daemon.data, 'index'), { recursive: true, force: true });
    assert.match(run({}), /keeper_failed.*never made there/);
    assert.ok(!fs.existsSync(credential));
    // A path of one's own.
    fs.writeFileSync(path.join(folder, 'own.key'), key, { mode: 0o600 });
    daemon.options.env = { LLAVERO_ROOT_KEY: path.join(folder, 'own.key') };
    await daemon.launch();
    assert.equal((await daemon.api('GET', '/v1/accounts')).items[0].name, 'store');
  } finally {
    await daemon.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
