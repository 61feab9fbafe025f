// How the kits of docs/gateways run on the servers that they are for: unchanged, but for ports and paths.
import path from 'node:path';

import { Nginx } from '../../lib/nginx.mjs';
import { ModuleNginx } from '../../lib/nginx_module.mjs';
import { kit, program, Server } from './server.mjs';

/** start(options): a server before the upstream at the port, with the gate's socket. */
export const SERVERS = {
  nginx: async (options) => Object.assign(await Nginx.start(options), { name: 'nginx' }),

  // It asks no gate: it reads the data, which a test's daemon has beside the gate's socket.
  'nginx-module': async ({ gate, upstream, change = (text) => text }) => {
    const server = await ModuleNginx.start({ data: path.join(path.dirname(gate), 'data'), http: (n) => `server {
      listen 127.0.0.1:${n.port};
      listen 127.0.0.1:${n.port2} http2;
      server_name shop.example;
      location / { ${change(kit('nginx-module.conf'))} proxy_pass http://127.0.0.1:${upstream}; }
    }` });
    return Object.assign(server, { name: 'nginx-module' });
  },

  caddy: ({ gate, upstream, change = (text) => text }) => Server.start({ name: 'caddy', gate,
    configure: ({ folder, port, port2 }) => ({
      command: [program('caddy'), 'run', '--adapter', 'caddyfile', '--config', `${folder}/Caddyfile`],
      files: { Caddyfile: `{\n\tadmin off\n\tservers {\n\t\tprotocols h1 h2c\n\t}\n}\n${change(kit('caddy/Caddyfile', [
        ['api.example.com {', `http://:${port}, http://:${port2} {\n\tbind 127.0.0.1`],
        ['unix//run/llavero/gate.sock {', `unix/${gate} {`],
        ['127.0.0.1:8080', `127.0.0.1:${upstream}`],
      ]))}` },
    }) }),

  haproxy: ({ gate, upstream, change = (text) => text, script = (text) => text }) => Server.start({ name: 'haproxy', gate,
    configure: ({ folder, port, port2 }) => ({
      command: [program('haproxy'), '-db', '-f', `${folder}/haproxy.cfg`],
      files: {
        'haproxy.cfg': change(kit('haproxy/haproxy.cfg', [
          ['/etc/haproxy/llavero.lua', `${folder}/llavero.lua`],
          ['bind :80', `bind 127.0.0.1:${port}\n\tbind 127.0.0.1:${port2} proto h2`],
          ['127.0.0.1:8080', `127.0.0.1:${upstream}`],
        ])),
        'llavero.lua': script(kit('haproxy/llavero.lua', [['"unix@/run/llavero/gate.sock"', `"unix@${gate}"`]])),
      },
    }) }),

  apache: ({ gate, upstream, change = (text) => text, script = (text) => text }) => Server.start({ name: 'apache', gate,
    configure: ({ folder, port, port2 }) => ({
      command: [program('apache2'), '-X', '-d', folder, '-f', `${folder}/apache.conf`],
      files: {
        'apache.conf': `${['mpm_event', 'authz_core', 'lua', 'proxy', 'proxy_http', 'http2'].map((name) => (
          `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n`)).join('')}
ServerName localhost
DefaultRuntimeDir ${folder}
PidFile ${folder}/apache.pid
ErrorLog ${folder}/error.log
Listen 127.0.0.1:${port}
Listen 127.0.0.1:${port2}
Protocols h2c http/1.1
Include ${folder}/llavero.conf
`,
        'llavero.conf': change(kit('apache/llavero.conf', [
          ['/etc/apache2/llavero.lua', `${folder}/llavero.lua`],
          ['*:80', `127.0.0.1:${port} 127.0.0.1:${port2}`],
          ['127.0.0.1:8080', `127.0.0.1:${upstream}`],
        ])),
        'llavero.lua': script(kit('apache/llavero.lua', [['"/run/llavero/gate.sock"', `"${gate}"`]])),
      },
    }) }),
};
