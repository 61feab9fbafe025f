// A real nginx for a test, with the module of this build: own prefix, own ports; stopped by its process id.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { BUILD, freePort, request, ROOT, until } from './llaverod.mjs';
import { NGINX } from './nginx.mjs';

// LLAVERO_SANITIZED: a build with sanitizers, whose module the nginx of Debian then loads.
const SANITIZED = process.env.LLAVERO_SANITIZED;
export const MODULE = path.join(SANITIZED ?? BUILD, 'nginx/ngx_http_llavero_module.so');
export const KIT = path.join(ROOT, 'docs/gateways/nginx-module.conf');
const PATIENCE = 30000;

// What nginx needs beside its own environment: the sanitizers stand before all libraries, and write apart.
function environment(folder) {
  if (!SANITIZED) return {};
  const library = spawnSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).stdout.trim();
  const options = `log_path=${folder}/sanitizer:log_to_syslog=0:detect_leaks=0:print_stacktrace=1`;
  return { LD_PRELOAD: library, ASAN_OPTIONS: options, UBSAN_OPTIONS: options };
}

/** cert.pem and key.pem of a host of tests. */
export function makeCertificate(folder) {
  const done = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', '/CN=shop.example', '-keyout', path.join(folder, 'key.pem'), '-out', path.join(folder, 'cert.pem')], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr);
}

const isGone = (pid) => {
  try { return /^\d+ \(.*\) [ZX]/s.test(fs.readFileSync(`/proc/${pid}/stat`, 'latin1')); } catch { return true; }
};

export class ModuleNginx {
  // data: the daemon's data folder; http: what stands in the http block, beside llavero_index, as a text or
  // a function of this; main: lines in front of it; daemon: as services run it, which an upgrade needs.
  // user: of the workers, when the test has privileges.
  static async prepare({ data, http, main = '', workers = 2, daemon = false, user = 'root' }) {
    const nginx = new ModuleNginx();
    nginx.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-nginx-'));
    nginx.port = await freePort();
    nginx.port2 = await freePort();
    nginx.portTls = await freePort();
    nginx.portInner = await freePort();
    nginx.daemon = daemon;
    nginx.environment = environment(nginx.folder);
    nginx.configure = ({ http: lines = http, data: folder = data } = {}) => {
      fs.writeFileSync(path.join(nginx.folder, 'nginx.conf'), `
load_module ${MODULE};
${process.getuid() === 0 ? `user ${user};` : ''}
daemon ${daemon ? 'on' : 'off'};
worker_processes ${workers};
pid nginx.pid;
error_log error.log notice;
${Object.keys(nginx.environment).map((name) => `env ${name};`).join(' ')}
${main}
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path temp_body;
	proxy_temp_path temp_proxy;
	fastcgi_temp_path temp_fastcgi;
	uwsgi_temp_path temp_uwsgi;
	scgi_temp_path temp_scgi;
	types { text/html html; application/json json; }
	llavero_index ${folder}/index;
	${typeof lines === 'function' ? lines(nginx) : lines}
}
`);
    };
    nginx.configure();
    return nginx;
  }

  static async start(options) {
    const nginx = await ModuleNginx.prepare(options);
    try {
      await nginx.launch();
    } catch (error) {
      await nginx.stop();
      throw error;
    }
    return nginx;
  }

  words() { return ['-p', this.folder, '-c', path.join(this.folder, 'nginx.conf'), '-e', path.join(this.folder, 'error.log')]; }

  // { status, text } of `nginx -t`.
  check() {
    const done = spawnSync(NGINX, [...this.words().slice(0, 4), '-e', 'stderr', '-t'], { encoding: 'utf8', env: { ...process.env, ...this.environment } });
    return { status: done.status, text: done.stderr };
  }

  async launch() {
    this.started = spawn(NGINX, this.words(), { stdio: ['ignore', 'ignore', 'ignore'], env: { ...process.env, ...this.environment } });
    let code;
    this.started.on('exit', (status) => { code = status ?? 1; });
    await until('nginx ready', async () => {
      if (code !== undefined && !(this.daemon && code === 0)) throw new Error(`nginx ended:\n${this.errors()}`);
      return fs.existsSync(path.join(this.folder, 'nginx.pid'))
        && request({ port: this.port }, 'GET', '/', { timeout: 5000 }).catch(() => false);
    }, PATIENCE);
  }

  pid(file = 'nginx.pid') {
    try { return Number(fs.readFileSync(path.join(this.folder, file), 'utf8')); } catch { return 0; }
  }

  // The workers that serve now.
  workers(master = this.pid()) {
    const children = fs.readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    return children.filter((pid) => !isGone(pid) && /worker process$/.test(
      fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').replace(/\0+/g, ' ').trim()));
  }

  signal(name, pid = this.pid()) { process.kill(pid, name); }

  async reload() {
    const before = this.workers();
    this.signal('SIGHUP');
    await until('workers of the new configuration', () => {
      const now = this.workers();
      return now.length > 0 && !now.some((pid) => before.includes(pid));
    }, PATIENCE);
  }

  errors() { return this.file('error.log'); }

  write(name, text) {
    fs.mkdirSync(path.dirname(path.join(this.folder, name)), { recursive: true });
    fs.writeFileSync(path.join(this.folder, name), text);
  }

  file(name) {
    try { return fs.readFileSync(path.join(this.folder, name), 'utf8'); } catch { return ''; }
  }

  async stop() {
    for (const pid of [this.pid(), this.pid('nginx.pid.oldbin')].filter(Boolean)) {
      if (!isGone(pid)) process.kill(pid, 'SIGTERM');
      await until('nginx ended', () => isGone(pid), PATIENCE);
    }
    if (this.started && this.started.exitCode === null && this.started.signalCode === null) {
      this.started.kill('SIGTERM');
      await new Promise((resolve) => this.started.on('exit', resolve));
    }
    const found = fs.readdirSync(this.folder).filter((name) => name.startsWith('sanitizer'));
    const texts = found.map((name) => this.file(name));
    fs.rmSync(this.folder, { recursive: true, force: true });
    if (texts.length > 0) throw new Error(`the sanitizers found:\n${texts.join('\n')}`);
  }
}
