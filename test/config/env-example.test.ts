import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { envExample, readConfig } from '../../src/config/config.ts';
import { LeitmotifError } from '../../src/errors.ts';

test('.env.example holds every variable with its default, unit and reason, and nothing else', async () => {
  const file = await readFile(new URL('../../.env.example', import.meta.url), 'utf8');
  expect(file).toBe(envExample());
});

test('an empty variable means unset', () => {
  expect(readConfig({ WINDOW_SEC: '', EMBEDDING_WORKER_URL: ' ' }, '/x')).toEqual(readConfig({}, '/x'));
});

test('"false" is false', () => {
  expect(readConfig({ INCLUDE_NON_MUSIC: 'false' }, '/x').includeNonMusic).toBe(false);
  expect(readConfig({ INCLUDE_NON_MUSIC: 'true' }, '/x').includeNonMusic).toBe(true);
});

test('every bad variable is named at once', () => {
  const read = () => readConfig({ WINDOW_SEC: '20', NEIGHBOURS: 'many', EMBEDDING_WORKER_URL: 'ftp://x' }, '/x');
  expect(read).toThrow(LeitmotifError);
  expect(read).toThrow(/WINDOW_SEC[\s\S]*20|NEIGHBOURS/);
  expect(read).toThrow(/NEIGHBOURS[\s\S]*many/);
  expect(read).toThrow(/EMBEDDING_WORKER_URL/);
});
