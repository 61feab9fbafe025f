// A real llaverod for a test: own folder, own sockets, own ports; stopped by its process id.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const BUILD = process.env.LLAVERO_BUILD ?? path.join(ROOT, 'build');
export const LLAVEROD = path.join(BUILD, 'src/llaverod/llaverod');
export const LLAVERO = path.join(BUILD, 'src/cli/llavero');

// Wait until check() gives something true; fails with what was awaited after the deadline.
export async function until(what, check, milliseconds = 15000) {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`timed out waiting: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

// A port that was free a moment ago.
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// One HTTP request. target: { socket } or { port }; answers { status, headers, text, json }.
// timeout: milliseconds without a byte after which it fails; none otherwise.
export function request(target, method, url, { headers = {}, body, agent, timeout } = {}) {
  const payload = body === undefined || typeof body === 'string' || Buffer.isBuffer(body)
    ? body : JSON.stringify(body);
  // A flat list of names and values goes out as it is, repeats included.
  const all = Array.isArray(headers) ? headers : { ...headers };
  if (payload !== undefined) {
    all['Content-Length'] = Buffer.byteLength(payload);
    if (!Object.keys(all).some((name) => name.toLowerCase() === 'content-type')) {
      all['Content-Type'] = 'application/json';
    }
  }
  return new Promise((resolve, reject) => {
    const req = http.request({
      ...(target.socket ? { socketPath: target.socket } : { host: '127.0.0.1', port: target.port }),
      method, path: url, headers: all, agent,
    }, (res) => {
      const chunks = [];
      res.on('data', (chunk) => chunks.push(chunk));
      res.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString('utf8');
        let json;
        if (/json/.test(res.headers['content-type'] ?? '')) {
          try { json = JSON.parse(text); } catch { json = undefined; }
        }
        resolve({ status: res.statusCode, headers: res.headers, rawHeaders: res.rawHeaders, bytes, text, json });
      });
      res.on('error', reject);
    });
    req.on('error', reject);
    if (timeout !== undefined) req.setTimeout(timeout, () => req.destroy(new Error(`no answer in ${timeout} ms`)));
    req.end(payload);
  });
}

// Bytes as they are on a fresh connection; resolves with all that came until the other side
// closed, or after idle milliseconds without a byte.
export function raw(target, bytes, idle = 500) {
  return new Promise((resolve, reject) => {
    const socket = target.socket ? net.connect(target.socket) : net.connect(target.port, '127.0.0.1');
    const chunks = [];
    socket.setTimeout(idle, () => socket.destroy());
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error) => (error.code === 'ECONNRESET' || error.code === 'EPIPE'
      ? resolve(Buffer.concat(chunks)) : reject(error)));
    socket.on('close', () => resolve(Buffer.concat(chunks)));
    socket.on('connect', () => socket.write(bytes));
  });
}

export class Llaverod {
  // options.config: lines appended to the configuration; options.env: more environment;
  // options.command: words before the daemon's own; options.stderr: a descriptor instead of the log file.
  static async start(options = {}) {
    const daemon = new Llaverod();
    daemon.folder = options.folder ?? fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-test-'));
    daemon.ownsFolder = options.folder === undefined;
    daemon.data = path.join(daemon.folder, 'data');
    daemon.keeper = { socket: path.join(daemon.folder, 'keeper.sock') };
    daemon.gate = { socket: path.join(daemon.folder, 'gate.sock') };
    daemon.port = options.port ?? await freePort();
    daemon.tcp = { port: daemon.port };
    daemon.config = path.join(daemon.folder, 'llaverod.conf');
    daemon.options = options;
    fs.mkdirSync(daemon.data, { recursive: true, mode: 0o700 });
    fs.writeFileSync(daemon.config, options.config ?? '');
    try {
      await daemon.launch();
    } catch (error) {
      await daemon.close();
      throw error;
    }
    return daemon;
  }

  environment() {
    return {
      ...process.env,
      LLAVERO_DATA_DIR: this.data,
      LLAVERO_GATE_LISTEN: `127.0.0.1:${this.port}`,
      LLAVERO_GATE_SOCKET: this.gate.socket,
      LLAVERO_KEEPER_LISTEN: '',
      LLAVERO_KEEPER_SOCKET: this.keeper.socket,
      ...this.options.env,
    };
  }

  async launch({ wait = true } = {}) {
    this.log = path.join(this.folder, 'llaverod.log');
    const out = this.options.stderr ?? fs.openSync(this.log, 'a');
    const words = [...(this.options.command ?? []), this.options.binary ?? LLAVEROD, '--config', this.config];
    this.process = spawn(words[0], words.slice(1), { env: this.environment(), stdio: ['ignore', out, out] });
    if (out !== this.options.stderr) fs.closeSync(out);
    this.exited = new Promise((resolve) => this.process.on('exit', (code, signal) => resolve({ code, signal })));
    let gone = false;
    this.exited.then(() => { gone = true; });
    if (!wait) return;
    await until('llaverod ready', async () => {
      if (gone) throw new Error(`llaverod ended:\n${fs.readFileSync(this.log, 'utf8')}`);
      try {
        const [keeper, gate] = await Promise.all([
          request(this.keeper, 'GET', '/healthz', { timeout: 1000 }),
          request(this.gate, 'GET', '/readyz', { timeout: 1000 })]);
        return keeper.status === 200 && gate.status === 200;
      } catch { return false; }
    });
  }

  logText() { return fs.readFileSync(this.log, 'utf8'); }

  async stop(signal = 'SIGTERM') {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill(signal);
    return this.exited;
  }

  // Stop, and remove the folder unless the test failed and wants to look at it.
  async close() {
    const result = await this.stop();
    if (this.ownsFolder) fs.rmSync(this.folder, { recursive: true, force: true });
    return result;
  }

  // The admin API as the operator; fails on a status that was not expected.
  async api(method, url, body, expected, headers = {}) {
    const answer = await request(this.keeper, method, url, { body, headers });
    const wanted = expected === undefined ? [200, 201] : [expected].flat();
    if (!wanted.includes(answer.status)) {
      throw new Error(`${method} ${url}: ${answer.status}, expected ${wanted}: ${answer.text}`);
    }
    return answer.json ?? answer;
  }
}
