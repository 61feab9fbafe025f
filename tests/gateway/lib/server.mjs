// A real server of a test with a kit of docs/gateways: own folder, own ports, without privileges also when
// the tests have them; stopped by its process id.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { freePort, request, ROOT, until } from '../../lib/llaverod.mjs';

const NOBODY = 65534;
const ROOTED = process.getuid() === 0;

/** A file of docs/gateways with other ports and paths in it: [[what it says, what stands there now], ...]. */
export function kit(file, replacements = []) {
  let text = fs.readFileSync(path.join(ROOT, 'docs/gateways', file), 'utf8');
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

/** A program that is perhaps in a folder for administrators. */
export const program = (name) => ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin']
  .map((folder) => path.join(folder, name)).find((file) => fs.existsSync(file)) ?? name;

export class Server {
  // gate: the path of the gate's socket; configure({ folder, port, port2 }): { files: { name: text }, command };
  // port2 is for HTTP/2 without TLS.
  static async start({ name, gate, configure }) {
    const server = new Server();
    Object.assign(server, { name, gate, gone: true, port: await freePort(), port2: await freePort() });
    server.folder = fs.mkdtempSync(path.join(os.tmpdir(), `llavero-${name}-`));
    const { files, command } = configure(server);
    server.command = command;
    for (const [file, text] of Object.entries(files)) fs.writeFileSync(path.join(server.folder, file), text);
    try {
      server.launch();
      await until(`${name} ready`, () => {
        if (server.gone) throw new Error(`${name} ended:\n${server.log()}`);
        return request({ port: server.port }, 'GET', '/ready', { timeout: 5000 }).catch(() => false);
      }, 30000);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  launch() {
    const credentials = {};
    if (ROOTED) {
      spawnSync('chown', ['-R', `${NOBODY}:${NOBODY}`, this.folder]);
      if (fs.existsSync(this.gate)) fs.chmodSync(path.dirname(this.gate), 0o711);
      this.allowGate();
      Object.assign(credentials, { uid: NOBODY, gid: NOBODY });
    }
    const out = fs.openSync(path.join(this.folder, 'output.log'), 'a');
    this.process = spawn(this.command[0], this.command.slice(1), { stdio: ['ignore', out, out], cwd: this.folder,
      env: { PATH: process.env.PATH, HOME: this.folder, XDG_DATA_HOME: this.folder, XDG_CONFIG_HOME: this.folder }, ...credentials });
    fs.closeSync(out);
    this.gone = false;
    this.exited = new Promise((resolve) => {
      this.process.on('exit', resolve);
      this.process.on('error', (error) => { this.fault = error; resolve(); });
    });
    this.exited.then(() => { this.gone = true; });
  }

  // The gate's socket is new after a restart of the daemon.
  allowGate() {
    if (ROOTED && fs.existsSync(this.gate)) fs.chownSync(this.gate, NOBODY, NOBODY);
  }

  /** All that it has written, wherever in its folder. */
  log() {
    const texts = fs.readdirSync(this.folder).filter((file) => file.endsWith('.log'))
      .map((file) => fs.readFileSync(path.join(this.folder, file), 'utf8'));
    return [this.fault?.message ?? '', ...texts].join('\n');
  }

  // A server may wait for connections that nobody ends.
  async stop() {
    if (!this.gone) this.process.kill('SIGTERM');
    const late = setTimeout(() => this.process.kill('SIGKILL'), 3000);
    await this.exited;
    clearTimeout(late);
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
