// An OpenAPI document held against what a server really answers.
import assert from 'node:assert/strict';

import { request } from './llaverod.mjs';
import { checkSchema, checkValue, resolve } from './schema.mjs';

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'];
// Of the transport, not of an operation.
const PLAIN_HEADERS = new Set(['date', 'content-type', 'content-length', 'connection', 'keep-alive']);

export class OpenApi {
  constructor(document, target) {
    this.document = document;
    this.target = target;
    this.seen = new Map(); // operationId -> the statuses that were answered
    // Headers of every answer of this server, described once.
    this.everywhere = Object.fromEntries(Object.keys(document['x-llavero-every-answer'] ?? {}).map((name) => [name.toLowerCase(), true]));
    this.operations = new Map();
    for (const [path, item] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        const parameters = (operation.parameters ?? []).map((p) => this.look(p));
        this.operations.set(operation.operationId, { ...operation, path, method, parameters });
      }
    }
  }

  look(part) { return part.$ref === undefined ? part : resolve(this.document, part.$ref); }

  // What is wrong with the document itself, as texts.
  check() {
    const { document } = this;
    const wrong = [];
    const say = (condition, text) => { if (!condition) wrong.push(text); };
    const text = JSON.stringify(document);
    say(/^3\.1\.\d+$/.test(document.openapi), 'openapi: version');
    say(document.info?.title && document.info?.version, 'info: title and version');
    for (const [kind, items] of Object.entries(document.components)) {
      for (const [name, item] of Object.entries(items)) {
        if (kind === 'schemas') wrong.push(...checkSchema(document, item, `#/components/schemas/${name}`));
        const named = kind === 'securitySchemes' ? `{"${name}":[` : `"#/components/${kind}/${name}"`;
        say(text.includes(named), `${kind}/${name} is used nowhere`);
      }
    }
    const count = Object.values(document.paths).reduce((n, item) => n + Object.keys(item).length, 0);
    say(count === this.operations.size, 'an operationId comes twice');
    for (const [id, operation] of this.operations) wrong.push(...this.checkOperation(id, operation));
    return wrong;
  }

  checkOperation(id, operation) {
    const wrong = [];
    const schema = (s, where) => wrong.push(...checkSchema(this.document, s, `${id}, ${where}`));
    const say = (condition, text) => { if (!condition) wrong.push(`${id}: ${text}`); };
    say(METHODS.includes(operation.method), `method ${operation.method}`);
    say(operation.summary, 'has no summary');
    const inPath = [...operation.path.matchAll(/\{([^}]+)\}/g)].map((m) => m[1]);
    const given = operation.parameters.filter((p) => p.in === 'path').map((p) => p.name);
    say(inPath.join() === given.join(), `path parameters ${given}`);
    for (const p of operation.parameters) {
      say(p.in !== 'path' || p.required === true, `${p.name} is not required`);
      say(p.description, `${p.name} has no description`);
      schema(p.schema, p.name);
    }
    for (const [type, content] of Object.entries(operation.requestBody?.content ?? {})) schema(content.schema, type);
    for (const [status, reference] of Object.entries(operation.responses)) {
      const response = this.look(reference);
      say(/^([1-5]\d\d|default)$/.test(status) && response.description, `response ${status}`);
      for (const [name, header] of Object.entries(response.headers ?? {})) schema(this.look(header).schema, name);
      for (const [type, content] of Object.entries(response.content ?? {})) schema(content.schema, `${status} ${type}`);
    }
    return wrong;
  }

  // The operation that a request is for; words of a path go before its parameters.
  find(method, pathname) {
    const wanted = method === 'HEAD' ? 'get' : method.toLowerCase();
    const fits = [...this.operations.values()].filter((o) => o.method === wanted
      && new RegExp(`^${o.path.replace(/\./g, '\\.').replace(/\{[^}]*\}/g, '[^/]+')}$`).test(pathname));
    return fits.sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
  }

  // What is wrong with a request, as texts. text: the body that was sent.
  checkRequest(operation, { query, text }) {
    const wrong = [];
    const known = new Map(operation.parameters.filter((p) => p.in === 'query').map((p) => [p.name, p]));
    for (const [name, value] of query) {
      const { schema } = known.get(name) ?? {};
      if (schema === undefined) wrong.push(`query ${name} is not described`);
      else wrong.push(...checkValue(this.document, schema, this.typeFits(schema, value) ? value : JSON.parse(value), `query ${name}`));
    }
    for (const [name, p] of known) if (p.required && !query.has(name)) wrong.push(`no query ${name}`);
    const content = operation.requestBody?.content;
    if (content === undefined) {
      if (text) wrong.push('a body is not described');
    } else if (text === undefined) {
      if (operation.requestBody.required) wrong.push('no body');
    } else if (content['application/json'] !== undefined) {
      wrong.push(...checkValue(this.document, content['application/json'].schema, JSON.parse(text), 'sent'));
    }
    return wrong;
  }

  // What is wrong with an answer of an operation, as texts; without answer.text its body is not looked at.
  checkAnswer(operation, answer) {
    const response = this.look(operation.responses[answer.status] ?? operation.responses.default);
    const wrong = [];
    const described = Object.fromEntries(Object.entries(response.headers ?? {})
      .map(([name, header]) => [name.toLowerCase(), this.look(header)]));
    for (const [name, header] of Object.entries(described)) {
      const value = [answer.headers[name]].flat()[0]; // several cookies: each alike
      if (value === undefined && header.required) wrong.push(`no header ${name}`);
      if (value !== undefined) wrong.push(...checkValue(this.document, header.schema, value, name));
    }
    for (const name of Object.keys(answer.headers)) {
      if (!PLAIN_HEADERS.has(name) && !(name in described) && !(name in this.everywhere)) wrong.push(`header ${name} is not described`);
    }
    const type = answer.headers['content-type']?.replace(/;.*/, '');
    const content = response.content?.[type];
    if (type === undefined) {
      if (response.content !== undefined || answer.text !== '') wrong.push('no Content-Type');
    } else if (content === undefined) {
      wrong.push(`content type ${type} is not described`);
    } else if (operation.method !== 'head' && answer.text !== undefined) {
      const body = /json$/.test(type) ? JSON.parse(answer.text) : answer.text;
      wrong.push(...checkValue(this.document, content.schema, body, 'body'));
      if (answer.headers.etag && body.version && answer.headers.etag !== `"${body.version}"`) wrong.push('ETag and version differ');
    }
    return wrong;
  }

  // One call that must conform and have the status. call: { path: {}, query: {}, headers: {}, body }.
  async call(id, status, { path = {}, query = {}, headers = {}, body, target } = {}) {
    const operation = this.operations.get(id);
    assert.ok(operation, `there is no operation ${id}`);
    const params = new URLSearchParams(query).toString();
    const url = operation.path.replace(/\{([^}]+)\}/g, (_, name) => (
      operation.path.endsWith(`/{${name}}`) && name === 'target' ? path[name] : encodeURIComponent(path[name])));
    const answer = await request(target ?? this.target, operation.method.toUpperCase(),
      params === '' ? url : `${url}?${params}`, { headers, body });
    const label = `${id} ${url}`;
    assert.equal(answer.status, status, `${label}: ${answer.text}`);
    assert.deepEqual(this.checkAnswer(operation, answer), [], `${label}: ${status} ${answer.text.slice(0, 2000)}`);
    if (!this.seen.has(id)) this.seen.set(id, new Set());
    this.seen.get(id).add(status);
    return answer;
  }

  // Bodies that the document forbids, made from one that it allows: [what was done, body].
  forbidden(id, body) {
    const [[type, { schema }]] = Object.entries(this.operations.get(id).requestBody.content);
    assert.ok(type, id);
    return this.spoil(this.fitting(schema, body), body);
  }

  fitting(schema, body) {
    const found = this.look(schema);
    if (found.oneOf === undefined) return found;
    return this.look(found.oneOf.find((s) => checkValue(this.document, s, body).length === 0));
  }

  spoil(schema, body) {
    const rows = [['an unknown member', { ...body, unknownMember: 1 }]];
    for (const name of schema.required ?? []) {
      const { [name]: _, ...rest } = body;
      rows.push([`without ${name}`, rest]);
    }
    for (const [name, inner] of Object.entries(schema.properties)) {
      for (const value of [null, true, 1.5, 'text', ['text'], { x: 1 }]) {
        if (this.typeFits(inner, value)) continue;
        rows.push([`${name}: ${JSON.stringify(value)}`, { ...body, [name]: value }]);
      }
    }
    return rows;
  }

  // Whether a value is of a type that the schema takes; what it says beside the type is not looked at.
  typeFits(schema, value) {
    const found = this.look(schema);
    if (found.oneOf !== undefined) return found.oneOf.some((s) => this.typeFits(s, value));
    if (found.type === undefined) return true;
    const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
    return [found.type].flat().includes(type);
  }
}
