/** Several real workers over HTTP, each in its own process, and the recordings when some of them die. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { WorkerEvent } from '../../src/embedding/pooled-worker.ts';
import { WorkerPool, type WorkerPoolOptions } from '../../src/embedding/worker-pool.ts';
import { writePiece } from '../support/pieces.ts';

// Starting a process that loads a network takes long on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

const never = new AbortController().signal;
const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-pool-'));
const pieces = Array.from({ length: 8 }, (_, at) => path.join(folder, `piece-${at}.ogg`));
const running: ChildProcess[] = [];
const pools: WorkerPool[] = [];

beforeAll(() => {
  for (const [at, file] of pieces.entries()) writePiece(file, at + 1, 40);
});

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function startWorker(port = 0, windowSec = 10): Promise<{ url: string; kill: () => Promise<void> }> {
  const spool = mkdtempSync(path.join(folder, 'spool-'));
  const program = path.join(import.meta.dirname, 'worker-program.ts');
  const child = spawn(process.execPath, [program, String(port), spool, String(windowSec)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const kill = async () => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  return { url: line.toString('utf8').trim(), kill };
}

function poolOf(urls: readonly string[], options: Partial<WorkerPoolOptions> = {}) {
  const events: WorkerEvent[] = [];
  const pool = new WorkerPool({
    ...{ urls, token: 'the token of the tests', model: 'builtin', deadlineMs: 60_000, noWorkerMaxMs: 2_000 },
    onEvent: (event) => events.push(event),
    ...options,
  });
  pools.push(pool);
  return { pool, events };
}

async function recordingsOf(url: string): Promise<number> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: 'Bearer the token of the tests' } });
  const counts = (await answer.text()).matchAll(/^worker_requests_total\{outcome="ok"\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

test('spreads recordings over the workers by their capacity, with the results of a single worker', async () => {
  const [a, b] = await Promise.all([startWorker(), startWorker()]);
  const { pool, events } = poolOf([a.url, b.url]);
  const alone = poolOf([a.url]).pool;
  expect(await pool.places()).toBe(4);
  const answers = await Promise.all(pieces.map((file) => pool.embed(file, { signal: never })));
  for (const [at, file] of pieces.slice(0, 2).entries()) {
    const { chunks } = await alone.embed(file, { signal: never });
    expect(answers[at]?.chunks).toEqual(chunks);
  }
  expect(Math.min(await recordingsOf(a.url), await recordingsOf(b.url))).toBeGreaterThanOrEqual(2);
  expect(events).toEqual([]);
});

test('loses no recording when a worker is killed, and uses it again when it is back', async () => {
  const [a, b] = await Promise.all([startWorker(), startWorker()]);
  const { pool, events } = poolOf([a.url, b.url]);
  await pool.models();
  let done = 0;
  let killed: Promise<void> | undefined;
  const answers = pieces.map(async (file) => {
    const answer = await pool.embed(file, { signal: never });
    done += 1;
    if (done === 2) killed = b.kill();
    return answer.chunks.length;
  });
  expect(new Set(await Promise.all(answers))).toEqual(new Set([4]));
  await killed;
  expect(events).toMatchObject([{ kind: 'lost', url: b.url }]);

  const again = await startWorker(Number(new URL(b.url).port));
  expect(again.url).toBe(b.url);
  while (!events.some(({ kind }) => kind === 'back')) await pool.embed(pieces[0] as string, { signal: never });
  await Promise.all(pieces.map((file) => pool.embed(file, { signal: never })));
  expect(await recordingsOf(b.url)).toBeGreaterThan(0);
});

test('names the unreachable workers and the reasons when none is left', async () => {
  const a = await startWorker();
  const { pool } = poolOf([a.url, 'http://127.0.0.1:9']);
  await pool.embed(pieces[0] as string, { signal: never });
  await a.kill();
  await expect(pool.embed(pieces[0] as string, { signal: never })).rejects.toMatchObject({
    code: 'worker-unavailable',
    message: expect.stringMatching(new RegExp(`any of the 2 workers.*${a.url}: .*http://127.0.0.1:9: `)),
  });
});

test('refuses a worker with another space, naming its address and both spaces', async () => {
  const [a, b] = await Promise.all([startWorker(), startWorker(0, 8)]);
  await expect(poolOf([a.url, b.url]).pool.models()).rejects.toMatchObject({
    code: 'space-mismatch',
    message: expect.stringMatching(new RegExp(`${b.url}: it embeds into .*w8h8.*, the others into .*w10h10`)),
  });
});

test('reports the refusal of each worker when the token is wrong', async () => {
  const [a, b] = await Promise.all([startWorker(), startWorker()]);
  const { pool } = poolOf([a.url, b.url], { token: 'another' });
  await expect(pool.models()).rejects.toMatchObject({ code: 'unauthorized' });
});

test('stops waiting for a slot on cancel', async () => {
  const a = await startWorker();
  const { pool } = poolOf([a.url, 'http://127.0.0.1:9']);
  const stop = new AbortController();
  const all = pieces.map((file) => pool.embed(file, { signal: stop.signal }));
  const settled = Promise.allSettled(all);
  await Promise.race(all);
  const stoppedAt = performance.now();
  stop.abort();
  const outcomes = (await settled).filter(({ status }) => status === 'rejected');
  expect(performance.now() - stoppedAt).toBeLessThan(2_000);
  expect(outcomes.length).toBeGreaterThan(2);
});
