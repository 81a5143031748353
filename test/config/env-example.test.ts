import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { envExample } from '../../src/config/env-example.ts';
import { LeitmotifError } from '../../src/errors.ts';

test('.env.example contains exactly every variable with its default, unit and description', async () => {
  const file = await readFile(new URL('../../.env.example', import.meta.url), 'utf8');
  expect(file).toBe(envExample());
});

test('treats an empty variable as unset', () => {
  expect(readConfig({ WINDOW_SEC: '', EMBEDDING_WORKER_URL: ' ' }, '/x')).toEqual(readConfig({}, '/x'));
});

test('reads "false" as false', () => {
  expect(readConfig({ INCLUDE_NON_MUSIC: 'false' }, '/x').includeNonMusic).toBe(false);
  expect(readConfig({ INCLUDE_NON_MUSIC: 'true' }, '/x').includeNonMusic).toBe(true);
});

test('names every bad variable at once', () => {
  const read = () => readConfig({ WINDOW_SEC: '20', NEIGHBOURS: 'many', EMBEDDING_WORKER_URL: 'ftp://x' }, '/x');
  expect(read).toThrow(LeitmotifError);
  expect(read).toThrow(/WINDOW_SEC[\s\S]*20|NEIGHBOURS/);
  expect(read).toThrow(/NEIGHBOURS[\s\S]*many/);
  expect(read).toThrow(/EMBEDDING_WORKER_URL/);
});

test.each(['nonsense', '* * * * *', '99 4 * * *'])('refuses TIDY_CRON=%j by name', (cron) => {
  expect(() => readConfig({ TIDY_CRON: cron }, '/x')).toThrow(/TIDY_CRON: expected five cron fields/);
});

test('refuses an unknown FUSION together with every other bad variable', () => {
  const read = () => readConfig({ FUSION: 'nope', NEIGHBOURS: 'many', TIDY_CRON: 'daily' }, '/x');
  expect(read).toThrow(/FUSION[\s\S]*nope/);
  expect(read).toThrow(/NEIGHBOURS[\s\S]*many/);
  expect(read).toThrow(/TIDY_CRON[\s\S]*daily/);
});
