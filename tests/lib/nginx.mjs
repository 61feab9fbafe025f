// A real nginx for a test, with the gateway kit of docs/gateways before an upstream that tells what it saw.
// Own prefix, own ports, no privileges; stopped by its process id.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { freePort, request, ROOT, until } from './llaverod.mjs';

const NOBODY = 65534;
const ROOTED = process.getuid() === 0;
const KIT = path.join(ROOT, 'docs/gateways');

export const NGINX = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx'].find((f) => fs.existsSync(f)) ?? 'nginx';

// Answers 200 to everything, and keeps what came: { method, url, headers (raw pairs), body }.
export class Upstream {
  static async start() {
    const upstream = new Upstream();
    upstream.seen = [];
    upstream.server = http.createServer({ maxHeaderSize: 64 * 1024 }, (req, res) => {
      const chunks = [];
      req.on('data', (chunk) => chunks.push(chunk));
      req.on('end', () => {
        const pairs = [];
        for (let i = 0; i < req.rawHeaders.length; i += 2) pairs.push([req.rawHeaders[i], req.rawHeaders[i + 1]]);
        upstream.seen.push({ method: req.method, url: req.url, headers: pairs, body: Buffer.concat(chunks) });
        res.setHeader('Content-Type', 'text/plain');
        res.end('upstream\n');
      });
    });
    await new Promise((resolve) => upstream.server.listen(0, '127.0.0.1', resolve));
    upstream.port = upstream.server.address().port;
    return upstream;
  }

  // What came since the last call.
  take() { return this.seen.splice(0); }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

export class Nginx {
  // gate: the path of the gate's unix socket; upstream: a port; server: more lines for the server block.
  static async start({ gate, upstream, server = '', location = '' }) {
    const nginx = new Nginx();
    nginx.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-nginx-'));
    nginx.port = await freePort();
    nginx.port2 = await freePort();
    nginx.gate = gate;
    fs.writeFileSync(path.join(nginx.folder, 'nginx.conf'), `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log notice;
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path temp_body;
	proxy_temp_path temp_proxy;
	fastcgi_temp_path temp_fastcgi;
	uwsgi_temp_path temp_uwsgi;
	scgi_temp_path temp_scgi;
	types { text/html html; application/json json; }
	upstream llavero { server unix:${gate}; keepalive 16; }
	server {
		listen 127.0.0.1:${nginx.port};
		listen 127.0.0.1:${nginx.port2} http2;
		server_name shop.example;
		include ${KIT}/nginx-auth-request.conf;
		${server}
		location / {
			include ${KIT}/nginx-protect.conf;
			proxy_pass http://127.0.0.1:${upstream};
			${location}
		}
	}
	server {
		listen 127.0.0.1:${nginx.port};
		server_name inner.example;
		include ${KIT}/nginx-auth-request.conf;
		location / {
			include ${KIT}/nginx-protect.conf;
			proxy_pass http://127.0.0.1:${upstream};
		}
	}
}
`);
    nginx.launch();
    try {
      await until('nginx ready', () => {
        if (nginx.gone) throw new Error(`nginx ended:\n${nginx.log()}`);
        return request({ port: nginx.port }, 'GET', '/_llavero').catch(() => false);
      });
    } catch (error) {
      await nginx.stop();
      throw error;
    }
    return nginx;
  }

  launch() {
    const credentials = {};
    if (ROOTED) {
      // Without privileges also when the tests have them.
      spawnSync('chown', ['-R', `${NOBODY}:${NOBODY}`, this.folder]);
      fs.chmodSync(path.dirname(this.gate), 0o711);
      this.allowGate();
      Object.assign(credentials, { uid: NOBODY, gid: NOBODY });
    }
    this.process = spawn(NGINX, ['-p', this.folder, '-c', path.join(this.folder, 'nginx.conf'),
      '-e', path.join(this.folder, 'error.log')], { stdio: 'ignore', ...credentials });
    this.gone = false;
    this.exited = new Promise((resolve) => this.process.on('exit', resolve));
    this.exited.then(() => { this.gone = true; });
  }

  // The gate's socket is new after a restart of the daemon.
  allowGate() {
    if (ROOTED && fs.existsSync(this.gate)) fs.chownSync(this.gate, NOBODY, NOBODY);
  }

  log() {
    try { return fs.readFileSync(path.join(this.folder, 'error.log'), 'utf8'); } catch { return ''; }
  }

  async stop() {
    if (!this.gone) this.process.kill('SIGTERM');
    await this.exited;
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
