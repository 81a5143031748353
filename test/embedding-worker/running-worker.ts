/** The real worker in this process (inference and ffmpeg run in their own processes), with a client. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { startWorker } from '../../embedding-worker/worker.ts';
import { EmbeddingClient, type EmbeddingClientOptions } from '../../src/embedding/client.ts';
import type { WorkerOptions } from '../../src/embedding/worker-options.ts';

export const builtinModels = path.resolve(import.meta.dirname, '../../embedding-worker/models');
export const testToken = 'the token of the tests';

/** Does not retry, so that a test sees the worker's refusal. */
const noRetries = { queueWaitMaxMs: 0, unavailableWaitMaxMs: 0, cutOffMax: 0 };

export interface RunningWorker {
  /** Or the path of its socket. */
  readonly url: string;
  readonly spoolDir: string;
  readonly client: EmbeddingClient;
  clientWith(options: Partial<EmbeddingClientOptions>): EmbeddingClient;
  /** A plain request. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

export async function runWorker(options: Partial<WorkerOptions> = {}): Promise<RunningWorker> {
  const folder = mkdtempSync(path.join(tmpdir(), 'worker-test-'));
  const spoolDir = path.join(folder, 'spool');
  const worker = await startWorker(
    {
      listen: { host: '127.0.0.1', port: 0 },
      token: testToken,
      modelsDirs: [builtinModels],
      device: 'cpu',
      models: ['builtin'],
      windowSec: 10,
      inferenceProcesses: 1,
      concurrencyMax: 2,
      queueMax: 4,
      requestDeadlineMs: 60_000,
      audioLimits: { deadlineMs: 60_000, durationMaxSec: 7_200, bytesMax: 64_000_000, memoryMaxBytes: 2 ** 31 },
      spoolDir,
      logLevel: 'silent',
      ...options,
    },
    pino({ level: 'silent' }),
  );
  const target = worker.address.startsWith('/') ? { socketPath: worker.address } : { url: worker.address };
  const clients: EmbeddingClient[] = [];
  const clientWith = (more: Partial<EmbeddingClientOptions>): EmbeddingClient => {
    const client = new EmbeddingClient({
      target,
      token: testToken,
      model: null,
      deadlineMs: 60_000,
      retryLimits: noRetries,
      ...more,
    });
    clients.push(client);
    return client;
  };
  return {
    url: worker.address,
    spoolDir,
    client: clientWith({}),
    clientWith,
    fetch: (where, init = {}) => {
      const headers = { authorization: `Bearer ${testToken}`, ...(init.headers as Record<string, string>) };
      return fetch(worker.address + where, { ...init, headers });
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.close()));
      await worker.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
