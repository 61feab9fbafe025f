// What the console sends and what it is answered, held against openapi.json. A violation fails the test that saw it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach } from 'node:test';
import { ROOT } from '../../lib/llaverod.mjs';
import { OpenApi } from '../../lib/openapi.mjs';

const api = new OpenApi(JSON.parse(fs.readFileSync(path.join(ROOT, 'src/keeper/openapi.json'), 'utf8')));
const reading = new Set();
const violations = [];

async function bodyOf(response) {
  try {
    return await response.text();
  } catch {
    return undefined; // its page went elsewhere before it was read
  }
}

async function headersOf(response) {
  const headers = {};
  for (const { name, value } of await response.headersArray()) (headers[name.toLowerCase()] ??= []).push(value);
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.length === 1 ? values[0] : values]));
}

async function check(request) {
  const response = await request.response();
  if (response === null) return;
  const url = new URL(request.url());
  const label = `${request.method()} ${url.pathname}: ${response.status()}`;
  const operation = api.find(request.method(), url.pathname);
  if (operation === undefined) {
    if (url.pathname.startsWith('/v1/')) violations.push(`${label}: no such operation is described`);
    return;
  }
  const answer = { status: response.status(), headers: await headersOf(response), text: await bodyOf(response) };
  violations.push(...api.checkAnswer(operation, answer).map((text) => `${label}: ${text}`));
}

// The browser's protocol does not tell the body of a Request that was cloned: the page's own fetch does.
function tellSent() {
  const { fetch } = window;
  window.fetch = async (what, options) => {
    const copy = what instanceof Request ? what.clone() : new Request(what, options);
    const response = await fetch(what, options);
    const text = await copy.text();
    window.tellSent({ method: copy.method, url: copy.url, text: text === '' ? undefined : text, status: response.status });
    return response;
  };
}

function checkSent(_source, { method, url, text, status }) {
  const { pathname, searchParams } = new URL(url);
  const operation = api.find(method, pathname);
  // What a person typed wrongly is the keeper's to refuse.
  if (operation === undefined || status === 400) return;
  violations.push(...api.checkRequest(operation, { query: searchParams, text }).map((wrong) => `${method} ${pathname}: ${wrong}`));
}

// Watch all pages of a browser context.
export async function watch(context) {
  await context.exposeBinding('tellSent', checkSent);
  await context.addInitScript(tellSent);
  context.on('requestfinished', (request) => {
    const one = check(request).catch((error) => {
      // The browser may be gone before its last answer was looked at.
      if (!/closed/.test(error.message)) violations.push(`${request.url()}: ${error.message}`);
    }).finally(() => reading.delete(one));
    reading.add(one);
  });
}

afterEach(async () => {
  await Promise.all(reading);
  assert.deepEqual([...new Set(violations.splice(0))], [], 'openapi.json is not kept');
});
