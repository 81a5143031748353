import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { IndexLock } from '../../src/indexing/lock.ts';
import { tempFolder } from './helpers.ts';

function locked(message: RegExp) {
  return expect.objectContaining({ code: 'index-locked', message: expect.stringMatching(message) });
}

test('is held once at a time, also within one process, and again after its release', () => {
  const file = path.join(tempFolder(), 'index.lock');
  const lock = new IndexLock(file);
  expect(() => new IndexLock(file)).toThrow(locked(new RegExp(`process ${process.pid} on `)));
  lock.release();
  using _again = new IndexLock(file);
  expect(() => new IndexLock(file)).toThrow(locked(/./));
});

test('names the process that holds it, and is free as soon as that process is killed', async () => {
  const file = path.join(tempFolder(), 'index.lock');
  const holder = spawn(process.execPath, [path.join(import.meta.dirname, 'lock-holder.ts'), file]);
  await once(holder.stdout, 'data');
  expect(() => new IndexLock(file)).toThrow(locked(new RegExp(`process ${holder.pid} on `)));
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  using _lock = new IndexLock(file);
});

test('holds although its record of the holder is unreadable', () => {
  const file = path.join(tempFolder(), 'index.lock');
  using _lock = new IndexLock(file);
  writeFileSync(`${file}.owner.json`, '{"pid": "torn');
  expect(() => new IndexLock(file)).toThrow(locked(/another process/));
  rmSync(`${file}.owner.json`);
  expect(() => new IndexLock(file)).toThrow(locked(/another process/));
});

test('names the file that it cannot lock', () => {
  const file = path.join(tempFolder(), 'no such folder', 'index.lock');
  expect(() => new IndexLock(file)).toThrow(expect.objectContaining({ code: 'file-unreadable' }));
});
