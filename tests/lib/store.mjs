// A small account to ask about: three routes, two profiles, one key linked to the first.
import { request } from './llaverod.mjs';

export async function makeStore(daemon, account = 'store') {
  await daemon.api('POST', '/v1/init', { account, owner: 'ana@example.com' });
  for (const key of ['ViewOrder', 'EditOrder']) await daemon.api('POST', '/v1/resources', { product: 'OMS', key });
  await daemon.api('POST', '/v1/routes', { method: 'GET', path: '/orders/{id}', resources: ['ViewOrder'] });
  await daemon.api('POST', '/v1/routes', { method: 'DELETE', path: '/orders/{id}', resources: ['EditOrder'] });
  await daemon.api('POST', '/v1/routes', { method: 'GET', path: '/open', public: true });
  const reader = await daemon.api('POST', '/v1/profiles', { account, name: 'Reader', resources: ['ViewOrder'] });
  await daemon.api('POST', '/v1/profiles', { account, name: 'Editor', resources: ['EditOrder'] });
  const key = await daemon.api('POST', '/v1/keys', { account, label: 'erp', profiles: ['Reader'] });
  return { account, reader, key };
}

// One question by each dialect about the same request: { name, send(headers) }. headers: an object, or
// a flat list of names and values where a name comes more than once.
// A part that is undefined is left out; without a question it is GET /orders/7.
export function dialects(daemon, question = {}) {
  const { method, path, host, address } = { method: 'GET', path: '/orders/7', ...question };
  const flat = (headers) => (Array.isArray(headers) ? headers : Object.entries(headers).flat());
  const given = (rows) => rows.filter(([, value]) => value !== undefined).flat();
  const send = (how, url, own) => (headers = {}) => request(daemon.gate, how, url, {
    headers: ['Host', 'gate.example', ...given(own), ...flat(headers)] });
  return [
    { name: 'nginx', send: send('GET', '/auth/nginx', [['X-Original-Method', method], ['X-Original-URI', path],
      ['X-Original-Host', host], ['X-Original-Address', address]]) },
    { name: 'forwarded', send: send('GET', '/auth/forwarded', [['X-Forwarded-Method', method],
      ['X-Forwarded-Uri', path], ['X-Forwarded-Host', host], ['X-Real-IP', address]]) },
    { name: 'envoy', send: send(method, `/auth/envoy${path}`, []) },
  ];
}

// What the caller was told, without what differs from one request to the next.
export function told(answer) {
  const varying = /^(date|x-llavero-diagnosis|x-llavero-problem|x-llavero-revision)$/;
  const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !varying.test(name)));
  const body = answer.json && { ...answer.json, requestId: '', diagnosis: '', instance: '' };
  return { status: answer.status, headers, body };
}
