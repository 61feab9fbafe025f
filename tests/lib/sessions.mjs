// People who log in for real: enrolled once, with a password and an app of their own, then once more for each session.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

import { Person } from './people.mjs';

const known = new WeakMap(); // the daemon -> its people by id

async function personOf(daemon, user) {
  const people = known.get(daemon) ?? new Map();
  known.set(daemon, people);
  if (!people.has(user)) {
    const person = new Person({ people: daemon.keeper }, {});
    await person.enrol((await daemon.api('POST', `/v1/users/${user}/enrolment`)).enrolment);
    people.set(user, person);
  }
  return people.get(user);
}

// What only time does: the last session of a person becomes older. Values in seconds.
const AGE = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=30)
(slot,) = db.execute('SELECT MAX(slot) FROM sessions WHERE user_slot = ?', (int(sys.argv[2]),)).fetchone()
db.execute('UPDATE sessions SET second_factor_at_us = second_factor_at_us - ?, expires_at_us = expires_at_us - ? WHERE slot = ?',
           (int(sys.argv[3]) * 1000000, int(sys.argv[4]) * 1000000, slot))
db.commit()
`;

// His last session becomes older: its second factor by so many seconds, and it is over so many sooner.
export function age(daemon, user, factorAge, sooner = 0) {
  const result = spawnSync('python3', ['-c', AGE, path.join(daemon.data, 'records.db'), `${user}`, `${factorAge}`, `${sooner}`],
    { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(result.stderr);
}

// people: [{ user, factorAge, sooner: both in seconds: since the second factor was proved, and how much sooner it is over }].
// Resolves to the bearer tokens of the command line.
export async function logIn(daemon, people) {
  const tokens = [];
  for (const { user, factorAge = 0, sooner = 0 } of people) {
    const person = await personOf(daemon, user);
    const answer = await person.login({ kind: 'cli' });
    if (answer.status !== 201) throw new Error(`login: ${answer.status} ${answer.text}`);
    if (factorAge || sooner) age(daemon, user, factorAge, sooner);
    tokens.push(answer.json.token);
  }
  return tokens;
}

// The cookie of his browser, in which he enrolled.
export async function browserOf(daemon, user) {
  return (await personOf(daemon, user)).cookies['__Host-llavero-session'];
}
