/** A supervised worker with the tiny models of the tests. */
import path from 'node:path';
import type { LocalWorkerOptions } from '../../src/embedding/local-worker.ts';

export function slowWorkerOptions(modelsDir: string, models = ['slow']): LocalWorkerOptions {
  return {
    entry: path.resolve(import.meta.dirname, '../../embedding-worker/main.ts'),
    environment: { PATH: process.env.PATH },
    startTimeoutMs: 60_000,
    worker: {
      modelsDirs: [modelsDir],
      device: 'cpu',
      models,
      windowSec: 10,
      inferenceProcesses: 1,
      concurrencyMax: 2,
      queueMax: 4,
      requestDeadlineMs: 60_000,
      audioLimits: { deadlineMs: 60_000, durationMaxSec: 7_200, bytesMax: 64_000_000, memoryMaxBytes: 2 ** 31 },
      logLevel: 'silent',
    },
  };
}
