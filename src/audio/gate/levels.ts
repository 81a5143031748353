/** Measures the level of a window, as a whole and in blocks. Pure. */
export interface Levels {
  /** RMS without the constant part, dBFS. -200 for digital silence. */
  readonly loudnessDb: number;
  /** The blocks of 20 ms, one after the other. */
  readonly blocks: readonly LevelBlock[];
}

export interface LevelBlock {
  /** RMS without the constant part, dBFS. */
  readonly levelDb: number;
  /** Peak over RMS, dB. */
  readonly crestDb: number;
  /** Zero crossings over samples. */
  readonly crossings: number;
}

/** Below this even the loud moments of a window are noise of the recording, not of the hall: the quietest passages of
 *  classical recordings stay 10 dB above it, mains hum and dither 3 dB and more below. */
export const silenceDb = -55;

/** Below this is nothing but digital silence and the last bit of 16: what is quieter than that is not looked at. */
export const floorDb = -100;

export const blocksPerSec = 50;
const loudShare = 0.95;
const tiniestPower = 1e-20;

export function measureLevels(samples: Float32Array, sampleRateHz: number): Levels {
  const size = Math.max(1, Math.round(sampleRateHz / blocksPerSec));
  const blocks: LevelBlock[] = [];
  const bits = new Int32Array(samples.buffer, samples.byteOffset, samples.length);
  let sum = 0;
  let squares = 0;
  for (let at = 0; at < samples.length; at += size) {
    const block = measureBlock(samples, bits, at, Math.min(at + size, samples.length));
    sum += block.sum;
    squares += block.squares;
    blocks.push(block);
  }
  return { loudnessDb: toDb(variance(sum, squares, samples.length)), blocks };
}

/** The level that 95 % of a stretch's tenths of a second stay below, dBFS. */
export function loudBlockDb(blocks: readonly LevelBlock[]): number {
  const tenths: number[] = [];
  for (let at = 0; at < blocks.length; at += blocksPerSec / 10) {
    const part = blocks.slice(at, at + blocksPerSec / 10);
    tenths.push(toDb(part.reduce((sum, { levelDb }) => sum + 10 ** (levelDb / 10), 0) / part.length));
  }
  tenths.sort((a, b) => a - b);
  return tenths[Math.floor(loudShare * (tenths.length - 1))] ?? toDb(0);
}

/** The bits of -0, which is not below 0. */
const minusZero = -(2 ** 31);

/** @param bits of the samples: a sign is read from its bit, because a branch on it is guessed wrong at every crossing,
 *    which took half of the time here */
function measureBlock(samples: Float32Array, bits: Int32Array, from: number, to: number) {
  let sum = 0;
  let squares = 0;
  let highest = Number.NEGATIVE_INFINITY;
  let lowest = Number.POSITIVE_INFINITY;
  let crossings = 0;
  const isBelow = (i: number): number => ((bits[i] as number) >>> 31) & Number(bits[i] !== minusZero);
  let before = isBelow(from);
  for (let i = from; i < to; i += 1) {
    const sample = samples[i] as number;
    sum += sample;
    squares += sample * sample;
    if (sample > highest) highest = sample;
    if (sample < lowest) lowest = sample;
    const below = isBelow(i);
    crossings += below ^ before;
    before = below;
  }
  const length = to - from;
  const levelDb = toDb(variance(sum, squares, length));
  const peak = Math.max(highest - sum / length, sum / length - lowest);
  return { sum, squares, levelDb, crestDb: toDb(peak ** 2) - levelDb, crossings: crossings / length };
}

function variance(sum: number, squares: number, length: number): number {
  return length === 0 ? 0 : Math.max(0, squares / length - (sum / length) ** 2);
}

function toDb(power: number): number {
  return 10 * Math.log10(power + tiniestPower);
}
