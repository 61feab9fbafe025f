// An installation as one finds it after half a year: services, profiles, people, keys in every state. It is another
// day there and its chance is fixed, so that every run shows the same.
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { freePort, Llaverod, request, ROOT } from '../../lib/llaverod.mjs';
import { Shim } from '../../fault/lib/shim.mjs';
import { totp } from './totp.mjs';

const DAY = 86_400_000;
const STEP = 30_000;
export const NOW = Date.parse('2026-11-16T15:04:20Z');
export const START = NOW - 200 * DAY;
export const CONSOLE = 'https://llavero.tienda.example';

const NAMES = {
  es: {
    reading: 'Pedidos: lectura', orders: 'Pedidos: gestión', stock: 'Inventario', billing: 'Facturación', team: 'Equipo de soporte', blank: 'Marketing',
    erp: 'ERP central', market: 'Marketplace', robot: 'Robot del almacén', fresh: 'Integración nueva', loyalty: 'App de fidelidad', crm: 'CRM anterior',
    reports: 'Informes diarios', friday: 'Campaña de noviembre', prices: 'Comparador de precios', courier: 'Transportista', books: 'Contabilidad',
    shop: 'Tienda Sur', agency: 'Agencia Norte', deploy: 'Despliegue de la tienda', old: 'Migración', bakery: 'Agencia Norte: campañas',
  },
  en: {
    reading: 'Orders: read', orders: 'Orders: manage', stock: 'Stock', billing: 'Billing', team: 'Support team', blank: 'Marketing',
    erp: 'Central ERP', market: 'Marketplace', robot: 'Warehouse robot', fresh: 'New integration', loyalty: 'Loyalty app', crm: 'Former CRM',
    reports: 'Daily reports', friday: 'November campaign', prices: 'Price comparison', courier: 'Courier', books: 'Bookkeeping',
    shop: 'South Store', agency: 'North Agency', deploy: 'Store deployment', old: 'Migration', bakery: 'North Agency: campaigns',
  },
  pt: {
    reading: 'Pedidos: leitura', orders: 'Pedidos: gestão', stock: 'Estoque', billing: 'Faturamento', team: 'Equipe de suporte', blank: 'Marketing',
    erp: 'ERP central', market: 'Marketplace', robot: 'Robô do depósito', fresh: 'Integração nova', loyalty: 'App de fidelidade', crm: 'CRM anterior',
    reports: 'Relatórios diários', friday: 'Campanha de novembro', prices: 'Comparador de preços', courier: 'Transportadora', books: 'Contabilidade',
    shop: 'Loja Sul', agency: 'Agência Norte', deploy: 'Implantação da loja', old: 'Migração', bakery: 'Agência Norte: campanhas',
  },
};

const ref = (name) => ({ product: name.split('/')[0], key: name.split('/')[1] });
const sample = (name) => ({ name, text: fs.readFileSync(path.join(ROOT, 'docs/sample', name), 'utf8') });
export const SAMPLES = ['orders.openapi.yaml', 'billing.openapi.json', 'shop.catalog.yaml'].map(sample);

// A second file about the same routes: it wants another resource for one, and brings one that is new.
export const OTHER_FILE = {
  name: 'orders-v2.catalog.yaml',
  text: [
    'llavero: catalog/1',
    'resources:',
    '  - {product: Shop, category: Orders, key: orders.export-orders, name: Export orders}',
    '  - {product: Shop, category: Orders, key: orders.manage-orders, name: Manage orders}',
    'services:',
    '  - {name: default}',
    'routes:',
    '  - {service: default, method: GET, path: /api/orders, resources: [{product: Shop, key: orders.export-orders}]}',
    '  - {service: default, method: POST, path: "/api/orders/{orderId}/export", resources: [{product: Shop, key: orders.export-orders}]}',
    '',
  ].join('\n'),
};

export class Town {
  static async open(lang) {
    const town = new Town();
    town.lang = lang;
    town.names = NAMES[lang];
    town.keys = {};
    town.profiles = {};
    town.people = {};
    town.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llavero-town-'));
    town.shim = new Shim(town.folder);
    town.shim.fixChance();
    town.at(START);
    const port = await freePort();
    town.url = `http://127.0.0.1:${port}`;
    town.person = { port };
    const env = { ...town.shim.env, LLAVERO_KEEPER_LISTEN: `127.0.0.1:${port}`, LLAVERO_CONSOLE_URL: CONSOLE, LLAVERO_PUBLIC_URL: CONSOLE, LLAVERO_GATE_PROCESSES: '1' };
    try {
      town.daemon = await Llaverod.start({ folder: town.folder, env });
      town.enrolment = (await town.api('POST', '/v1/init', { account: 'tienda', owner: 'ana@tienda.example' })).enrolment;
      await town.api('PATCH', '/v1/users/1', { name: 'Ana Torres' });
    } catch (error) {
      await town.close();
      throw error;
    }
    return town;
  }

