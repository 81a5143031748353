import { expect, test } from 'vitest';
import { readEnvironment } from '../../src/config/values.ts';

test.each(['abc', '1.5', '-1', '20', 'Infinity'])('a number that is "%s" gets one message', (given) => {
  const message = `INDEX_NICENESS: expected a whole number from 0 to 19, got "${given}"\n`;
  expect(() => readEnvironment({ INDEX_NICENESS: given })).toThrow(`Cannot start: ${message}`);
});

test('names the refused place of several once, without its password', () => {
  const given = 'a=file:/music; b=azure://user:secret@account/Music?sig=secret';
  expect(() => readEnvironment({ LIBRARY: given })).toThrow(
    'Cannot start: LIBRARY: expected azure://account/container or azure://account/container/prefix, got "azure://...@account/Music?..."\n',
  );
});

test('refuses a worker address with a password, and does not show it', () => {
  expect(() => readEnvironment({ EMBEDDING_WORKER_URL: 'http://user:secret@worker:8790' })).toThrow(
    'expected addresses without user and password: workers ask for EMBEDDING_WORKER_TOKEN, got "http://...@worker:8790"',
  );
});

test('names a worker address that is none', () => {
  expect(() => readEnvironment({ EMBEDDING_WORKER_URL: 'http://worker:8790, worker' })).toThrow(
    'EMBEDDING_WORKER_URL: expected http(s) addresses, separated by commas, got ',
  );
});

test('names every bad variable', () => {
  expect(() => readEnvironment({ INDEX_NICENESS: 'x', LIBRARY: 'y' })).toThrow(
    /INDEX_NICENESS: .*\n {2}LIBRARY: |LIBRARY: .*\n {2}INDEX_NICENESS: /,
  );
});
