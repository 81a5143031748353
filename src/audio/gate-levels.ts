/** How loud a window is, as a whole and by the moment. Pure. */
export interface Levels {
  /** RMS without the constant part, dBFS. -200 for digital silence. */
  readonly loudnessDb: number;
  /** The same of its 100 ms blocks: their 95th percentile. */
  readonly loudBlockDb: number;
  /** Peak over RMS within a block, the mean of all blocks, dB. */
  readonly crestDb: number;
}

const blockSec = 0.1;
const loudShare = 0.95;
const tiniestPower = 1e-20;

export function measureLevels(samples: Float32Array, sampleRateHz: number): Levels {
  const size = Math.max(1, Math.round(blockSec * sampleRateHz));
  const blocksDb: number[] = [];
  let sum = 0;
  let squares = 0;
  let crestDb = 0;
  for (let at = 0; at < samples.length; at += size) {
    const block = measureBlock(samples, at, Math.min(at + size, samples.length));
    sum += block.sum;
    squares += block.squares;
    const power = variance(block.sum, block.squares, block.length);
    blocksDb.push(toDb(power));
    crestDb += toDb(block.peak ** 2) - toDb(power);
  }
  blocksDb.sort((a, b) => a - b);
  return {
    loudnessDb: toDb(variance(sum, squares, samples.length)),
    loudBlockDb: blocksDb[Math.floor(loudShare * (blocksDb.length - 1))] ?? toDb(0),
    crestDb: crestDb / Math.max(1, blocksDb.length),
  };
}

function measureBlock(samples: Float32Array, from: number, to: number) {
  let sum = 0;
  let squares = 0;
  let highest = Number.NEGATIVE_INFINITY;
  let lowest = Number.POSITIVE_INFINITY;
  for (let i = from; i < to; i += 1) {
    const sample = samples[i] as number;
    sum += sample;
    squares += sample * sample;
    if (sample > highest) highest = sample;
    if (sample < lowest) lowest = sample;
  }
  const length = to - from;
  return { sum, squares, length, peak: Math.max(highest - sum / length, sum / length - lowest) };
}

function variance(sum: number, squares: number, length: number): number {
  return length === 0 ? 0 : Math.max(0, squares / length - (sum / length) ** 2);
}

function toDb(power: number): number {
  return 10 * Math.log10(power + tiniestPower);
}
