import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cutWindows } from '../../src/audio/chunk.ts';
import { decodePcm } from '../../src/audio/decode.ts';
import type { DecodeOptions } from '../../src/audio/decode-job.ts';
import { limits, makeSound, makeTempDir, never, type TempDir } from './make-audio.ts';

const threeHoursSec = 3 * 3600;
const mebibyte = 1024 * 1024;

let dir: TempDir;
let threeHours: string;
beforeAll(async () => {
  dir = await makeTempDir();
  threeHours = await makeSound(dir.file('three hours.wav'), `sine=220:d=${threeHoursSec}:r=8000`, ['-c:a', 'pcm_u8']);
});
afterAll(() => dir[Symbol.asyncDispose]());

function decode(options: Partial<DecodeOptions> = {}) {
  return decodePcm(threeHours, { sampleRateHz: 16_000, fingerprint: true, signal: never, limits, ...options });
}

test('streams three hours without holding them in memory', async () => {
  const patient = { ...limits, deadlineMs: 600_000 };
  const { pcm, finished } = decode({ sampleRateHz: 8000, limits: patient });
  let before = 0;
  let largest = 0;
  let windows = 0;
  for await (const _ of cutWindows(pcm, { sampleRateHz: 8000, windowSec: 10, startSec: 0 })) {
    windows += 1;
    if (windows === 1) before = process.memoryUsage.rss();
    largest = Math.max(largest, process.memoryUsage.rss());
  }
  expect(windows).toBe(threeHoursSec / 10);
  expect((await finished).decodedSec).toBeCloseTo(threeHoursSec, 2);
  // The whole recording would take 346 MB.
  expect((largest - before) / mebibyte).toBeLessThan(250);
}, 600_000);

test('leaves no process when the reader leaves the loop', async () => {
  const { pcm, finished } = decode();
  for await (const _ of pcm) break;
  await expect(finished).rejects.toMatchObject({ code: 'cancelled' });
  await noneLeft();
});

test('leaves no process when the signal is aborted in the middle', async () => {
  const controller = new AbortController();
  const { pcm, finished } = decode({ signal: controller.signal });
  const reading = (async () => {
    for await (const _ of pcm) controller.abort();
  })();
  await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
  await expect(finished).rejects.toMatchObject({ code: 'cancelled' });
  await noneLeft();
});

test('leaves no process when the signal is aborted before the first read', async () => {
  const controller = new AbortController();
  const { probed, pcm } = decode({ signal: controller.signal });
  await probed;
  controller.abort();
  await noneLeft();
  await expect(Array.fromAsync(pcm)).rejects.toMatchObject({ code: 'cancelled' });
});

test('ends ffmpeg at the deadline when the reader waits for ever', async () => {
  const { pcm, finished } = decode({ limits: { ...limits, deadlineMs: 1500 } });
  const reading = (async () => {
    for await (const _ of pcm) await wait(200);
  })();
  await expect(reading).rejects.toMatchObject({ code: 'audio-timeout' });
  await expect(finished).rejects.toMatchObject({ code: 'audio-timeout' });
  await noneLeft();
});

const plainBlas = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
const hasPlainBlas = ['blas/libblas.so.3', 'lapack/liblapack.so.3'].every((file) => existsSync(`${plainBlas}/${file}`));

test.skipIf(!hasPlainBlas)('starts ffmpeg without OpenBLAS where a plain BLAS is installed', async () => {
  const { pcm } = decode();
  for await (const _ of pcm) {
    const [pid] = await processesOn(threeHours);
    const maps = await readFile(`/proc/${pid}/maps`, 'utf8');
    expect(maps).toContain('libavcodec');
    expect(maps).not.toContain('openblas');
    break;
  }
});

test('ends many concurrent runs without leaving a process', async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 6 }, async () => {
      for await (const _ of decode().pcm) throw new Error('enough');
    }),
  );
  expect(results.every(({ status }) => status === 'rejected')).toBe(true);
  await noneLeft();
});

/** Waits until the kernel has removed the killed processes; the test's own time limit bounds it. */
async function noneLeft(): Promise<void> {
  while ((await processesOn(threeHours)).length > 0) await wait(20);
}

/** Pids of the processes that have the file in their arguments. */
async function processesOn(file: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return pids.filter((_, at) => lines[at]?.includes(file));
}
