import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { configurationDoc } from '../../scripts/configuration-doc.ts';
import { variables } from '../../src/config/variables.ts';

const root = new URL('../../', import.meta.url);

test('docs/configuration.md matches the output of npm run env:example', async () => {
  expect(await readFile(new URL('docs/configuration.md', root), 'utf8')).toBe(configurationDoc(variables));
});

test('writes one row per variable', () => {
  const rows = configurationDoc(variables).match(/^\| `[A-Z_0-9]+` \|/gm) ?? [];
  expect(rows.map((row) => row.slice(3, -3)).sort()).toEqual(Object.keys(variables).sort());
});

test('lists a variable without a section under Other', () => {
  const { LOG_LEVEL } = variables;
  expect(configurationDoc({ BRAND_NEW: LOG_LEVEL })).toMatch(/## Other[\s\S]*`BRAND_NEW`/);
});

test('takes ranges and choices from the schema', () => {
  const page = configurationDoc(variables);
  expect(page).toContain('| `WORKER_PORT` | `8600` | port, 0 to 65535 |');
  expect(page).toContain('`auto`, `cuda`, `webgpu`, `cpu`');
});
