import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { canaryWindow, storedCanary } from '../../embedding-worker/engines/canary.ts';
import { loadModel } from '../../embedding-worker/engines/loaded-model.ts';
import { InferenceSession, Tensor } from '../../embedding-worker/engines/onnx-runtime.ts';
import { buildDescriptor, descriptorFolder } from '../../scripts/build-descriptor.ts';
import { parseConstants } from '../../scripts/descriptor/constants.ts';
import { sampleRateHz, writeStatisticsGraph } from '../../scripts/descriptor/graph.ts';
import { melFilters, range } from '../../scripts/descriptor/tables.ts';
import { findModel } from '../../src/models/find-model.ts';
import { awkwardSounds, chords, cosine, detuned, noise, slowSpectrum } from './music-sounds.ts';

const constantsJson = readFileSync(path.join(descriptorFolder, 'constants.json'), 'utf8');
const committed = readFileSync(path.join(descriptorFolder, 'descriptor.onnx'));
const { timbre, harmony } = parseConstants(constantsJson);
const tenSec = 10 * sampleRateHz;

let model: InferenceSession;
let statistics: InferenceSession;
beforeAll(async () => {
  model = await InferenceSession.create(committed, { intraOpNumThreads: 1 });
  statistics = await InferenceSession.create(writeStatisticsGraph(), { intraOpNumThreads: 1 });
});

async function run(
  session: InferenceSession,
  windows: readonly Float32Array[],
  output: string,
): Promise<Float32Array[]> {
  const length = windows[0]?.length ?? 0;
  const pcm = new Float32Array(windows.length * length);
  windows.forEach((window, i) => void pcm.set(window, i * length));
  const { [output]: tensor } = await session.run({ pcm: new Tensor('float32', pcm, [windows.length, length]) });
  if (!(tensor?.data instanceof Float32Array)) throw new TypeError(`Cannot read ${output}`);
  const width = tensor.data.length / windows.length;
  const { data } = tensor;
  return windows.map((_, i) => data.slice(i * width, (i + 1) * width));
}

async function embed(window: Float32Array): Promise<Float32Array> {
  const [vector] = await run(model, [window], 'embedding');
  if (!vector) throw new TypeError('Cannot embed: no vector');
  return vector;
}

const harmonyOf = async (window: Float32Array) => (await embed(window)).subarray(timbre.dimensions);
const timbreOf = async (window: Float32Array) => (await embed(window)).subarray(0, timbre.dimensions);

