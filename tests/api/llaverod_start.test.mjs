// Mistakes at the start: each is told in the user's language with what to do, and nothing is made.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Shim } from '../fault/lib/shim.mjs';
import { LLAVEROD, Llaverod, freePort, request } from '../lib/llaverod.mjs';

const root = process.getuid() === 0;
const nobody = Number(fs.readFileSync('/etc/passwd', 'utf8').match(/^nobody:[^:]*:(\d+):/m)[1]);

// Every name below folder, with its kind and size.
const listing = (folder) => fs.readdirSync(folder, { recursive: true, withFileTypes: true })
  .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
  .map((name) => { const info = fs.lstatSync(name); return `${name} ${info.mode} ${info.uid} ${info.isDirectory() ? '' : info.size}`; })
  .sort();

describe('a start that fails', () => {
  let running, folder, data, config;

  before(async () => {
    running = await Llaverod.start();
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-start-'));
    fs.chmodSync(folder, 0o755);
    // As /run/llavero: whoever it becomes may remove its sockets there.
    if (root) fs.chownSync(folder, nobody, -1);
    data = path.join(folder, 'data');
    config = path.join(folder, 'llaverod.conf');
  });
  after(async () => {
    assert.equal((await request(running.gate, 'GET', '/healthz')).status, 200, 'the other one serves on');
    await running.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  // environment: more of it; lines: of the configuration; args: more words; prepare: before it.
  async function start({ environment = {}, lines = '', args = [], prepare }) {
    fs.rmSync(data, { recursive: true, force: true });
    fs.mkdirSync(data, { mode: 0o700 });
    fs.writeFileSync(config, lines);
    prepare?.();
    const before = listing(folder);
    const env = { PATH: process.env.PATH, LLAVERO_DATA_DIR: data, LLAVERO_GATE_LISTEN: `127.0.0.1:${await freePort()}`,
      LLAVERO_GATE_SOCKET: path.join(folder, 'g'), LLAVERO_KEEPER_LISTEN: '', LLAVERO_KEEPER_SOCKET: path.join(folder, 'k'),
      ...environment };
    const { status, stdout, stderr } = spawnSync(LLAVEROD, ['--config', config, ...args], { env, encoding: 'utf8', timeout: 60000 });
    assert.equal(stdout, '');
    assert.equal(status, 1, stderr);
    return { text: stderr, before, left: listing(folder) };
  }

  // label: [what is wrong, en, es, pt]
  const MISTAKES = {
    'the port is taken': [() => ({ environment: { LLAVERO_GATE_LISTEN: `127.0.0.1:${running.port}` } }),
      /127\.0\.0\.1:\d+ is taken: .*Stop who listens/, /127\.0\.0\.1:\d+ está en uso/, /127\.0\.0\.1:\d+ está em uso/],
    'the socket is taken': [() => ({ environment: { LLAVERO_GATE_SOCKET: running.gate.socket } }),
      /gate\.sock is taken/, /gate\.sock está en uso/, /gate\.sock está em uso/],
    'the address is another machine\'s': [() => ({ environment: { LLAVERO_GATE_LISTEN: '192.0.2.1:1' } }),
      /192\.0\.2\.1:1 is not an address of this machine/, /no es una dirección de esta máquina/, /não é um endereço desta máquina/],
    'the socket\'s path is too long': [() => ({ environment: { LLAVERO_GATE_SOCKET: `/tmp/${'s'.repeat(103)}` } }),
      /LLAVERO_GATE_SOCKET: .*at most 107 bytes/, /107 bytes/, /107 bytes/],
    'the socket\'s folder is missing': [() => ({ environment: { LLAVERO_GATE_SOCKET: path.join(folder, 'a/b/g') } }),
      /Create the folder of the socket/, /Cree la carpeta del socket/, /Crie a pasta do socket/],
    'the socket\'s group is unknown': [() => ({ environment: { LLAVERO_GATE_SOCKET_GROUP: 'nobodys-group' } }),
      /no group nobodys-group .*gate\.socket_group/, /No existe el grupo nobodys-group/, /Não existe o grupo nobodys-group/],
    'the data directory is not to be made': [() => ({ environment: { LLAVERO_DATA_DIR: path.join(folder, 'a/b') } }),
      /data directory .* cannot be used: .*Create it/, /directorio de datos .* Créelo/, /diretório de dados .* Crie-o/],
    'the data directory is a file': [() => ({ environment: { LLAVERO_DATA_DIR: config } }),
      /cannot be used/, /no se puede usar/, /não pode ser usado/],
    'everybody may write there': [() => ({ prepare: () => fs.chmodSync(data, 0o777) }),
      /Everybody may write .*chmod o-w/, /chmod o-w/, /chmod o-w/],
    'it is a newer version\'s': [() => ({ prepare: () => fs.writeFileSync(path.join(data, 'format'), '2\n') }),
      /format 2; this version knows up to 1\. Install/, /formato 2.*Instale/, /formato 2.*Instale/],
    'another one runs there': [() => ({ environment: { LLAVERO_DATA_DIR: running.data } }),
      // A start waits two seconds for it: once is enough.
      undefined, /Otro llaverod \(proceso \d+\)/],
    'a key is misspelt': [() => ({ lines: '\ngate {\n  conections = 5\n}\n' }),
      /llaverod\.conf:3: There is no key conections here\. Did you mean gate\.connections\?/, /¿Quería decir gate\.connections\?/, /Você quis dizer gate\.connections\?/],
    'a key is nothing known': [() => ({ lines: 'frobnicate = 5\n' }),
      /llaverod\.conf:1: There is no key frobnicate\. Check/, /No existe la clave frobnicate/, /Não existe a chave frobnicate/],
    'a variable is misspelt': [() => ({ environment: { LLAVERO_GATE_LISSTEN: 'x' } }),
      /LLAVERO_GATE_LISSTEN: There is no such key\. Did you mean LLAVERO_GATE_LISTEN\?/, /¿Quería decir LLAVERO_GATE_LISTEN\?/, /Você quis dizer LLAVERO_GATE_LISTEN\?/],
    'a value is bad': [() => ({ lines: 'index {\n  lease = soon\n}\n' }),
      /llaverod\.conf:2: index\.lease: soon is not a duration/, /soon no es una duración/, /soon não é uma duração/],
    'a number is out of range': [() => ({ lines: 'gate { connections = 0 }\n' }),
      /gate\.connections: This must be a whole number from \d+ to \d+/, /número entero/, /número inteiro/],
    'the configuration is missing': [() => ({ args: ['--config', path.join(folder, 'none.conf')] }),
      /none\.conf: The configuration cannot be read: .*Check the path/, /No se puede leer la configuración/, /Não foi possível ler a configuração/],
    'the root key is open to all': [() => ({ prepare: () => fs.writeFileSync(path.join(data, 'root.key'), 'x', { mode: 0o644 }) }),
      /keeper_failed.*mode 0600/, /keeper_failed.*modo 0600/, /keeper_failed.*modo 0600/],
    'the root key is none': [() => ({ prepare: () => fs.writeFileSync(path.join(data, 'root.key'), 'x', { mode: 0o600 }) }),
      /keeper_failed.*does not hold a root key. Put the escrow copy/, /keeper_failed.*no contiene una clave ra/, /keeper_failed.*cont\\u00e9m uma chave raiz/],
  };
  const shim = () => {
    const disk = new Shim(running.folder);
    disk.fail(['write', 'name', 'size'], 'EROFS');
    disk.close();
    return disk.env;
  };
  MISTAKES['the disk is mounted read-only'] = [() => ({ environment: shim() }),
    /data directory .* cannot be written: .*not mounted read-only/, /montado solo para lectura/, /montado só para leitura/];
  if (root) {
    // Started as root, it becomes a user who may not write there.
    MISTAKES['the data directory is another user\'s'] = [() => ({ environment: { LLAVERO_USER: 'nobody' }, prepare: () => fs.chmodSync(data, 0o755) }),
      /data directory .* cannot be written: .*Give it to the user/, /Déselo al usuario/, /Dê-o ao usuário/];
    MISTAKES['the records are another user\'s'] = [() => ({ environment: { LLAVERO_USER: 'nobody' }, prepare: () => {
      fs.chownSync(data, nobody, -1);
      fs.writeFileSync(path.join(data, 'records.db'), '', { mode: 0o600 });
    } }), /records\.db cannot be used: .*chown -R/, /chown -R/, /chown -R/];
  } else {
    MISTAKES['the data directory may not be written'] = [() => ({ prepare: () => fs.chmodSync(data, 0o500) }),
      /data directory .* cannot be written: .*Give it to the user/, /Déselo al usuario/, /Dê-o ao usuário/];
  }

  // The lock's file says who was there. What the keeper finds it finds when the folders are made.
  const MAY_BE_MADE = [/\/data\/llaverod\.lock /];
  const KEEPER_MAKES = [...MAY_BE_MADE, /\/data\/(format|index|gate|ledger|ledger\/[^/]*) /];

  for (const [label, [make, ...words]] of Object.entries(MISTAKES)) {
    test(label, async () => {
      for (const [i, lang] of ['en', 'es', 'pt'].entries()) {
        if (!words[i]) continue;
        const mistake = make();
        if (i === 1) mistake.environment = { ...mistake.environment, LC_ALL: 'es_ES.UTF-8' };
        else mistake.args = ['--lang', lang, ...(mistake.args ?? [])];
        const { text, before, left } = await start(mistake);
        assert.match(text, words[i], lang);
        const may = /^the root key/.test(label) ? KEEPER_MAKES : MAY_BE_MADE;
        assert.deepEqual(left.filter((line) => !may.some((name) => name.test(line))), before, `something was made or changed: ${text}`);
      }
    });
  }

  test('a word that it does not know', () => {
    for (const args of [['--what'], ['--lang', 'fr'], ['more']]) {
      const { status, stderr } = spawnSync(LLAVEROD, args, { encoding: 'utf8', env: { LC_ALL: 'C' } });
      assert.equal(status, 2);
      assert.match(stderr, /^Usage: llaverod .*--help/);
    }
  });
});
