// What axe-core finds in what is shown now. Below an open dialog lies a page that was looked at without it.
import fs from 'node:fs';
import { createRequire } from 'node:module';

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const run = (page) => page.evaluate(async () => {
  if (!window.axe) return undefined;
  const context = document.querySelector('[role="dialog"]') ? { include: [['[role="dialog"]']] } : document;
  const result = await window.axe.run(context, { resultTypes: ['violations'] });
  return result.violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`);
});

export async function violations(page) {
  const found = await run(page);
  if (found) return found;
  await page.evaluate(AXE);
  return run(page);
}
