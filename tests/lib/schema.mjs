// The part of JSON Schema 2020-12 that our OpenAPI documents use. An unknown keyword is an error of the
// document: a check that silently does nothing would be none.
const ANNOTATIONS = new Set(['description', 'format', 'default']);
const KEYWORDS = new Set(['$ref', 'type', 'enum', 'const', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum',
  'items', 'minItems', 'maxItems', 'properties', 'required', 'additionalProperties', 'allOf', 'anyOf', 'oneOf']);
const TYPES = ['string', 'integer', 'number', 'boolean', 'object', 'array', 'null'];

// Compiled once: documents are checked by the thousand.
const patterns = new Map();
function matches(pattern, text) {
  if (!patterns.has(pattern)) patterns.set(pattern, new RegExp(pattern, 'u'));
  return patterns.get(pattern).test(text);
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

function typeIs(value, type) {
  switch (type) {
    case 'null': return value === null;
    case 'array': return Array.isArray(value);
    case 'object': return isObject(value);
    case 'integer': return Number.isInteger(value);
    default: return typeof value === type; // string, number, boolean
  }
}

// What "#/a/b" points at.
export function resolve(document, reference) {
  let at = document;
  for (const part of reference.replace(/^#\//, '').split('/')) {
    at = at?.[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  if (at === undefined || !reference.startsWith('#/')) throw new Error(`${reference} points at nothing`);
  return at;
}

// What is wrong with a schema itself, as texts.
export function checkSchema(document, schema, at = '#') {
  const wrong = [];
  const list = (schemas, name) => schemas.forEach((s, i) => wrong.push(...checkSchema(document, s, `${at}/${name}/${i}`)));
  if (!isObject(schema)) return [`${at}: not a schema`];
  for (const name of Object.keys(schema)) {
    if (!KEYWORDS.has(name) && !ANNOTATIONS.has(name)) wrong.push(`${at}: unknown keyword ${name}`);
  }
  if (schema.$ref !== undefined) {
    try { resolve(document, schema.$ref); } catch (error) { wrong.push(`${at}: ${error.message}`); }
  }
  for (const type of [schema.type ?? []].flat()) if (!TYPES.includes(type)) wrong.push(`${at}: unknown type ${type}`);
  if (schema.pattern !== undefined) new RegExp(schema.pattern, 'u');
  for (const name of schema.required ?? []) {
    if (schema.properties !== undefined && !(name in schema.properties)) wrong.push(`${at}: requires ${name}, not described`);
  }
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    wrong.push(...checkSchema(document, inner, `${at}/properties/${name}`));
  }
  for (const name of ['items', 'additionalProperties']) {
    if (isObject(schema[name])) wrong.push(...checkSchema(document, schema[name], `${at}/${name}`));
  }
  for (const name of ['allOf', 'anyOf', 'oneOf']) if (schema[name]) list(schema[name], name);
  return wrong;
}

function checkPlain(schema, value, at) {
  const wrong = [];
  const fails = (text) => wrong.push(`${at}: ${text}: ${JSON.stringify(value)?.slice(0, 120)}`);
  if (schema.type !== undefined && ![schema.type].flat().some((t) => typeIs(value, t))) fails(`not ${schema.type}`);
  if (schema.enum !== undefined && !schema.enum.includes(value)) fails('not one of the values');
  if (schema.const !== undefined && schema.const !== value) fails(`not ${schema.const}`);
  if (typeof value === 'string') {
    if (schema.pattern !== undefined && !matches(schema.pattern, value)) fails(`not like ${schema.pattern}`);
    if ([...value].length < (schema.minLength ?? 0) || [...value].length > (schema.maxLength ?? Infinity)) fails('length');
  }
  if (typeof value === 'number' && (value < (schema.minimum ?? -Infinity) || value > (schema.maximum ?? Infinity))) fails('range');
  if (Array.isArray(value) && (value.length < (schema.minItems ?? 0) || value.length > (schema.maxItems ?? Infinity))) fails('items');
  for (const name of isObject(value) ? schema.required ?? [] : []) if (!(name in value)) fails(`lacks ${name}`);
  return wrong;
}

// value against one schema: { wrong: texts, known: the members that some fitting part describes, or null for all }.
function evaluate(document, schema, value, at) {
  const wrong = checkPlain(schema, value, at);
  const known = new Set(Object.keys(schema.properties ?? {}));
  let open = schema.additionalProperties !== undefined && schema.additionalProperties !== false;
  const take = (part) => {
    wrong.push(...part.wrong);
    part.known.forEach((name) => known.add(name));
    open ||= part.open;
  };
  if (schema.$ref !== undefined) take(evaluate(document, resolve(document, schema.$ref), value, at));
  for (const inner of schema.allOf ?? []) take(evaluate(document, inner, value, at));
  for (const [name, alternatives] of [['anyOf', schema.anyOf], ['oneOf', schema.oneOf]]) {
    if (alternatives === undefined) continue;
    const tried = alternatives.map((inner) => evaluate(document, inner, value, at));
    const fitting = tried.filter((t) => t.wrong.length === 0);
    fitting.forEach(take);
    if (fitting.length === 0) wrong.push(`${at}: fits none of ${name}: ${tried.map((t) => t.wrong[0]).join(' | ')}`);
    if (name === 'oneOf' && fitting.length > 1) wrong.push(`${at}: fits ${fitting.length} of oneOf`);
  }
  if (Array.isArray(value) && schema.items) {
    value.forEach((item, i) => wrong.push(...checkValue(document, schema.items, item, `${at}/${i}`)));
  }
  for (const [name, inner] of isObject(value) ? Object.entries(value) : []) {
    const described = schema.properties?.[name] ?? (isObject(schema.additionalProperties) ? schema.additionalProperties : undefined);
    if (described !== undefined) wrong.push(...checkValue(document, described, inner, `${at}/${name}`));
    else if (schema.additionalProperties === false) wrong.push(`${at}: unknown member ${name}`);
  }
  return { wrong, known, open };
}

// A schema that says nothing about members of an object takes any.
const says = (document, schema) => Object.keys(schema).some((k) => ['properties', '$ref', 'allOf', 'anyOf', 'oneOf'].includes(k));

// What is wrong with a value, as texts. Stricter than the standard: a member that nothing describes is wrong,
// so that an answer cannot say more than its document.
export function checkValue(document, schema, value, at = '') {
  const { wrong, known, open } = evaluate(document, schema, value, at);
  if (isObject(value) && !open && says(document, schema)) {
    for (const name of Object.keys(value)) if (!known.has(name)) wrong.push(`${at}: ${name} is not described`);
  }
  return [...new Set(wrong)];
}