describe('the descriptor model', () => {
  test('equals the output of the build script, byte for byte', () => {
    const committedManifest = readFileSync(path.join(descriptorFolder, 'model.json'), 'utf8');
    const { canary } = JSON.parse(committedManifest) as { canary: string };
    const { model: rebuilt, manifestJson } = buildDescriptor(constantsJson, canary);
    expect(Buffer.from(rebuilt).equals(committed)).toBe(true);
    expect(committedManifest).toBe(manifestJson);
  });

  test('reproduces the canary in its manifest', async () => {
    const found = await findModel([path.dirname(descriptorFolder)], 'descriptor');
    const stored = storedCanary(found.manifest, found.manifest.windowSec.default) ?? new Float32Array();
    expect(cosine(await embed(canaryWindow(tenSec)), stored)).toBeCloseTo(1, 5);
  });

  test('is small enough to be committed', () => expect(committed.byteLength).toBeLessThan(2_000_000));

  test('is accepted by the worker at both ends of its window range', async () => {
    const found = await findModel([path.dirname(descriptorFolder)], 'descriptor');
    for (const windowSec of [found.manifest.windowSec.min, found.manifest.windowSec.max]) {
      const loaded = await loadModel(found, windowSec, 'cpu');
      const [vector] = await loaded.run([noise(windowSec * sampleRateHz, 0.1, 1)]);
      expect(vector).toHaveLength(found.manifest.dimensions);
    }
  });

  test('gives each half its share of the vector', async () => {
    const window = chords([0, 5, 7, 0], 10);
    const half = async (part: Promise<Float32Array>) => (await part).reduce((sum, value) => sum + value * value, 0);
    expect(await half(timbreOf(window))).toBeCloseTo(timbre.share, 5);
    expect(await half(harmonyOf(window))).toBeCloseTo(harmony.share, 5);
    expect(timbre.share + harmony.share).toBeCloseTo(1, 9);
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
    const together = await run(model, windows, 'embedding');
    for (const [i, window] of windows.entries()) {
      const alone = await embed(window);
      expect(Math.max(...alone.map((value, d) => Math.abs(value - (together[i]?.[d] ?? 9))))).toBeLessThan(1e-5);
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

describe('its harmony part', () => {
  const progression = [0, 9, 5, 7];

  test.each([-5, -2, 1, 3, 6])('is nearly the same %s semitones away', async (semitones) => {
    const there = chords(
      progression.map((root) => root + semitones),
      10,
    );
    expect(cosine(await harmonyOf(chords(progression, 10)), await harmonyOf(there)) / harmony.share).toBeGreaterThan(
      0.8,
    );
  });

  test.each([-40, 25, 50])('is nearly the same when tuned %s cents away', async (cents) => {
    const there = detuned(progression, 10, cents);
    expect(cosine(await harmonyOf(chords(progression, 10)), await harmonyOf(there)) / harmony.share).toBeGreaterThan(
      0.8,
    );
  });

  test('differs for another progression and another mode', async () => {
    const here = await harmonyOf(chords(progression, 10));
    for (const other of [chords([0, 3, 6, 10], 10), chords(progression, 10, 'minor')]) {
      expect(cosine(here, await harmonyOf(other)) / harmony.share).toBeLessThan(0.6);
    }
  });

  test('depends on the order of the chords', async () => {
    const [there, back] = [await harmonyOf(chords([0, 4, 9, 2], 10)), await harmonyOf(chords([2, 9, 4, 0], 10))];
    expect(cosine(there, back) / harmony.share).toBeLessThan(0.8);
  });
});

describe('its front-end', () => {
  test('has mel filters that share each frequency between two neighbours', () => {
    const [bands, bins] = [48, 257];
    const filters = melFilters(bands, 512, sampleRateHz, 40, 7800);
    // Independent of the filters' formula: the same mel scale by natural logarithms, with linear interpolation.
    const mel = (hz: number) => 1127.0104 * Math.log(1 + hz / 700);
    const hzOf = (m: number) => 700 * (Math.exp(m / 1127.0104) - 1);
    const centre = (band: number) => hzOf(mel(40) + ((band + 1) * (mel(7800) - mel(40))) / (bands + 1));
    for (let bin = 0; bin < bins; bin++) {
      const hz = (bin * sampleRateHz) / 512;
      const column = range(0, bands).map((band) => filters[band * bins + bin] ?? 0);
      const lower = range(0, bands).findLast((band) => centre(band) <= hz);
      if (lower === undefined || lower === bands - 1) continue;
      const share = (hz - centre(lower)) / (centre(lower + 1) - centre(lower));
      expect(column[lower]).toBeCloseTo(1 - share, 4);
      expect(column[lower + 1]).toBeCloseTo(share, 4);
      expect(column.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
    }
  });

  test('computes the same MFCC statistics as a plain Fourier transform', async () => {
    const window = chords([0, 5, 7, 0], 5).map((x, n) => x * (1 + Math.sin(n / 5000)) + 0.01 * Math.sin(n * n));
    const [got] = await run(statistics, [window], 'timbre');
    const expected = slowSpectrum(window);
    expect(expected).toHaveLength(39 + 20 + 20);
    expected.forEach((value, i) => void expect(got?.[i]).toBeCloseTo(value, 2));
  });
});
