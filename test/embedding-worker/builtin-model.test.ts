import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { canaryWindow, storedCanary } from '../../embedding-worker/engines/canary.ts';
import { InferenceSession, Tensor } from '../../embedding-worker/engines/onnx-runtime.ts';
import { modelManifest } from '../../src/models/manifest.ts';
import { awkwardSounds, chords, cosine, noise } from './music-sounds.ts';

const folder = path.join(import.meta.dirname, '../../embedding-worker/models/builtin');
const committed = readFileSync(path.join(folder, 'builtin.onnx'));
const manifest = modelManifest.parse(JSON.parse(readFileSync(path.join(folder, 'model.json'), 'utf8')));
const { sampleRateHz, dimensions } = manifest;
const tenSec = 10 * sampleRateHz;

/** The harmony branch comes last: training/leitmotif_training/model.py. */
const harmonyDimensions = 192;

let session: InferenceSession;
beforeAll(async () => {
  session = await InferenceSession.create(committed, { intraOpNumThreads: 1 });
});

async function embedAll(windows: readonly Float32Array[]): Promise<Float32Array[]> {
  const length = windows[0]?.length ?? 0;
  const pcm = new Float32Array(windows.length * length);
  windows.forEach((window, at) => void pcm.set(window, at * length));
  const { embedding } = await session.run({ pcm: new Tensor('float32', pcm, [windows.length, length]) });
  if (!(embedding?.data instanceof Float32Array)) throw new TypeError('Cannot read the embedding');
  const { data } = embedding;
  return windows.map((_, at) => data.slice(at * dimensions, (at + 1) * dimensions));
}

async function embed(window: Float32Array): Promise<Float32Array> {
  const [vector] = await embedAll([window]);
  if (!vector) throw new TypeError('Cannot embed: no vector');
  return vector;
}

/** Rough telephone sound: two one-pole filters a side. */
function telephone(window: Float32Array): Float32Array {
  const out = Float32Array.from(window);
  for (let pass = 0; pass < 2; pass++) {
    let low = 0;
    let slow = 0;
    out.forEach((sample, at) => {
      low += 0.73 * (sample - low);
      slow += 0.11 * (low - slow);
      out[at] = low - slow;
    });
  }
  return out;
}

describe('the built-in model', () => {
  test('is small enough to be committed', () => expect(committed.byteLength).toBeLessThan(10_000_000));

  test('computes the same vector as in Python', async () => {
    const vector = await embed(canaryWindow(tenSec));
    const expected = storedCanary(manifest, manifest.windowSec.default) ?? new Float32Array();
    expect(expected).toHaveLength(dimensions);
    expect(Math.max(...vector.map((value, at) => Math.abs(value - (expected[at] ?? 9))))).toBeLessThan(1e-4);
  });
});

describe('gives a vector of length 1 without NaN', () => {
  test.each(awkwardSounds())('for %s', async (_, window) => {
    const vector = await embed(window);
    expect(Math.sqrt(cosine(vector, vector))).toBeCloseTo(1, 5);
  });
});

describe('gives the same vector with', () => {
  test('other windows in its batch', async () => {
    const windows = [chords([0, 5, 7, 0], 5), noise(5 * sampleRateHz, 0.1, 1), new Float32Array(5 * sampleRateHz)];
    const together = await embedAll(windows);
    for (const [at, window] of windows.entries()) {
      const alone = await embed(window);
      expect(Math.max(...alone.map((value, d) => Math.abs(value - (together[at]?.[d] ?? 9))))).toBeLessThan(1e-5);
    }
  });

  test.each([0.01, 0.3, 3])('a gain of %s', async (gain) => {
    const window = chords([0, 5, 7, 9], 10);
    expect(cosine(await embed(window), await embed(window.map((x) => x * gain)))).toBeGreaterThan(0.9999);
  });

  test('a constant offset', async () => {
    const window = chords([0, 5, 7, 9], 10);
    expect(cosine(await embed(window), await embed(window.map((x) => x + 0.1)))).toBeGreaterThan(0.999);
  });
});

describe('compares music', () => {
  const progression = [0, 9, 5, 7];

  test('so that a piece over the telephone is nearer to itself than to other music', async () => {
    const [here, other] = [await embed(chords(progression, 10)), await embed(chords([0, 3, 6, 10], 10, 'minor'))];
    const heard = await embed(telephone(chords(progression, 10)));
    expect(cosine(heard, here)).toBeGreaterThan(0.6);
    expect(cosine(heard, here)).toBeGreaterThan(cosine(heard, other) + 0.2);
  });

  test.each([-5, -2, 1, 3, 6])('so that the harmony stays nearly the same %s semitones away', async (semitones) => {
    const harmonyOf = async (roots: readonly number[]) =>
      (await embed(chords(roots, 10))).subarray(dimensions - harmonyDimensions);
    const here = await harmonyOf(progression);
    const there = await harmonyOf(progression.map((root) => root + semitones));
    expect(cosine(here, there) / Math.sqrt(cosine(here, here) * cosine(there, there))).toBeGreaterThan(0.8);
  });
});
