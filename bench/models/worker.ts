/** Runs one model in a separate worker, started like in the product: rounds over the clips, with /healthz during them and memory
 *  after them. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import PQueue from 'p-queue';
import { EmbeddingClient } from '../../src/embedding/client.ts';
import { type LocalWorker, startLocalWorker } from '../../src/embedding/local-worker.ts';
import { childrenOf, type ProcessFigures, processFigures } from '../process-figures.ts';
import type { AvailableModel } from './available.ts';

export interface Round {
  readonly windows: number;
  readonly wallSec: number;
  /** Total processor time of worker, inference processes and ffmpeg. */
  readonly cpuSec: number;
}

export interface MeasuredWorker {
  readonly name: string;
  /** @param wholeSec the clips are embedded repeatedly for this time, at least once */
  round(files: readonly string[], wholeSec: number): Promise<Round>;
  /** The vectors of one clip, in order of time. */
  vectors(file: string): Promise<Float32Array[]>;
  /** Latencies of /healthz during the rounds, in milliseconds. */
  readonly healthMs: readonly number[];
  memory(): { readonly worker: ProcessFigures; readonly children: readonly ProcessFigures[] };
  close(): Promise<void>;
}

const root = path.resolve(import.meta.dirname, '../..');
const probeEveryMs = 5;
const windowSec = 10;
const deadlineMs = 900_000;

export async function startMeasuredWorker(
  { model, dir }: AvailableModel,
  cores: number,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<MeasuredWorker> {
  const { name } = model.manifest;
  const worker = await startLocalWorker({
    entry: path.join(root, 'embedding-worker/main.ts'),
    environment,
    startTimeoutMs: 180_000,
    worker: {
      modelsDirs: [dir],
      models: [name],
      device: 'cpu',
      windowSec,
      inferenceProcesses: cores,
      concurrencyMax: cores + 1,
      queueMax: 16,
      requestDeadlineMs: deadlineMs,
      audioLimits: { deadlineMs, durationMaxSec: 21_600, bytesMax: 2e9, memoryMaxBytes: 2 ** 31 },
      logLevel: 'warn',
    },
  });
  const client = new EmbeddingClient({
    target: { socketPath: worker.socketPath },
    token: worker.token,
    model: name,
    deadlineMs,
  });
  const prober = new Worker(new URL('../healthz-prober.ts', import.meta.url), {
    workerData: { socketPath: worker.socketPath, everyMs: probeEveryMs },
  });
  const healthMs: number[] = [];
  return {
    name,
    healthMs,
    round: async (files, wholeSec) => {
      await probed(prober);
      const figures = await round(worker, client, files, wholeSec, cores);
      healthMs.push(...(await probed(prober)));
      return figures;
    },
    vectors: async (file) => (await embed(client, file)).map(({ vector }) => vector),
    memory: () => memoryOf(worker),
    close: async () => {
      await prober.terminate();
      await client.close();
      await worker.close();
    },
  };
}

async function round(
  worker: LocalWorker,
  client: EmbeddingClient,
  files: readonly string[],
  wholeSec: number,
  cores: number,
): Promise<Round> {
  const queue = new PQueue({ concurrency: cores + 1 });
  const cpuBefore = familyCpuSec(worker);
  const startedAt = performance.now();
  const elapsedSec = (): number => (performance.now() - startedAt) / 1000;
  let windows = 0;
  do {
    const counts = await Promise.all(files.map((file) => queue.add(async () => (await embed(client, file)).length)));
    windows += counts.reduce((sum, count) => sum + count, 0);
  } while (elapsedSec() < wholeSec);
  return { windows, wallSec: elapsedSec(), cpuSec: familyCpuSec(worker) - cpuBefore };
}

async function embed(client: EmbeddingClient, file: string) {
  return (await client.embed(file, { signal: AbortSignal.timeout(deadlineMs) })).chunks;
}

function memoryOf({ pid = 0 }: LocalWorker) {
  const figures = processFigures(pid);
  if (!figures) throw new Error('Cannot measure: the worker is gone');
  return { worker: figures, children: childrenOf(pid).flatMap((child) => processFigures(child) ?? []) };
}

/** The worker, its inference processes, and each ffmpeg that has ended. */
function familyCpuSec({ pid = 0 }: LocalWorker): number {
  return [pid, ...childrenOf(pid)].reduce((sum, each) => sum + (processFigures(each)?.cpuSec ?? 0), 0);
}

function probed(prober: Worker): Promise<number[]> {
  return new Promise((resolve) => {
    prober.once('message', resolve);
    prober.postMessage('tell');
  });
}
