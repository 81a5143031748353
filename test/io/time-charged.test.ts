/** Limits on charged time instead of wall time: a busy machine must not end a process that makes progress. */
import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, describe, expect, test } from 'vitest';
import { chargedTimer, type Usage, usageOf } from '../../src/io/time-charged.ts';
import { eventually } from '../embedding-worker/processes.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(script: string): number {
  const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
  children.push(child);
  return child.pid ?? 0;
}

/** Time until the limit is spent; null when that takes longer than `withinMs`. */
function untilSpent(look: () => Usage | null, limitMs: number, withinMs: number): Promise<number | null> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const timer = chargedTimer(look, limitMs, () => resolve(performance.now() - startedMs));
    setTimeout(() => {
      timer.cancel();
      resolve(null);
    }, withinMs);
  });
}

describe('a charged timer', () => {
  test('does not end a process that waits for a processor or the disk, however long', async () => {
    expect(await untilSpent(() => ({ processorMs: 0, isBusy: true }), 100, 1_000)).toBeNull();
  });

  test('ends an idle process after the limit', async () => {
    expect(await untilSpent(() => ({ processorMs: 0, isBusy: false }), 200, 5_000)).toBeGreaterThan(195);
  });

  test('charges a process that gets a tenth of a processor a tenth of the time', async () => {
    const startedMs = performance.now();
    const look = () => ({ processorMs: (performance.now() - startedMs) / 10, isBusy: true });
    const spentMs = await untilSpent(look, 100, 20_000);
    expect(spentMs).toBeGreaterThan(900);
  });

  test('charges wall time when the usage is unknown', async () => {
    expect(await untilSpent(() => null, 200, 5_000)).toBeGreaterThan(195);
  });
});

describe.skipIf(process.platform !== 'linux')('the usage of a process', () => {
  test('grows while the process computes', async () => {
    const pid = start('for (;;);');
    await eventually(() => (usageOf(pid)?.processorMs ?? 0) >= 200);
    expect(usageOf(pid)?.isBusy).toBe(true);
  });

  test('stays 0 while the process waits or is stopped', async () => {
    const pid = start('setInterval(() => {}, 1e6)');
    await eventually(() => usageOf(pid)?.isBusy === false);
    const computing = start('for (;;);');
    await eventually(() => (usageOf(computing)?.processorMs ?? 0) > 0);
    process.kill(computing, 'SIGSTOP');
    await eventually(() => usageOf(computing)?.isBusy === false);
  });

  test('is null for a process that has ended', () => {
    expect(usageOf(2 ** 30)).toBeNull();
  });
});
