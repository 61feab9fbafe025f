// llavero, the command line, as a process of its own against a daemon of a test.
import { spawn, spawnSync } from 'node:child_process';

import { LLAVERO } from './llaverod.mjs';

export function environment(daemon, more = {}) {
  const env = { ...process.env, LLAVERO_SOCKET: daemon?.keeper.socket ?? '', LC_ALL: 'C', ...more };
  delete env.LLAVERO_URL;
  return env;
}

// Starts it; .done resolves to { code, signal, stdout, stderr, json }.
export function start(daemon, args, { input, env, command = LLAVERO, cwd } = {}) {
  const child = spawn(command, args, { env: environment(daemon, env), cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  const running = { child, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => { running.stdout += chunk; });
  child.stderr.on('data', (chunk) => { running.stderr += chunk; });
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  running.done = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      let json;
      try { json = JSON.parse(running.stdout); } catch { json = undefined; }
      resolve({ code, signal, stdout: running.stdout, stderr: running.stderr, json });
    });
  });
  return running;
}

// Runs it to its end; fails when the exit code is not the expected one.
export async function llavero(daemon, args, { code = 0, ...options } = {}) {
  const result = await start(daemon, args, options).done;
  if (result.code !== code) {
    throw new Error(`llavero ${args.join(' ')}: ended with ${result.code ?? result.signal}, expected ${code}\n`
      + `${result.stdout}${result.stderr}`);
  }
  return result;
}

const TERMINAL = `
import json, os, pty, sys
pid, fd = pty.fork()
if pid == 0: os.execv(sys.argv[2], sys.argv[2:])
shown, seen, typed = b"", 0, [[part.encode() for part in pair] for pair in json.loads(sys.argv[1])]
while True:
    try: piece = os.read(fd, 4096)
    except OSError: break
    if not piece: break
    shown += piece
    if typed and typed[0][0] in shown[seen:]:
        seen = len(shown)
        os.write(fd, typed.pop(0)[1])
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
os.write(1, shown); sys.exit(code)
`;

// Runs it with a terminal of its own, and types: a text when it asks for an appToken, or for each [what is shown, what is
// typed then]. What was shown there, and the exit code.
export function onTerminal(daemon, args, typed = '', { command = LLAVERO, env = {} } = {}) {
  const pairs = typeof typed === 'string' ? [['appToken:', `${typed}\n`]] : typed;
  const { status, stdout } = spawnSync('python3', ['-c', TERMINAL, JSON.stringify(typed === '' ? [] : pairs), command, ...args],
    { encoding: 'utf8', env: environment(daemon, env), timeout: 120_000 });
  return { code: status, shown: stdout };
}
