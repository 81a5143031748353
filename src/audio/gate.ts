/** Is this window music? The gate before the vote: silence, applause and plain noise are kept, but do not vote.
 *
 *  Rules with wide margins, not a learned model: a few dozen recordings of applause are too few to learn from, and
 *  each rule says something about how applause comes about. It is thousands of claps without a common clock: no pitch
 *  that lasts from one moment to the next, no peaks in the long-term spectrum, nothing low, and spikes. Music breaks
 *  most of these rules at once. `bench/quality-nonmusic.ts` prints how well it goes.
 *
 *  What is in doubt is music. Crowds, speech and surroundings are mostly let through on purpose: they share too much
 *  with breathy, percussive or electronic music.
 */
import type { ChunkKind } from '../domain.ts';
import { measureLevels } from './gate-levels.ts';
import { measureSpectrum, type SpectrumFeatures } from './gate-spectrum.ts';

/** Below this even the loud moments of a window are noise of the recording, not of the hall: the quietest passages of
 *  classical recordings stay 10 dB above it, mains hum and dither 3 dB and more below. */
const silenceDb = -55;

/** Domain's floor: digital silence has no level. */
const loudnessFloorDb = -120;

export interface WindowKind {
  readonly kind: ChunkKind;
  /** RMS of the window without its constant part, dBFS: 0 is a full-scale square wave, -120 the floor. */
  readonly loudnessDb: number;
}

/** @param samples mono, finite, 5 to 10 s; any length is taken
 *  @param sampleRateHz 8,000 and more */
export function classifyWindow(samples: Float32Array, sampleRateHz: number): WindowKind {
  const levels = measureLevels(samples, sampleRateHz);
  const loudnessDb = Math.max(levels.loudnessDb, loudnessFloorDb);
  if (levels.loudBlockDb < silenceDb) return { kind: 'silence', loudnessDb };
  const spectrum = measureSpectrum(samples, sampleRateHz);
  return { kind: kindOfSound(spectrum, levels.crestDb), loudnessDb };
}

function kindOfSound(spectrum: SpectrumFeatures, crestDb: number): ChunkKind {
  const plain = isPlainNoise(spectrum);
  const crestMinDb = plain ? crestMinOfPlainDb : crestMinOfApplauseDb;
  if (isApplause(spectrum) && crestDb > crestMinDb) return 'applause';
  return plain ? 'noise' : 'music';
}

/** Applause windows have 11.5 dB and more, music 9.6. */
const crestMinOfApplauseDb = 10.8;
/** Gaussian noise reaches 10.6 dB in blocks of 1,600 samples and 11.4 in blocks of 4,800. */
const crestMinOfPlainDb = 12;

/** White, pink or brown: as smooth over time as chance allows. Dense applause may be, but for its spikes. */
function isPlainNoise({ peaksDb, persistence }: SpectrumFeatures): boolean {
  return peaksDb < 0.85 && persistence < 0.05;
}

/** Bounds lie outside what 2 to 98 % of applause windows reach, given behind each. */
function isApplause(spectrum: SpectrumFeatures): boolean {
  return (
    spectrum.persistence < 0.14 && // 0.00 to 0.11; music's median 0.28 to 0.49
    spectrum.peaksDb < 3 && // 0.8 to 2.6; music 3.1 to 4.4
    spectrum.roughnessDb < 6.1 && // 5.3 to 5.9, as chance has it; music 6.5 to 7.9
    spectrum.bassDb < -10 && // -11.9 and less; music -1.9 to -3.3
    spectrum.centroidHz > 780 // 870 and more; music 475 to 510
  );
}
