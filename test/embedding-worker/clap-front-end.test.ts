/** CLAP's front-end compared with its reference code: transformers in Python (stored) and in JavaScript (run here). */
import { readFileSync } from 'node:fs';
import { ClapFeatureExtractor } from '@huggingface/transformers';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { InferenceSession, Tensor } from '../../embedding-worker/engines/onnx-runtime.ts';
import { clapSampleRateHz, clapSamples, clapWaveform } from '../../embedding-worker/families/clap.ts';
import { clapFrontEndPath } from '../../scripts/build-clap-front-end.ts';
import { writeClapFrontEnd } from '../../scripts/clap-front-end/graph.ts';
import { slaneyMelFilters } from '../../scripts/clap-front-end/mel-filters.ts';
import { range } from '../../scripts/descriptor/tables.ts';
import { type ClapFrontEndTable, floatsOf, nameOf, readReference } from '../support/reference-fixtures.ts';
import { referenceSignal, sha256OfSignal } from '../support/reference-signals.ts';

const bands = 64;
const frames = 1001;
const toleranceDb = 0.01;

const table = readReference<ClapFrontEndTable>('clap-front-end.json');
const committed = readFileSync(clapFrontEndPath);

let session: InferenceSession;
beforeAll(async () => {
  session = await InferenceSession.create(committed, { intraOpNumThreads: 1 });
});

/** @returns dB, one [1001 * 64] a window */
async function features(windows: readonly Float32Array[]): Promise<Float32Array[]> {
  const pcm = new Float32Array(windows.length * clapSamples);
  windows.forEach((window, i) => void pcm.set(clapWaveform(window), i * clapSamples));
  const { input_features: mel } = await session.run({ pcm: new Tensor('float32', pcm, [windows.length, clapSamples]) });
  expect(mel?.dims).toEqual([windows.length, 1, frames, bands]);
  const data = mel?.data as Float32Array;
  return windows.map((_, i) => data.slice(i * frames * bands, (i + 1) * frames * bands));
}

async function featuresOf(window: Float32Array): Promise<Float32Array> {
  const [mel] = await features([window]);
  if (!mel) throw new TypeError('Cannot compute features');
  return mel;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return range(0, a.length).reduce((largest, i) => Math.max(largest, Math.abs((a[i] ?? 0) - (b[i] ?? 0))), 0);
}

