/** Workers behind a host name: all of its addresses are used, looked up again, and left in order. The workers are the real program. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { WorkerEvent } from '../../src/embedding/pooled-worker.ts';
import { hasHostName, type ResolvedAddress, workerTargets } from '../../src/embedding/worker-addresses.ts';
import { WorkerPool, type WorkerPoolOptions } from '../../src/embedding/worker-pool.ts';
import { descendantsRunning, eventually } from '../embedding-worker/processes.ts';
import { freePort } from '../support/free-port.ts';
import { writePiece } from '../support/pieces.ts';

const never = new AbortController().signal;
const token = 'the token of the tests';
const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-addresses-'));
const pieces = Array.from({ length: 6 }, (_, at) => path.join(folder, `piece-${at}.ogg`));
const [piece = ''] = pieces;
const running = new Set<ChildProcess>();
const pools: WorkerPool[] = [];

beforeAll(() => {
  for (const [at, file] of pieces.entries()) writePiece(file, at + 1, 40);
});
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `npm run worker` on one of the addresses of loopback. */
async function startWorker(host: string, port: number, settings: Record<string, string> = {}) {
  const entry = path.resolve(import.meta.dirname, '../../embedding-worker/main.ts');
  const child = spawn(process.execPath, [entry], {
    env: {
      ...process.env,
      ...{ WORKER_HOST: host, WORKER_PORT: String(port), EMBEDDING_WORKER_TOKEN: token, LOG_LEVEL: 'silent' },
      ...{ INFERENCE_PROCESSES: '1', WORKER_CONCURRENCY: '2', ...settings },
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.add(child);
  const ended = once(child, 'exit');
  let printed = '';
  for await (const block of child.stderr) {
    printed += String(block);
    if (printed.includes('listens on')) break;
  }
  return { child, ended, url: `http://${host}:${port}` };
}

async function recordingsOf(url: string): Promise<number> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  return Number(/^worker_requests_total\{outcome="ok"\} (\d+)$/m.exec(await answer.text())?.[1] ?? 0);
}

function poolOf(port: number, dns: { addresses: readonly string[] }, options: Partial<WorkerPoolOptions> = {}) {
  const events: WorkerEvent[] = [];
  const pool = new WorkerPool({
    ...{ urls: [`http://workers.test:${port}`], token, model: 'builtin', deadlineMs: 120_000, resolveEachMs: 100 },
    resolve: async () => dns.addresses.map((address): ResolvedAddress => ({ address, family: 4 })),
    onEvent: (event) => events.push(event),
    ...options,
  });
  pools.push(pool);
  return { pool, events };
}

const embedAll = (pool: WorkerPool) => Promise.all(pieces.map((file) => pool.embed(file, { signal: never })));

describe('a host name', () => {
  test('stands for a worker at each address: all get recordings, a new one too, and one that is gone no more', async () => {
    const port = await freePort();
    const [a, b] = await Promise.all([startWorker('127.0.0.1', port), startWorker('127.0.0.2', port)]);
    const dns = { addresses: ['127.0.0.1', '127.0.0.2'] };
    const { pool, events } = poolOf(port, dns);
    expect(await pool.places()).toBe(4);
    expect((await embedAll(pool)).map(({ chunks }) => chunks.length)).toEqual(pieces.map(() => 4));
    expect(Math.min(await recordingsOf(a.url), await recordingsOf(b.url))).toBeGreaterThan(0);

    // The second is replaced by a third.
    const c = await startWorker('127.0.0.3', port);
    dns.addresses = ['127.0.0.1', '127.0.0.3'];
    await expect
      .poll(() => pool.embed(piece, { signal: never }).then(() => events), { timeout: 60_000 })
      .toContainEqual({
        ...{ kind: 'gone', url: `http://workers.test:${port} (127.0.0.2)`, why: 'its address is gone' },
      });
    const before = await recordingsOf(b.url);
    await embedAll(pool);
    expect(await recordingsOf(b.url)).toBe(before);
    expect(await recordingsOf(c.url)).toBeGreaterThan(0);
  });

  test('is looked up again at once when a worker is lost: its successor at another address gets the recording', async () => {
    const port = await freePort();
    const a = await startWorker('127.0.0.1', port);
    const dns = { addresses: ['127.0.0.1'] };
    const { pool } = poolOf(port, dns, { resolveEachMs: 3_600_000 });
    await pool.embed(piece, { signal: never });
    a.child.kill('SIGKILL');
    await Promise.all([a.ended, startWorker('127.0.0.2', port)]);
    dns.addresses = ['127.0.0.2'];
    expect((await pool.embed(piece, { signal: never })).chunks).toHaveLength(4);
  });

  test('that cannot be resolved for a moment keeps its workers; one that never could be is named', async () => {
    const port = await freePort();
    await startWorker('127.0.0.1', port);
    const dns = { addresses: ['127.0.0.1'] };
    const { pool, events } = poolOf(port, dns);
    await pool.embed(piece, { signal: never });
    dns.addresses = [];
    for (let round = 0; round < 3; round++) await pool.embed(piece, { signal: never });
    expect(events).toEqual([]);
    const unknown = poolOf(port, { addresses: [] }, { urls: ['http://workers.invalid:1'], noWorkerMaxMs: 500 });
    await expect(unknown.pool.embed(piece, { signal: never })).rejects.toMatchObject({
      code: 'worker-unavailable',
      message: expect.stringMatching(/workers\.invalid/),
    });
  });

  test('with addresses of both families has one worker at each machine', async () => {
    const both = async () => [
      { address: '::1', family: 6 },
      { address: '10.0.0.2', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ];
    const addresses = async (url: string, resolve: typeof both) =>
      (await workerTargets([url], resolve)).map(({ address }) => address);
    expect(await addresses('http://workers.test:1', both)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(await addresses('http://[::1]:1', both)).toEqual([null]);
    expect(['http://10.0.0.1', 'http://[::1]:8600', 'http://localhost'].map(hasHostName)).toEqual([false, false, true]);
  });
});

test('the worker that is sooner done by its own report gets more recordings', async () => {
  const port = await freePort();
  const fast = await startWorker('127.0.0.1', port, { WORKER_CONCURRENCY: '4' });
  const slow = await startWorker('127.0.0.2', port, { WORKER_CONCURRENCY: '1' });
  const { pool } = poolOf(port, { addresses: ['127.0.0.1', '127.0.0.2'] });
  await pool.models();
  await embedAll(pool);
  expect(await recordingsOf(fast.url)).toBeGreaterThan(await recordingsOf(slow.url));
});

describe('a worker that gets SIGTERM', () => {
  /** Its recordings take until `go`. */
  async function startHolding(host: string, port: number, settings: Record<string, string>) {
    const worker = await startWorker(host, port, settings);
    const inference = descendantsRunning(worker.child.pid ?? 0, 'inference-child');
    const send = (signal: 'SIGSTOP' | 'SIGCONT'): void => {
      for (const { pid } of inference) process.kill(pid, signal);
    };
    expect(inference).toHaveLength(1);
    send('SIGSTOP');
    return { ...worker, go: () => send('SIGCONT') };
  }

  async function untilRunning(url: string): Promise<void> {
    const headers = { authorization: `Bearer ${token}` };
    const running = async () =>
      ((await (await fetch(`${url}/v1/models`, { headers })).json()) as { queue: { running: number } }).queue.running;
    await eventually(async () => (await running()) === 1);
  }

  test('finishes what runs, refuses the rest with 503 and Retry-After, and ends; the pool goes on without a failure', async () => {
    const port = await freePort();
    const a = await startHolding('127.0.0.1', port, { WORKER_DRAIN_SEC: '600' });
    const b = await startWorker('127.0.0.2', port);
    const { pool, events } = poolOf(port, { addresses: ['127.0.0.1', '127.0.0.2'] });
    await pool.models();
    // A recording of another client, which is running when the signal comes.
    const whole = poolOf(port, { addresses: ['127.0.0.1'] }).pool.embed(piece, { signal: never });
    await untilRunning(a.url);
    a.child.kill('SIGTERM');
    await eventually(async () => (await fetch(`${a.url}/readyz`)).status === 503);
    expect((await fetch(`${a.url}/healthz`)).status).toBe(200);
    const refused = await fetch(`${a.url}/v1/embeddings`, {
      ...{ method: 'POST', headers: { authorization: `Bearer ${token}` }, body: 'x' },
    });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect((await embedAll(pool)).map(({ chunks }) => chunks.length)).toEqual(pieces.map(() => 4));
    expect(await recordingsOf(b.url)).toBe(pieces.length);
    expect(events.map(({ kind }) => kind)).toEqual(['lost']);
    a.go();
    expect((await whole).chunks).toHaveLength(4);
    expect(await a.ended).toEqual([0, null]);
  });

  test('gives a recording up after WORKER_DRAIN_SEC, and the pool repeats it elsewhere', async () => {
    const port = await freePort();
    const a = await startHolding('127.0.0.1', port, { WORKER_DRAIN_SEC: '1' });
    const dns = { addresses: ['127.0.0.1'] };
    const { pool } = poolOf(port, dns);
    const whole = pool.embed(piece, { signal: never });
    await untilRunning(a.url);
    await startWorker('127.0.0.2', port);
    dns.addresses = ['127.0.0.1', '127.0.0.2'];
    a.child.kill('SIGTERM');
    expect(await a.ended).toEqual([0, null]);
    expect((await whole).chunks).toHaveLength(4);
  });
});
