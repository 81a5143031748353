import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { setSessionNiceness } from '../../src/io/niceness.ts';

let child: ChildProcess | null = null;
afterEach(() => child?.kill('SIGKILL'));

const groupOf = (pid: number) => readFileSync(`/proc/${pid}/autogroup`, 'utf8').trim();

test('sets the niceness of a process and of its autogroup', async () => {
  child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  await once(child, 'spawn');
  const pid = child.pid as number;
  const niceness = Math.min(getPriority() + 4, 19);
  setSessionNiceness(pid, niceness);
  expect(getPriority(pid)).toBe(niceness);
  // Not every kernel has autogroups.
  if (!existsSync(`/proc/${pid}/autogroup`)) return;
  const deadline = performance.now() + 5_000;
  while (!groupOf(pid).endsWith(`nice ${niceness}`) && performance.now() < deadline) await delay(50);
  expect(groupOf(pid)).toMatch(new RegExp(`nice ${niceness}$`));
  expect(groupOf(process.pid), 'ours stays as it is').not.toBe(groupOf(pid));
});

test('throws when the process does not exist', async () => {
  child = spawn('true', { detached: true, stdio: 'ignore' });
  await once(child, 'exit');
  expect(() => setSessionNiceness(child?.pid as number, 5)).toThrow('ESRCH');
});
