/** 400 hostile files, through the worker and as a library through an index run: none stops it, none holds a slot
 *  longer than its limits, and no process is left. `HOSTILE_SEED` and `HOSTILE_FILES` change the files. */
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import PQueue from 'p-queue';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCpuMaxMs, openDeadlineMs } from '../../src/audio/limits.ts';
import { toLeitmotifError } from '../../src/errors.ts';
import type { Embed } from '../../src/indexing/index-track.ts';
import { limits, makeTempDir, makeTone, never, type TempDir } from '../audio/make-audio.ts';
import { descendantsOf, eventually } from '../embedding-worker/processes.ts';
import { type RunningWorker, runWorker } from '../embedding-worker/running-worker.ts';
import { Bench } from '../indexing/helpers.ts';
import { writeHostileFiles } from './hostile-files.ts';

const seed = Number(process.env.HOSTILE_SEED ?? 11);
const count = Number(process.env.HOSTILE_FILES ?? 400);
/** Time for 15 s of sound after it was opened, on a busy machine. */
const workMs = 30_000;

let dir: TempDir;
let bench: Bench;
let files: string[];
let worker: RunningWorker;
const startWorker = () =>
  runWorker({ audioLimits: limits, requestDeadlineMs: 600_000, concurrencyMax: 2, queueMax: 8, inferenceProcesses: 2 });
const ffmpegs = () => descendantsOf(process.pid).filter(({ command }) => command.startsWith('ffmpeg '));

beforeAll(async () => {
  dir = await makeTempDir();
  mkdirSync(dir.file('hostile'));
  files = await writeHostileFiles(dir.file('hostile'), dir.path, seed, count);
  worker = await startWorker();
}, 600_000);
afterAll(async () => {
  await worker.close();
  await dir[Symbol.asyncDispose]();
});

function report(what: string, codes: readonly string[]): void {
  const byCode = Map.groupBy(codes, (code) => code);
  const words = [...byCode].map(([code, all]) => `${code} ${all.length}`).toSorted();
  process.stdout.write(`${what}: ${words.join(', ')}\n`);
}

test('survives hostile files in the worker', async () => {
  const client = worker.clientWith({ deadlineMs: 600_000 });
  const queue = new PQueue({ concurrency: 2 });
  const outcomes = await queue.addAll(
    files.map((file) => async () => {
      const startedAt = performance.now();
      const code = await client.embed(file, { signal: never }).then(
        () => 'embedded',
        (error) => toLeitmotifError(error).code,
      );
      return { code, heldMs: performance.now() - startedAt };
    }),
  );
  const held = outcomes.map(({ heldMs }) => heldMs).toSorted((a, b) => a - b);
  const [median = 0, longest = 0] = [held[Math.floor(held.length / 2)], held.at(-1)];
  report(
    `seed ${seed}, ${files.length} files`,
    outcomes.map(({ code }) => code),
  );
  process.stdout.write(`a place was held ${Math.round(median)} ms (median), ${Math.round(longest)} ms (longest)\n`);
  process.stdout.write(`bounds: ${openCpuMaxMs} ms of processor time or ${openDeadlineMs} ms to the first sample\n`);
  expect(held.filter((ms) => ms > openDeadlineMs + workMs)).toEqual([]);
  const expected = /^(embedded|audio-.*)$/;
  expect(outcomes.filter(({ code }) => !expected.test(code))).toEqual([]);
  await eventually(() => ffmpegs().length === 0 && readdirSync(worker.spoolDir).length === 0);
  // The worker still embeds.
  const good = await makeTone(dir.file('good.flac'), 12);
  expect((await client.embed(good, { signal: never })).chunks.length).toBeGreaterThan(0);
}, 3_600_000);

test('survives hostile files in a library', async () => {
  bench = new Bench();
  await writeHostileFiles(bench.music, dir.path, seed, count);
  await makeTone(path.join(bench.music, 'good.flac'), 12);
  const spaceId = (await worker.client.models()).models[0]?.spaceId ?? '';
  const client = worker.clientWith({ deadlineMs: 600_000 });
  const embed: Embed = (file, options) => client.embed(file, options);
  const summary = await bench.run({ embed, spaceId, concurrency: 2 });
  report('index', [...summary.failures.map(({ code }) => code), ...Array(summary.files.embedded).fill('embedded')]);
  expect(summary.files.listed).toBe(count + 1);
  expect(summary.files.embedded + summary.files.failed + summary.files.reused).toBe(count + 1);
  expect(summary.failures.filter(({ code }) => !code.startsWith('audio-'))).toEqual([]);
  expect(Object.keys(bench.rows(spaceId))).toContain('good.flac');
  await worker.close();
  await eventually(() => descendantsOf(process.pid).every(({ command }) => !/ffmpeg |inference-child/.test(command)));
}, 3_600_000);
