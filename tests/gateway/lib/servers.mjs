// How the kits of docs/gateways run on the servers that they are for: unchanged, but for ports and paths.
import { kit, program, Server } from './server.mjs';

/** start(options): a server before the upstream at the port, with the gate's socket. */
export const SERVERS = {
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
};