function loudestOf(mel: Float32Array, i: number): number {
  return Math.max(...frameOf(mel, Math.floor(i / bands)));
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const bandOf = (mel: Float32Array, band: number) => range(0, frames).map((frame) => mel[frame * bands + band] ?? 0);
const frameOf = (mel: Float32Array, frame: number) => [...mel.subarray(frame * bands, (frame + 1) * bands)];

describe("CLAP's front-end", () => {
  test('equals the output of the build script, byte for byte', () => {
    expect(Buffer.from(writeClapFrontEnd()).equals(committed)).toBe(true);
  });

  test('contains no filter beyond the computed bins', () => {
    const filters = { bands, fftLength: 1024, sampleRateHz: clapSampleRateHz, lowHz: 50, highHz: 14_000 };
    expect(slaneyMelFilters(filters, [0, 1, ...range(299, 513)]).every((weight) => weight === 0)).toBe(true);
    expect(slaneyMelFilters(filters, [2]).some((weight) => weight > 0)).toBe(true);
    expect(slaneyMelFilters(filters, [298]).some((weight) => weight > 0)).toBe(true);
  });

  test('gives a window the same result in a batch and alone', async () => {
    const windows = [3, 4].map((seed) =>
      referenceSignal({ kind: 'noise', seed, samples: clapSamples }, clapSampleRateHz),
    );
    const together = await features(windows);
    for (const [i, window] of windows.entries()) {
      expect(largestDifference(together[i] ?? [], await featuresOf(window))).toBeLessThan(1e-4);
    }
  });
});

describe("computes the same as Python's ClapFeatureExtractor within 0.01 dB", () => {
  test.each(table.windows.map((window) => ({ name: nameOf(window, table.sampleRateHz), window })))(
    'for $name',
    async ({ window }) => {
      const sound = referenceSignal(window, table.sampleRateHz);
      expect(sha256OfSignal(sound)).toBe(window.sha256);
      const mel = await featuresOf(sound);
      const stored = table.frames.flatMap((frame) => frameOf(mel, frame));
      expect(largestDifference(stored, floatsOf(window.frames))).toBeLessThan(toleranceDb);

      const frameMeans = range(0, frames).map((frame) => mean(frameOf(mel, frame)));
      expect(largestDifference(frameMeans, floatsOf(window.frameMeans))).toBeLessThan(toleranceDb);
      const bandMeans = range(0, bands).map((band) => mean(bandOf(mel, band)));
      expect(largestDifference(bandMeans, floatsOf(window.bandMeans))).toBeLessThan(toleranceDb);
      const deviations = range(0, bands).map((band) => {
        const offset = bandMeans[band] ?? 0;
        return Math.sqrt(mean(bandOf(mel, band).map((value) => (value - offset) ** 2)));
      });
      expect(largestDifference(deviations, floatsOf(window.bandDeviations))).toBeLessThan(toleranceDb);
    },
  );
});

describe("computes the same as JavaScript's ClapFeatureExtractor within 0.01 dB", () => {
  const extractor = new ClapFeatureExtractor({
    feature_size: bands,
    sampling_rate: clapSampleRateHz,
    hop_length: 480,
    fft_window_size: 1024,
    nb_frequency_bins: 513,
    max_length_s: 10,
    nb_max_samples: clapSamples,
    frequency_min: 50,
    frequency_max: 14_000,
    truncation: 'rand_trunc',
    padding: 'repeatpad',
  });

  // Ten-second windows only: JavaScript tiles shorter ones differently from Python.
  test.each(table.windows.filter(({ samples }) => samples === clapSamples))('for $kind', async (window) => {
    const sound = referenceSignal(window, clapSampleRateHz);
    const { input_features: witness } = await extractor(sound);
    expect(largestDifference(await featuresOf(sound), witness.data)).toBeLessThan(toleranceDb);
  });

  // The precision of float32 sums: only a pure tone without noise has bands so far below it.
  test('for a full-scale tone, in every band within 90 dB of the loudest', async () => {
    const tone = Float32Array.from({ length: clapSamples }, (_, i) => Math.sin((2 * Math.PI * 440 * i) / 48_000));
    const { input_features: witness } = await extractor(tone);
    const mel = await featuresOf(tone);
    const loud = range(0, mel.length).filter((i) => (witness.data[i] ?? 0) > loudestOf(witness.data, i) - 90);
    expect(loud.length).toBeGreaterThan(10_000);
    const [ours, theirs] = [mel, witness.data].map((all) => loud.map((i) => all[i] ?? 0));
    expect(largestDifference(ours ?? [], theirs ?? [])).toBeLessThan(toleranceDb);
  });
});

describe('a waveform for CLAP', () => {
  const lengths = fc.integer({ min: 1, max: clapSamples });
  const counting = (length: number) => Float32Array.from({ length }, (_, i) => 1 + i);

  test('repeats the window as often as it fits whole, followed by silence', () => {
    fc.assert(
      fc.property(lengths, (length) => {
        const waveform = clapWaveform(counting(length));
        const sounding = Math.floor(clapSamples / length) * length;
        expect(waveform).toHaveLength(clapSamples);
        expect(waveform.subarray(sounding).every((sample) => sample === 0)).toBe(true);
        expect(waveform.subarray(0, sounding).every((sample, i) => sample === 1 + (i % length))).toBe(true);
      }),
      { numRuns: 30, examples: [[1], [240_000], [240_001], [479_999], [480_000]] },
    );
  });

  test('is the window itself when that has ten seconds', () => {
    const window = counting(clapSamples);
    expect(clapWaveform(window)).toBe(window);
  });

  test.each([0, clapSamples + 1])('is not made from %i samples', (length) => {
    expect(() => clapWaveform(new Float32Array(length))).toThrow(`expected 1 to ${clapSamples} samples, got ${length}`);
  });
});
