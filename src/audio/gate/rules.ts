/** Hand-written rules for applause and for plain noise. Pure.
 *
 *  There are too few recordings of applause to learn it from. It is thousands of claps without a common clock: no pitch
 *  that lasts from one moment to the next, no peaks in the mean spectrum, nothing low, and spikes. Music breaks most of
 *  this at once. The measured shares are next to each bound, for moments of 3 s; `training/gate/README.md` says on what.
 */
import { featureNames } from './features.ts';

type FeatureName = (typeof featureNames)[number];
const place = new Map<string, number>(featureNames.map((name, i) => [name, i]));

function read(features: Float64Array, name: FeatureName): number {
  return features[place.get(name) as number] as number;
}

/** Of moments, it holds for 97 % of applause, none of speech, 1 in 2,000 of music. */
export function isApplause(features: Float64Array): boolean {
  return (
    read(features, 'persistence within a pair') < 0.14 && // up to 0.12; music's median 0.28
    read(features, 'peaks of the mean spectrum') < 2.5 && // up to 2.2 dB; music's median 3.4
    read(features, 'roughness') < 6.05 && // up to 5.95 dB, as chance has it; music's median 6.7
    bassDb(features) < -10 && // up to -11.8 dB; music's median -2.1
    read(features, 'crest') > 9.6 && // from 9.8 dB; 98 % of music below 9.5
    read(features, 'level step, 20 ms') > 0.62 // from 0.7 dB; white noise, which has spikes too, below 0.58
  );
}

/** Nothing above 4 kHz, as through a telephone: applause from -24 dB, but for one recording in five. Music has no bass there
 *  either, so that 6 % of it passes for applause. */
export function isNarrow(features: Float64Array): boolean {
  return read(features, 'band 6') < -25;
}

/** White, pink, brown and what is filtered from them: as smooth as chance allows, over time and over frequency. */
export function isPlainNoise(features: Float64Array): boolean {
  return (
    read(features, 'persistence within a pair') < 0.06 && // up to 0.05
    read(features, 'peaks of the mean spectrum') < 1.35 && // median 1.0 dB; music's lowest 1 % at 1.4
    read(features, 'roughness') < 5.5 // up to 5.46 dB
  );
}

/** Plain noise whose level is as steady as white noise's: no music was found to be. */
export function isSteadyNoise(features: Float64Array): boolean {
  return isPlainNoise(features) && read(features, 'level step, 20 ms') < 0.65; // white noise's up to 0.58 dB
}

/** Of a window that is quieter than music is recorded: its moments change as music does. Mains hum and the constant part of
 *  a recording, the loudest things in silence, do not.
 *  @param moments of one window; null for one that says nothing */
export function changesAsMusic(moments: readonly (Float64Array | null)[]): boolean {
  const audible = moments.filter((features) => features !== null);
  if (2 * audible.length < moments.length || audible.length === 0) return false;
  const mean = (name: FeatureName) => audible.reduce((sum, features) => sum + read(features, name), 0) / audible.length;
  return (
    mean('spectral change') > 1.4 && // hum's up to 0.9; music's lowest 1 % at 2.1
    mean('level step, 100 ms') > 0.6 // hum's up to 0.4 dB; music's lowest 1 % at 0.9
  );
}

/** Power below 250 Hz over all power. */
function bassDb(features: Float64Array): number {
  const power = (band: number) => 10 ** (read(features, `band ${band}`) / 10);
  let all = 0;
  for (let band = 0; place.has(`band ${band}`); band += 1) all += power(band);
  return 10 * Math.log10((power(0) + power(1)) / all);
}
