/** Memory settings of an inference process, checked on the real program. */
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalWorker, startLocalWorker } from '../../src/embedding/local-worker.ts';
import { writeTinyModels } from './tiny-models.ts';

const entry = path.resolve(import.meta.dirname, '../../embedding-worker/main.ts');
let folder: string;
let worker: LocalWorker;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'children-test-'));
  const modelsDir = writeTinyModels(path.join(folder, 'models'), [{ name: 'levels', kind: 'levels' }]);
  const { PATH, HOME } = process.env;
  worker = await startLocalWorker({
    entry,
    environment: { PATH, HOME, NODE_COMPILE_CACHE: path.join(folder, 'compiled'), MALLOC_TRIM_THRESHOLD_: '1000000' },
    startTimeoutMs: 60_000,
    worker: {
      modelsDirs: [modelsDir],
      models: ['levels'],
      ...({ device: 'cpu', windowSec: 10, inferenceProcesses: 1, concurrencyMax: 1, queueMax: 1 } as const),
      requestDeadlineMs: 60_000,
      audioLimits: { deadlineMs: 60_000, durationMaxSec: 60, bytesMax: 1e6, memoryMaxBytes: 2 ** 31 },
      logLevel: 'silent',
    },
  });
}, 60_000);
afterAll(async () => {
  await worker?.close();
  rmSync(folder, { recursive: true });
});

test('returns large blocks to the system, unless the operator set another limit', () => {
  const environment = readFileSync(`/proc/${childOf(worker.pid)}/environ`, 'utf8').split('\0');
  expect(environment).toContain('MALLOC_MMAP_THRESHOLD_=1048576');
  expect(environment).toContain('MALLOC_TRIM_THRESHOLD_=1000000');
});

test('stores its compiled code for the next process, also when it is killed', async () => {
  // Node writes the cache when a process ends, and none has ended: the child wrote it when it was ready.
  await expect.poll(() => globSync(path.join(folder, 'compiled', '**/*')).length).toBeGreaterThan(10);
});

function childOf(pid: number | undefined): number {
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        return false;
      }
    });
  return Number(found);
}
