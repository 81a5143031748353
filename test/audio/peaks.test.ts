/** Peaks for a drawn waveform, of real files and of samples split anywhere. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PeakMeter, readPeaks } from '../../src/audio/peaks.ts';
import { limits, makeSound, never } from './make-audio.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-peaks-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('shows the loud half and the silent half of a recording', async () => {
  const file = path.join(folder, 'half.wav');
  await makeSound(file, "aevalsrc='0.5*sin(2*PI*440*t)*lt(t,5)':d=10:s=16000");
  const peaks = await readPeaks({ path: file }, { durationSec: 10, points: 20, signal: never, limits });
  expect([...peaks.slice(0, 9)].every((peak) => peak > 0.3 && peak < 0.4)).toBe(true);
  expect([...peaks.slice(11)].every((peak) => peak < 0.01)).toBe(true);
});

test('shows channels that cancel each other out', async () => {
  const file = path.join(folder, 'against.wav');
  await makeSound(file, "aevalsrc='0.5*sin(2*PI*440*t)|-0.5*sin(2*PI*440*t)':d=4:s=16000");
  const peaks = await readPeaks({ path: file }, { durationSec: 4, points: 4, signal: never, limits });
  expect(Math.min(...peaks)).toBeGreaterThan(0.4);
});

test('refuses what is no audio', async () => {
  await expect(
    readPeaks({ path: import.meta.filename }, { durationSec: 1, points: 4, signal: never, limits }),
  ).rejects.toMatchObject({ code: expect.stringMatching(/^audio-/) });
});

test('gives the same peaks wherever the bytes are split', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -32_768, max: 32_767 }), { minLength: 1 }), fc.nat(200), (samples, at) => {
      const bytes = Buffer.from(Int16Array.from(samples).buffer);
      const [whole, split] = [new PeakMeter(5, samples.length / 5), new PeakMeter(5, samples.length / 5)];
      whole.read(bytes);
      split.read(bytes.subarray(0, at));
      split.read(bytes.subarray(at));
      expect(split.values).toEqual(whole.values);
      expect(Math.max(...whole.values)).toBeCloseTo(Math.max(...samples.map(Math.abs)) / 32_768, 6);
    }),
  );
});
