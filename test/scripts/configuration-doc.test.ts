import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { configurationDoc } from '../../scripts/configuration-doc.ts';
import { variables } from '../../src/config/variables.ts';

const root = new URL('../../', import.meta.url);

test('docs/configuration.md is what npm run env:example writes', async () => {
  expect(await readFile(new URL('docs/configuration.md', root), 'utf8')).toBe(configurationDoc(variables));
});

test('every variable has one row', () => {
  const rows = configurationDoc(variables).match(/^\| `[A-Z_0-9]+` \|/gm) ?? [];
  expect(rows.map((row) => row.slice(3, -3)).sort()).toEqual(Object.keys(variables).sort());
});

test('a variable of no known section is listed under Other', () => {
  const { LOG_LEVEL } = variables;
  expect(configurationDoc({ BRAND_NEW: LOG_LEVEL })).toMatch(/## Other[\s\S]*`BRAND_NEW`/);
});

test('ranges and choices come from the schema', () => {
  const page = configurationDoc(variables);
  expect(page).toContain('| `WORKER_PORT` | `8600` | port, 0 to 65535 |');
  expect(page).toContain('`auto`, `cuda`, `webgpu`, `cpu`');
});
