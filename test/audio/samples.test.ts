import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SampleReader } from '../../src/audio/samples.ts';

const usual = fc.float({ min: -1, max: 1, noNaN: true });
const damaged = fc.constantFrom(
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  3e5,
  -1.5,
  40,
  Math.SQRT2 + 1e-6,
);
const anySamples = fc.array(fc.oneof({ weight: 20, arbitrary: usual }, { weight: 1, arbitrary: damaged }), {
  maxLength: 200,
});

interface Result {
  readonly samples: number[];
  readonly peak: number;
  readonly damaged: number;
  readonly limited: number;
}

/** @param offset of the first byte in its memory: odd ones are not aligned */
function readInParts(bytes: Uint8Array, cuts: readonly number[], offset = 0): Result {
  const reader = new SampleReader();
  const samples: number[] = [];
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (const [i, from] of edges.slice(0, -1).entries()) {
    const part = bytes.subarray(from, edges[i + 1]);
    const memory = Buffer.from(new ArrayBuffer(part.length + offset));
    memory.set(part, offset);
    samples.push(...reader.read(memory.subarray(offset)));
  }
  return { samples, peak: reader.peak, damaged: reader.damaged, limited: reader.limited };
}

/** Sample by sample, as the limiter is defined. */
function readNaively(values: readonly number[]): Result {
  let [envelope, peak, damaged, limited] = [0, 0, 0, 0];
  const samples = [...Float32Array.from(values)].map((sample) => {
    if (!(Math.abs(sample) <= 1000)) {
      damaged += 1;
      return 0;
    }
    envelope = Math.max(envelope * 0.99996, Math.abs(sample));
    const isLimited = envelope > Math.SQRT2;
    limited += Number(isLimited);
    peak = Math.max(peak, isLimited ? Math.abs(sample) / envelope : Math.abs(sample));
    return isLimited ? Math.fround(sample / envelope) : sample;
  });
  return { samples, peak, damaged, limited };
}

describe('SampleReader', () => {
  it('limits and cleans as a reader that looks at every sample, wherever its input is split', () => {
    fc.assert(
      fc.property(
        anySamples,
        fc.array(fc.nat(), { maxLength: 5 }),
        fc.integer({ min: 0, max: 3 }),
        (values, cuts, offset) => {
          const bytes = new Uint8Array(Float32Array.from(values).buffer);
          expect(readInParts(bytes, cuts, offset)).toEqual(readNaively(values));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('returns samples of usual level unchanged, with their largest amplitude', () => {
    const values = Float32Array.from([0.25, -0.75, 0.5, -0, 0.125]);
    const { samples, ...counts } = readInParts(new Uint8Array(values.buffer), []);
    expect(samples).toEqual([0.25, -0.75, 0.5, -0, 0.125]);
    expect(counts).toEqual({ peak: 0.75, damaged: 0, limited: 0 });
  });
});
