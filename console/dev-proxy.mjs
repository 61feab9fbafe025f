// For work on the console only: serves dist/ on the loopback and passes /v1 on to a keeper's unix socket, where the
// caller is the operator. Never part of the product.
//
// usage: node dev-proxy.mjs [SOCKET] [PORT]     (default: $LLAVERO_SOCKET or ../run/keeper.sock, 7490)
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(here, 'dist');
const socketPath = process.argv[2] ?? process.env.LLAVERO_SOCKET ?? path.join(here, '../run/keeper.sock');
const port = Number(process.argv[3] ?? 7490);
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.wasm': 'application/wasm' };
const NONCE = 'ZGV2ZWxvcG1lbnQtb25seQ';
const POLICY = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'nonce-${NONCE}'; img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types default`;

function pass(req, res) {
  const headers = { ...req.headers, host: 'localhost' };
  delete headers.origin;
  const up = http.request({ socketPath, method: req.method, path: req.url, headers }, (answer) => {
    if (answer.statusCode === 404 && req.url === '/v1/session') {
      // A keeper without login: whoever reaches the socket is the operator.
      answer.resume();
      res.writeHead(200, { 'Content-Type': 'application/json' });
      res.end(JSON.stringify({ caller: 'operator', account: '', user: null, rights: [], managesInstallation: true, secondFactorUntil: null, idleUntil: null, expiresAt: null }));
      return;
    }
    res.writeHead(answer.statusCode, answer.headers);
    answer.pipe(res);
  });
  up.on('error', () => res.destroy());
  req.pipe(up);
}

function serve(req, res) {
  const { pathname } = new URL(req.url, 'http://localhost');
  const page = pathname === '/share' ? 'share.html' : pathname === '/check' ? 'check.html' : 'index.html';
  let file = path.join(dist, path.normalize(pathname));
  if (!file.startsWith(dist) || !existsSync(file) || !statSync(file).isFile()) file = path.join(dist, page);
  const type = TYPES[path.extname(file)] ?? 'application/octet-stream';
  const bytes = type.startsWith('text/html') ? readFileSync(file, 'utf8').replaceAll('__NONCE__', NONCE).replaceAll('__APP_KEY_PREFIX__', 'appkey') : readFileSync(file);
  res.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': POLICY, 'Cache-Control': 'no-store' });
  res.end(bytes);
}

http
  .createServer((req, res) => (/^\/(v1|causes|healthz|readyz|openapi\.json)(\/|$|\?)/.test(req.url) ? pass(req, res) : serve(req, res)))
  .listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/ -> ${socketPath}`));
if (process.env.WATCH) {
  const build = spawn('npx', ['vite', 'build', '--watch'], { cwd: here, stdio: 'inherit' });
  process.on('exit', () => build.kill());
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
}
