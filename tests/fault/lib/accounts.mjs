// Clients that change one account each, and know at every moment what must be true of it: each
// change that was answered, and, of one whose answer never came, both what was and what would be.
import http from 'node:http';
import { request } from '../../lib/llaverod.mjs';

const PROFILES = { Reader: ['ViewOrder'], Editor: ['EditOrder'], All: ['ViewOrder', 'EditOrder'] };
const KEYS_ALIVE = 10;

// What all clients need once in an installation.
export async function catalogue(daemon) {
  for (const key of ['ViewOrder', 'EditOrder']) {
    await daemon.api('POST', '/v1/resources', { product: 'OMS', key });
  }
  await daemon.api('POST', '/v1/routes', { method: 'GET', path: '/orders/{id}', resources: ['ViewOrder'] });
}

const copy = (state) => ({
  keys: new Map([...state.keys].map(([label, key]) => [label, { ...key, links: new Set(key.links), tokens: key.tokens.map((t) => ({ ...t })) }])),
  shared: state.shared && { ...state.shared },
});

// A key as text: what the API must say of it. Tokens by their part: the current one, the previous one
// while a rotation is open, and how many are retired.
function keyText(key) {
  const count = (kind) => key.tokens.filter((token) => token.kind === kind).length;
  return `${key.state} [${[...key.links].sort()}] tokens ${count('current')}+${count('previous')} retired ${count('retired')}`;
}

function stateText(state) {
  const lines = [...state.keys].map(([label, key]) => `${label} ${key.appKey ?? '?'} ${keyText(key)}`);
  return [...lines.sort(), `shared ${state.shared ? state.shared.name : '-'}`].join('\n');
}

// The lines that two texts do not have in common.
function difference(expected, seen) {
  const [a, b] = [expected.split('\n'), seen.split('\n')];
  return [...a.filter((line) => !b.includes(line)).map((line) => `  expected ${line}`),
    ...b.filter((line) => !a.includes(line)).map((line) => `  seen     ${line}`)].join('\n');
}

export class Client {
  constructor(daemon, number, random) {
    Object.assign(this, { daemon, number, random, account: `store${number}` });
    this.state = { keys: new Map(), shared: null };
    this.pending = null; // a change without an answer: { change, before, after }
    this.made = 0;
    this.changes = { answered: 0, whole: 0, absent: 0, replayed: 0, late: 0 };
    this.touched = new Set();
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  }

  async setUp() {
    await this.daemon.api('POST', '/v1/accounts', { name: this.account, owner: `owner${this.number}@example.com` });
    for (const [name, resources] of Object.entries(PROFILES)) {
      await this.daemon.api('POST', '/v1/profiles', { account: this.account, name, resources });
    }
  }

  end() { this.agent.destroy(); }

  // ---- what to change next ----

  // { method, url, body, once (an Idempotency-Key), apply(state, answer) }
  next() {
    const keys = [...this.state.keys.values()];
    const alive = keys.filter((key) => key.state !== 'revoked' && key.appKey);
    if (alive.length < 3) return this.create();
    const key = this.random.pick(alive);
    const rotating = key.tokens.some((token) => token.kind === 'previous');
    const choice = this.random.below(100);
    if (choice < 22 && alive.length < KEYS_ALIVE) return this.create();
    if (choice < 38) return this.link(key);
    if (choice < 50) return this.unlink(key);
    if (choice < 66) return rotating ? this.endRotation(key) : this.rotate(key);
    if (choice < 78) return this.turn(key);
    if (choice < 88) return this.revoke(key);
    return this.state.shared ? this.dropShared() : this.makeShared();
  }

  name(kind) { this.made += 1; return `${kind}-${this.number}-${this.made}`; }

  create() {
    const label = this.name('key');
    const profiles = this.random.some(Object.keys(PROFILES), 2);
    return { method: 'POST', url: '/v1/keys', once: this.name('once'), labels: [label],
      body: { account: this.account, label, profiles },
      apply(state, answer) {
        state.keys.set(label, { label, appKey: answer?.appKey, state: 'active', links: new Set(profiles),
          tokens: [{ kind: 'current', text: answer?.appToken }] });
      } };
  }

  ofKey(key, method, tail, more, apply) {
    return { method, url: `/v1/keys/${key.appKey}/${tail}`, labels: [key.label], ...more,
      apply(state, answer) { apply(state.keys.get(key.label), answer); } };
  }

  link(key) {
    const names = [...Object.keys(PROFILES), ...(this.state.shared ? [this.state.shared.name] : [])];
    const profile = this.random.pick(names.filter((name) => !key.links.has(name)).concat(names));
    if (key.links.has(profile)) return this.turn(key);
    return this.ofKey(key, 'POST', 'links', { body: { profile } }, (k) => k.links.add(profile));
  }

