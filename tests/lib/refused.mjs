// A change that must be refused: the same in es, en and pt, each in its own words of locale/, and nothing changed.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { request, ROOT } from './llaverod.mjs';

export const LANGUAGES = ['es', 'en', 'pt'];

// What a message of locale/ looks like once its places are filled in.
export function wording(language, code) {
  const [area, name] = code.split('.');
  const text = JSON.parse(fs.readFileSync(path.join(ROOT, 'locale', language, `${area}.json`), 'utf8'))[name];
  assert.ok(text, `${language}: no text for ${code}`);
  const literal = (part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${text.split(/\{[a-zA-Z0-9]+\}/).map(literal).join('[^]*')}$`, 'u');
}

export const revisionOf = async (daemon) => (await request(daemon.keeper, 'GET', '/v1/status')).json.revision;

// call: { body, headers }. Answers the last one, in Portuguese.
export async function refused(daemon, method, url, call, status, code) {
  const before = await revisionOf(daemon);
  let answer;
  for (const language of LANGUAGES) {
    answer = await request(daemon.keeper, method, url,
      { ...call, headers: { ...call.headers, 'Accept-Language': `${language}-XX, *;q=0.1` } });
    const label = `${method} ${url} in ${language}: ${answer.text}`;
    assert.deepEqual([answer.status, answer.json.code], [status, code], label);
    assert.equal(answer.headers['content-language'], language, label);
    assert.match(answer.json.detail, wording(language, code), label);
  }
  assert.equal(await revisionOf(daemon), before, `${method} ${url} changed something`);
  return answer;
}