  async close() {
    await this.daemon?.close();
    this.shim.close();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  // It is this moment now, and time goes on from there.
  at(time) {
    this.offset = time - Date.now();
    this.shim.time(time);
    // To the daemon its connections have been idle all that time.
    http.globalAgent.destroy();
  }

  get time() { return Date.now() + this.offset; }

  api(...call) { return this.daemon.api(...call); }

  // Links are made for the address that people know the console by; here it is reached by another.
  here(link) { return link.replace(CONSOLE, this.url); }

  // A code that was not given out yet: time passes for it.
  code(secret) {
    const step = Math.floor(this.time / STEP) + 1;
    this.at(step * STEP + 1000);
    return totp(secret, step);
  }

  // Over the network, as the browser does, but without one.
  async enrol(link, password) {
    const token = link.split('#')[1];
    const headers = { 'Sec-Fetch-Site': 'same-origin' };
    const { json: { secret } } = await request(this.person, 'POST', '/v1/enrolment/open', { headers, body: { token } });
    const answer = await request(this.person, 'POST', '/v1/enrolment', { headers, body: { token, password, code: this.code(secret) } });
    if (answer.status !== 201) throw new Error(answer.text);
    return secret;
  }

  async key(name, { at = this.time, profiles = [], ...body } = {}) {
    this.at(at);
    const made = await this.api('POST', '/v1/keys', { account: 'tienda', label: this.names[name], profiles: profiles.map((each) => this.profiles[each]), ...body });
    this.keys[name] = made;
    return made;
  }

  // What happened since the first day.
  async grow() {
    const { names } = this;
    const day = (days, minutes = 0) => NOW - days * DAY + minutes * 60_000;
    this.at(day(199));
    await this.api('PATCH', '/v1/accounts/tienda', { displayName: names.shop });
    await this.api('POST', '/v1/accounts/tienda/hosts', { host: 'api.tienda.example' });
    await this.api('POST', '/v1/catalog/import', { documents: SAMPLES });
    const profile = async (name, ...resources) => {
      this.profiles[name] = (await this.api('POST', '/v1/profiles', { account: 'tienda', name: names[name], resources: resources.map(ref) })).id;
    };
    await profile('reading', 'Shop/orders.view-orders');
    await profile('orders', 'Shop/orders.view-orders', 'Shop/orders.manage-orders');
    await profile('stock', 'Shop/stock.read', 'Shop/stock.write');
    await profile('billing', 'Billing/invoices.read', 'Billing/invoices.issue');
    await profile('blank');
    await profile('team', 'llavero/keys.view', 'llavero/profiles.view', 'llavero/events.view', 'llavero/diagnose');
    await this.key('erp', { at: day(198), profiles: ['orders', 'stock', 'billing'], externalId: 'erp-01' });
    await this.key('crm', { at: day(190), profiles: ['reading'] });
    await this.key('market', { at: day(110), profiles: ['orders'], addresses: ['203.0.113.0/24'] });
    await this.staff(day(85));
    await this.key('reports', { at: day(80), profiles: ['reading'] });
    await this.key('loyalty', { at: day(60), profiles: ['orders'] });
    await this.key('robot', {
      at: day(40), profiles: ['stock'], addresses: ['198.51.100.7', '198.51.100.8'], metadata: { site: 'GRU-2', contact: 'robots@tienda.example' },
      limits: { rate: [{ count: 50, per: 'second' }], quota: { count: 200000, per: 'month' } },
    });
    await this.key('friday', { at: day(35), profiles: ['reading'], expiresAt: new Date(day(3)).toISOString() });
    await this.key('prices', { at: day(30), profiles: ['reading'], expiresAt: new Date(day(-6)).toISOString() });
    await this.key('courier', { at: day(21), profiles: ['reading'] });
    this.at(day(12));
    await this.api('POST', `/v1/keys/${this.keys.crm.appKey}/revoke`, { reason: 'replaced' });
    this.at(day(9));
    await this.api('POST', `/v1/keys/${this.keys.reports.appKey}/deactivate`);
    await this.strangers(day(8));
    this.at(day(4));
    await this.api('POST', `/v1/keys/${this.keys.loyalty.appKey}/rotate`, {});
    await this.key('fresh', { at: day(1) });
    await this.invite('Carla Nunes', 'carla@tienda.example', ['team']);
    await this.key('books', { at: day(0, -90), profiles: ['billing'], handover: true });
    this.at(NOW);
  }

  async invite(name, email, profiles = []) {
    const made = await this.api('POST', '/v1/users', { account: 'tienda', email, name });
    this.people[email.split('@')[0]] = made;
    if (profiles.length > 0) await this.api('PUT', `/v1/users/${made.id}/profiles`, { profiles: profiles.map((each) => this.profiles[each]) });
    return made;
  }

  async staff(at) {
    this.at(at);
    const bruno = await this.invite('Bruno Lima', 'bruno@tienda.example', ['team', 'reading']);
    bruno.secret = await this.enrol(bruno.enrolment, bruno.password = 'una cebra con paraguas azul');
    const diego = await this.invite('Diego Sanz', 'diego@tienda.example', ['stock']);
    await this.api('PATCH', `/v1/users/${diego.id}`, { state: 'suspended' });
    const elisa = await this.invite('Elisa Paz', 'elisa@tienda.example');
    await this.api('DELETE', `/v1/users/${elisa.id}`);
  }

  // Another account, whose key is linked here.
  async strangers(at) {
    this.at(at);
    await this.api('POST', '/v1/accounts', { name: 'agencia', owner: 'otto@agencia.example', displayName: this.names.agency });
    this.external = await this.api('POST', '/v1/keys', { account: 'agencia', label: this.names.bakery });
    await this.api('POST', `/v1/keys/${this.external.appKey}/links`, { profile: this.profiles.reading, account: 'tienda' });
  }

  // A refused request; answers its sealed diagnosis.
  async refuse(key, method, target, { appToken = key.appToken, address = '203.0.113.9' } = {}) {
    const answer = await request(this.daemon.tcp, 'POST', '/v1/verify', { body: { appKey: key.appKey, appToken, method, path: target, address } });
    if (!answer.json?.problem) throw new Error(`not refused: ${answer.status} ${answer.text}`);
    return answer.json.problem.diagnosis;
  }
}
