// People of a real llaverod: enrolment, codes, sessions; over the keeper's TCP listener.
import crypto from 'node:crypto';

import { request } from './llaverod.mjs';

export const PASSWORD = 'harbour-Lantern 7 ñ quartz';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

// What a text of RFC 4648 stands for.
export function bytesOf(base32) {
  const bits = [...base32].map((c) => ALPHABET.indexOf(c).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

// RFC 6238, by its text: an implementation of its own, to hold the server's against.
export function totp(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = crypto.createHmac('sha1', bytesOf(secret)).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7FFFFFFF) % 1000000).padStart(6, '0');
}

export const stepNow = () => Math.floor(Date.now() / 30000);

// A step counts once: codes come from the step before now, now, and the one after, in turn. A
// person who needs a fourth one takes a recovery code.
export class Person {
  constructor(daemon, { account, email }) {
    Object.assign(this, { daemon, account, email, last: 0, cookies: {}, recoveryCodes: [] });
  }

  code() {
    const now = stepNow();
    const step = Math.max(this.last + 1, now - 1);
    if (step > now + 1) return this.recoveryCodes.shift();
    this.last = step;
    return totp(this.secret, step);
  }

  keep(answer) {
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [pair] = line.split(';');
      const at = pair.indexOf('=');
      if (/Max-Age=0/.test(line)) delete this.cookies[pair.slice(0, at)];
      else this.cookies[pair.slice(0, at)] = pair.slice(at + 1);
    }
    return answer;
  }

  headers(more = {}) {
    const cookie = Object.entries(this.cookies).map(([name, value]) => `${name}=${value}`).join('; ');
    return { ...(cookie ? { Cookie: cookie } : {}), 'Sec-Fetch-Site': 'same-origin', ...more };
  }

  ask(method, url, body, more = {}) {
    return request(this.daemon.people, method, url, { body, headers: this.headers(more) });
  }

  // From the link that was shown once to the first session.
  async enrol(link, password = PASSWORD) {
    const token = link.slice(link.indexOf('#') + 1);
    const opened = await this.ask('POST', '/v1/enrolment/open', { token });
    if (opened.status !== 200) throw new Error(`open: ${opened.status} ${opened.text}`);
    this.secret = opened.json.secret;
    this.account ??= opened.json.account;
    this.email ??= opened.json.email;
    const use = () => this.ask('POST', '/v1/enrolment', { token, password, code: this.code() });
    let answer = this.keep(await use());
    // The code of the step before now is too old where the next step began on the way.
    if (answer.json?.code === 'login.enrolment_code') answer = this.keep(await use());
    if (answer.status !== 201) throw new Error(`enrol: ${answer.status} ${answer.text}`);
    this.password = password;
    this.recoveryCodes = [...answer.json.recoveryCodes];
    return answer;
  }

  async login(more = {}) {
    const body = { email: this.email, password: this.password, code: this.code(), ...more };
    if (this.account) body.account = this.account;
    return this.keep(await this.ask('POST', '/v1/session', body));
  }
}
