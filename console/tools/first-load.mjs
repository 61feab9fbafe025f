// How many bytes a first visit loads before anything shows: each page's entry, what it imports, and its styles.
// More than the limit ends the build.
import { readFileSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const LIMIT_KB = 300;
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));

function filesOf(name, seen = new Set()) {
  const chunk = manifest[name];
  if (!chunk || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const style of chunk.css ?? []) seen.add(style);
  for (const imported of chunk.imports ?? []) filesOf(imported, seen);
  return seen;
}

let over = false;
for (const [name, chunk] of Object.entries(manifest)) {
  if (!chunk.isEntry) continue;
  const files = [name, ...filesOf(name)];
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist))).length, 0);
  const kb = bytes / 1000;
  over ||= kb > LIMIT_KB;
  console.log(`first load ${name}: ${kb.toFixed(1)} kB compressed in ${files.length} files (limit ${LIMIT_KB})`);
}
// It served its purpose: dist/ holds what is shipped, nothing else.
rmSync(new URL('.vite', dist), { recursive: true });
if (over) process.exit(1);
