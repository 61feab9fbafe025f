// The published documents of a real platform, when they stand beside the source tree, and what a list that
// another program took from them says about the needs of their operations.
import fs from 'node:fs';
import path from 'node:path';

import { ROOT } from './llaverod.mjs';

const DATA = path.join(ROOT, '../shared/data');

export const missing = fs.existsSync(path.join(DATA, 'openapi')) ? false : `there is no ${DATA}`;

const table = (name) => fs.readFileSync(path.join(DATA, name), 'utf8').split(/\r?\n/).slice(1)
  .filter((line) => line !== '').map((line) => line.split('\t'));

export const resourceList = path.join(DATA, 'license_manager_resources.tsv');
export const files = () => fs.readdirSync(path.join(DATA, 'openapi')).sort().map((name) => path.join(DATA, 'openapi', name));
export const documentOf = (file) => ({ name: path.basename(file), text: fs.readFileSync(file, 'utf8') });

const folded = (text) => text.replace(/[ _-]/g, '').toLowerCase();
export const triple = (product, category, name) => folded(`${product}/${category}/${name}`);

// Says that no authentication is needed, or that no permission is and wants none either.
const PUBLIC = ['/api/checkout/pub/orderForms/simulation', '/api/checkout/pub/pickup-points',
  '/api/checkout/pub/postal-code/{countryCode}/{postalCode}', '/api/payments/transactions/{transactionId}/payments',
  '/api/sessions', '/api/segments'];

function need(path_, kind, list) {
  if (kind === 'table') return list.split('; ').map(folded).sort().join(' ');
  if (kind === 'none-required(stated)') return PUBLIC.includes(path_) ? 'public' : 'authenticated';
  return 'auth_only';
}

// [{ document, method, path, need }]: need is resources' triples, or a flag, or why it is undecided.
export const expected = () => table('openapi-resources.tsv').map(([document, method, path_, , kind, list]) => (
  { document, method, path: path_.trim(), need: need(path_.trim(), kind, list) }));
