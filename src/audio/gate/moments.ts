/** Cuts a window into moments of about a second and measures each. Pure. */
import { momentFeatures } from './features.ts';
import { framesOf, gateRateHz } from './frames.ts';
import { highPass } from './high-pass.ts';
import { floorDb, type LevelBlock, loudBlockDb, measureLevels } from './levels.ts';
import { atRate } from './rate.ts';

export interface GateMoment {
  /** @see loudBlockDb */
  readonly loudDb: number;
  /** Shape [featureNames]; null where the moment is too quiet, relative to the rest of the window, to be judged. */
  readonly features: Float64Array | null;
}

export interface MeasuredWindow {
  /** RMS of what is audible, dBFS. -200 for digital silence. */
  readonly loudnessDb: number;
  /** The whole window's. @see loudBlockDb */
  readonly loudDb: number;
  /** Equally long: a second, or what comes next to it. */
  readonly moments: readonly GateMoment[];
}

export function measureWindow(window: Float32Array, sampleRateHz: number): MeasuredWindow {
  const samples = highPass(window, sampleRateHz);
  const { loudnessDb, blocks } = measureLevels(samples, sampleRateHz);
  const perMoment = partsOf(blocks, Math.max(1, Math.floor(samples.length / sampleRateHz)));
  const levels = perMoment.map(loudBlockDb);
  // Of silence nothing more needs to be known.
  const isSilent = levels.every((level) => level < floorDb);
  const features = isSilent ? levels.map(() => null) : featuresOf(samples, sampleRateHz, perMoment);
  const moments = levels.map((loudDb, i) => ({ loudDb, features: features[i] ?? null }));
  return { loudnessDb, loudDb: loudBlockDb(blocks), moments };
}

function featuresOf(samples: Float32Array, sampleRateHz: number, blocks: readonly (readonly LevelBlock[])[]) {
  return momentFeatures(framesOf(atRate(samples, sampleRateHz, gateRateHz), blocks.length), blocks);
}

function partsOf(blocks: readonly LevelBlock[], count: number): LevelBlock[][] {
  const edge = (i: number) => Math.floor((i * blocks.length) / count);
  return Array.from({ length: count }, (_, i) => blocks.slice(edge(i), edge(i + 1)));
}
