// Sessions of the command line as an enrolment and a login leave them, written while nobody has the database open.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';

const PROGRAM = `
import hashlib, json, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1])
now = int(time.time() * 1000000)
for text, user, factor in json.loads(sys.argv[2]):
    db.execute('INSERT OR IGNORE INTO credentials VALUES (?, ?, zeroblob(60), 0, ?, ?)', (user, '$argon2id$', now, now))
    slot = db.execute("UPDATE counters SET last = last + 1 WHERE name = 'session' RETURNING last").fetchone()[0]
    db.execute('INSERT INTO sessions (slot, digest, user_slot, kind, created_at_us, seen_at_us, second_factor_at_us, expires_at_us)'
               ' VALUES (?, ?, ?, 2, ?, ?, ?, ?)',
               (slot, hashlib.sha256(text.encode()).digest(), user, now, now, now - factor * 1000000, now + 86400000000))
db.commit()
`;

// people: [{ user, factorAge: seconds since the second factor was proved }]. Resolves to their bearer tokens.
export async function logIn(daemon, people) {
  const rows = people.map(({ user, factorAge = 0 }) => [`LS1${randomBytes(32).toString('base64url')}`, user, factorAge]);
  await daemon.stop();
  const result = spawnSync('python3', ['-c', PROGRAM, path.join(daemon.data, 'records.db'), JSON.stringify(rows)], { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(result.stderr);
  await daemon.launch();
  return rows.map(([text]) => text);
}
