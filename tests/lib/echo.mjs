// The server that answers what it saw (tests/unit/http/echo_server.c), for tests of src/http.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { BUILD } from './llaverod.mjs';

export class Echo {
  static async start(workers) {
    const echo = new Echo();
    echo.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-echo-'));
    echo.socket = path.join(echo.folder, 's');
    echo.process = spawn(path.join(BUILD, 'tests/unit/http/echo_server'), [String(workers), echo.socket],
      { stdio: ['ignore', 'pipe', 'inherit'] });
    echo.exited = new Promise((resolve) => echo.process.on('exit', (code, signal) => resolve({ code, signal })));
    await new Promise((resolve) => echo.process.stdout.once('data', resolve));
    return echo;
  }

  // Send pieces, one write each, then half-close; resolves with all that came back. settle: half-close
  // only after so many quiet milliseconds, for a server that may still be at work when the end comes.
  send(pieces, { end = true, settle = 0 } = {}) {
    return new Promise((resolve) => {
      const socket = net.connect({ path: this.socket, allowHalfOpen: true });
      const chunks = [];
      const started = Date.now();
      let timer;
      const quiet = () => { clearTimeout(timer); timer = setTimeout(() => socket.end(), settle); };
      socket.on('data', (chunk) => { chunks.push(chunk); if (settle > 0) quiet(); });
      socket.on('error', () => {});
      socket.on('end', () => socket.end());
      socket.on('close', () => { clearTimeout(timer); resolve({ bytes: Buffer.concat(chunks), ms: Date.now() - started }); });
      socket.on('connect', async () => {
        for (const piece of [pieces].flat()) {
          socket.write(Buffer.from(piece, 'latin1'));
          if (Array.isArray(pieces)) await new Promise((resume) => setImmediate(resume));
        }
        if (settle > 0) quiet();
        else if (end) socket.end();
      });
    });
  }

  async stop() {
    this.process.kill('SIGTERM');
    const result = await this.exited;
    fs.rmSync(this.folder, { recursive: true, force: true });
    return result;
  }
}

// What an echoed answer says the handler saw, as text of bytes.
export function seen(answer) {
  const json = JSON.parse(answer.body);
  const text = (hex) => Buffer.from(hex, 'hex').toString('latin1');
  return {
    method: text(json.method),
    target: text(json.target),
    minor: json.minor,
    headers: json.headers.map((h) => ({ name: text(h.name), value: text(h.value) })),
    body: text(json.body),
  };
}