  unlink(key) {
    if (key.links.size === 0) return this.link(key);
    const profile = this.random.pick([...key.links]);
    return this.ofKey(key, 'DELETE', `links/${this.profileId(profile)}`, {}, (k) => k.links.delete(profile));
  }

  rotate(key) {
    return this.ofKey(key, 'POST', 'rotate', { body: {}, once: this.name('once') }, (k, answer) => {
      k.tokens.find((token) => token.kind === 'current').kind = 'previous';
      k.tokens.push({ kind: 'current', text: answer?.appToken });
    });
  }

  endRotation(key) {
    const [tail, retired] = this.random.chance(50) ? ['finish-rotation', 'previous'] : ['cancel-rotation', 'current'];
    return this.ofKey(key, 'POST', tail, {}, (k) => {
      for (const token of k.tokens) {
        if (token.kind === retired) token.kind = 'retired';
        else if (token.kind === 'previous') token.kind = 'current';
      }
    });
  }

  turn(key) {
    const active = key.state === 'active';
    return this.ofKey(key, 'POST', active ? 'deactivate' : 'activate', {}, (k) => { k.state = active ? 'inactive' : 'active'; });
  }

  revoke(key) {
    return this.ofKey(key, 'POST', 'revoke', { body: { reason: 'unused' } }, (k) => {
      k.state = 'revoked';
      for (const token of k.tokens) token.kind = 'retired';
    });
  }

  makeShared() {
    const name = this.name('shared');
    return { method: 'POST', url: '/v1/profiles', once: this.name('once'), labels: [],
      body: { account: this.account, name, resources: ['ViewOrder'] },
      apply(state, answer) { state.shared = { name, id: answer?.id }; } };
  }

  // One change of many records: the profile goes, and with it each key's link.
  dropShared() {
    const { name, id } = this.state.shared;
    const linked = [...this.state.keys.values()].filter((key) => key.links.has(name)).map((key) => key.label);
    return { method: 'DELETE', url: `/v1/profiles/${id}?unlink=true`, labels: linked,
      apply(state) {
        state.shared = null;
        for (const key of state.keys.values()) key.links.delete(name);
      } };
  }

  profileId(name) { return this.ids.get(name) ?? this.state.shared?.id; }

  // ---- changing ----

  send(change) {
    return request(this.daemon.keeper, change.method, change.url, { body: change.body, agent: this.agent,
      headers: change.once ? { 'Idempotency-Key': change.once } : {} });
  }

  // Change on and on until stopped() or an answer stays away.
  async run(stopped) {
    while (!stopped() && this.pending === null) {
      const change = this.next();
      const before = copy(this.state);
      let answer;
      try { answer = await this.send(change); } catch (error) { answer = { error }; }
      const after = copy(before);
      if (answer.error || answer.json === undefined) {
        change.apply(after, undefined);
        this.pending = { change, before, after };
      } else if (answer.status === 200 || answer.status === 201) {
        this.take(change, after, answer);
        if (this.random.chance(15) && change.labels.length > 0) await this.askNow(this.random.pick(change.labels), answer);
      } else {
        throw new Error(`${change.method} ${change.url}: ${answer.status} ${answer.text}`);
      }
    }
  }

  take(change, after, answer) {
    change.apply(after, answer.json);
    this.state = after;
    this.changes.answered += 1;
    if (answer.json.indexed === false) this.changes.late += 1;
    for (const label of change.labels) this.touched.add(label);
  }

  // Answered means in force: the gate's next verdict knows it already.
  async askNow(label, answer) {
    const key = this.state.keys.get(label);
    if (answer.json.indexed !== true) return;
    for (const token of key.tokens.filter((t) => t.text)) {
      let verdict;
      try { verdict = await this.ask(key, token); } catch { return; } // killed meanwhile
      const wrong = this.judge(key, token, verdict);
      if (wrong && verdict.status !== 503) throw new Error(`right after its answer: ${wrong}`);
    }
  }

  // ---- checking ----

  ask(key, token) {
    return request(this.daemon.gate, 'GET', '/auth/forwarded', { agent: this.gateAgent, headers: {
      'X-Forwarded-Method': 'GET', 'X-Forwarded-Uri': '/orders/7', 'X-App-Key': key.appKey, 'X-App-Token': token.text } });
  }

