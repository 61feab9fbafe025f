// A gateway before an API: nginx with the kit and a certificate of its own, which curl finds under the API's name.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../../lib/llaverod.mjs';
import { Nginx, Upstream } from '../../lib/nginx.mjs';

export const API = 'api.tienda.example';

export class Gateway {
  static async start(daemon) {
    const gateway = new Gateway();
    gateway.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-gateway-'));
    const file = (name) => path.join(gateway.folder, name);
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
      '-subj', `/CN=${API}`, '-addext', `subjectAltName=DNS:${API}`, '-keyout', file('key.pem'), '-out', file('cert.pem')], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(made.stderr);
    // nginx runs without privileges.
    fs.chmodSync(gateway.folder, 0o755);
    fs.chmodSync(file('key.pem'), 0o644);
    const port = await freePort();
    gateway.upstream = await Upstream.start();
    gateway.nginx = await Nginx.start({ gate: daemon.gate.socket, upstream: gateway.upstream.port,
      server: `listen 127.0.0.1:${port} ssl; server_name ${API}; ssl_certificate ${file('cert.pem')}; ssl_certificate_key ${file('key.pem')};` });
    fs.writeFileSync(file('.curlrc'), `connect-to = "${API}:443:127.0.0.1:${port}"\ncacert = "${file('cert.pem')}"\nsilent\nshow-error\n`);
    return gateway;
  }

  /** Run a command as it was shown, with the token where it asks for it. Answers { status, body }. */
  run(command, appToken) {
    return new Promise((resolve, reject) => {
      const shell = spawn('bash', ['-c', command], { env: { PATH: process.env.PATH, CURL_HOME: this.folder, APP_TOKEN: appToken } });
      let out = '';
      let fault = '';
      shell.stdout.on('data', (chunk) => { out += chunk; });
      shell.stderr.on('data', (chunk) => { fault += chunk; });
      // A command that asks for nothing does not read.
      shell.stdin.on('error', () => {});
      shell.on('error', reject);
      shell.on('close', (code) => {
        if (code !== 0) return reject(new Error(`${command}: ${code} ${fault}`));
        // A command that asks for the token says so first.
        const [, status, body] = /^HTTP\/\S+ (\d+)[\s\S]*?\r\n\r\n([\s\S]*)$/m.exec(out) ?? [];
        resolve({ status: Number(status), body });
      });
      shell.stdin.end(`${appToken}\n`);
    });
  }

  /** One request with the pair, as an integration sends it. */
  ask({ appKey, appToken }, method, url) {
    return this.run(`curl -i -X ${method} 'https://${API}${url}' -H 'X-App-Key: ${appKey}' -H "X-App-Token: $APP_TOKEN"`, appToken);
  }

  async stop() {
    await this.nginx?.stop();
    await this.upstream?.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