  // What is wrong with a verdict; undefined when nothing is.
  judge(key, token, verdict) {
    const cause = verdict.headers['x-llavero-cause'] ?? verdict.json?.cause ?? 'none';
    const wanted = [];
    const may = [...key.links].some((name) => name !== 'Editor');
    if (key.state === 'revoked') wanted.push('401 key_revoked', '401 token_retired');
    else if (token.kind === 'retired') wanted.push('401 token_retired');
    else if (key.state === 'inactive') wanted.push('401 key_inactive');
    else if (key.links.size === 0) wanted.push('403 no_profile');
    else wanted.push(may ? '200 none' : '403 profile_lacks_resource');
    const seen = `${verdict.status} ${cause}`;
    return wanted.includes(seen) ? undefined : `${key.label} ${key.appKey} (${keyText(key)}), a ${token.kind} token: ${seen}, not ${wanted[0]}`;
  }

  // All that the records say of the account.
  async observe() {
    const state = { keys: new Map(), shared: null };
    this.ids = new Map();
    for (const profile of await this.pages('profiles')) {
      if (profile.name in PROFILES) this.ids.set(profile.name, profile.id);
      else if (state.shared) throw new Error(`${this.account} has two shared profiles`);
      else state.shared = { name: profile.name, id: profile.id };
    }
    for (const key of await this.pages('keys')) {
      if (state.keys.has(key.label)) throw new Error(`made twice: ${key.label}`);
      state.keys.set(key.label, { label: key.label, appKey: key.appKey, state: key.state,
        links: new Set(key.profiles.map((profile) => profile.name)), tokens: key.tokens });
    }
    return state;
  }

  async pages(what) {
    const items = [];
    for (let cursor = ''; cursor !== null;) {
      const page = await this.daemon.api('GET', `/v1/${what}?account=${this.account}&limit=200${cursor && `&cursor=${cursor}`}`);
      items.push(...page.items);
      cursor = page.next;
    }
    return items;
  }

  // The records hold what was answered; an open change is whole or not there, and its repetition settles it.
  async settle() {
    const seen = await this.observe();
    if (this.pending !== null) {
      const { change, before, after } = this.pending;
      this.pending = null;
      for (const [label, key] of after.keys) key.appKey ??= seen.keys.get(label)?.appKey;
      if (after.shared && seen.shared?.name === after.shared.name) after.shared.id = seen.shared.id;
      const whole = stateText(seen) === stateText(after);
      if (!whole && stateText(seen) !== stateText(before)) {
        throw new Error(`${change.method} ${change.url} is half there:\n${difference(stateText(before), stateText(seen))}`);
      }
      this.state = whole ? after : before;
      this.changes[whole ? 'whole' : 'absent'] += 1;
      for (const label of change.labels) if (this.state.keys.has(label)) this.touched.add(label);
      if (change.once) await this.repeat(change, whole);
    } else if (stateText(seen) !== stateText(this.state)) {
      throw new Error(`an answered change is lost:\n${difference(stateText(this.state), stateText(seen))}`);
    }
  }

  async repeat(change, whole) {
    const answer = await this.send(change);
    const replayed = answer.headers['idempotency-replayed'] === 'true';
    if (![200, 201].includes(answer.status) || replayed !== whole) {
      throw new Error(`the repetition of a change that is ${whole ? '' : 'not '}there: ${answer.status}, ${replayed ? '' : 'not '}replayed: ${answer.text}`);
    }
    if (replayed && answer.json.appToken !== undefined) throw new Error('a repetition shows the token');
    if (replayed) this.changes.replayed += 1;
    else this.take(change, copy(this.state), answer);
    const seen = stateText(await this.observe());
    if (seen !== stateText(this.state)) throw new Error(`repeated, not settled:\n${difference(stateText(this.state), seen)}`);
  }

  // The gate's verdicts: of all that was touched, and of a share of the rest.
  async checkVerdicts(share) {
    const asked = [];
    for (const key of this.state.keys.values()) {
      if (!this.touched.has(key.label) && !this.random.chance(share)) continue;
      for (const token of key.tokens) if (token.text) asked.push([key, token]);
    }
    this.touched.clear();
    for (let at = 0; at < asked.length; at += 16) {
      await Promise.all(asked.slice(at, at + 16).map(async ([key, token]) => {
        const wrong = this.judge(key, token, await this.ask(key, token));
        if (wrong) throw new Error(wrong);
      }));
    }
    return asked.length;
  }

  // While the daemon comes back: a revoked key must not be let in at any moment.
  async askRevoked() {
    const dead = [...this.state.keys.values()].filter((key) => key.state === 'revoked' && key.tokens.some((t) => t.text));
    if (dead.length === 0) return 0;
    const key = this.random.pick(dead.slice(-8));
    let verdict;
    try { verdict = await this.ask(key, key.tokens.find((token) => token.text)); } catch { return 0; }
    if (verdict.status < 400) throw new Error(`alive again: ${key.label} ${key.appKey}`);
    return 1;
  }
}
