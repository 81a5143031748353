/** Computes the features that the gate's head reads, for each moment of a window. Pure. */
import { bandCount, type Frame, framesPerMoment, likeness, peaksDb } from './frames.ts';
import type { LevelBlock } from './levels.ts';

/** Moments to each side that a moment is judged together with: a second alone is a word, or a rest. */
const reach = 1;
/** A frame this far below the window's loudest says nothing: the rest between two notes, the breath between two words. */
const quietPower = 1e-5;

export const featureNames = [
  'persistence within a pair',
  'its least second',
  'persistence from pair to pair',
  'persistence over half a second',
  'roughness',
  'spread of roughness',
  'peaks of the mean spectrum',
  'spectral change',
  ...Array.from({ length: bandCount }, (_, band) => `band ${band}` as const),
  ...Array.from({ length: bandCount }, (_, band) => `change of band ${band}` as const),
  'level spread',
  'level step, 20 ms',
  'level step, 100 ms',
  'share of quiet blocks',
  'crest',
  'spread of crest',
  'crossings',
  'spread of crossings',
] as const;

/** @param frames `framesPerMoment` of each moment
 *  @param blocks shape [moments][blocks]
 *  @returns shape [moments][featureNames]; null for a moment too quiet to say anything */
export function momentFeatures(
  frames: readonly Frame[],
  blocks: readonly (readonly LevelBlock[])[],
): (Float64Array | null)[] {
  const loudest = Math.max(...frames.map(({ power }) => power));
  const isAudible = frames.map(({ power }) => power > quietPower * loudest);
  const alike = [1, 2, 4].map((apart) => likenesses(frames, apart, isAudible));
  return blocks.map((_, moment) => {
    const first = moment * framesPerMoment;
    if (!isAudible.slice(first, first + framesPerMoment).some(Boolean)) return null;
    const from = Math.max(0, moment - reach);
    const to = Math.min(blocks.length, moment + 1 + reach);
    const part = (values: readonly number[], apart: number) =>
      values.slice(from * framesPerMoment, to * framesPerMoment - apart);
    const [within, toNext, halfSec] = alike.map((values, i) => part(values, [1, 2, 4][i] as number));
    return Float64Array.from([
      ...likenessFeatures(within as number[], toNext as number[], halfSec as number[]),
      ...spectrumFeatures(
        frames
          .slice(from * framesPerMoment, to * framesPerMoment)
          .filter((__, i) => isAudible[from * framesPerMoment + i]),
      ),
      ...levelFeatures(blocks.slice(from, to).flat()),
    ]);
  });
}

/** Of each frame with the one `apart` after it; NaN where one of them is not heard or not there. */
function likenesses(frames: readonly Frame[], apart: number, isAudible: readonly boolean[]): number[] {
  return frames.map((frame, i) => {
    // Next to one another are only the two of a pair.
    if ((apart === 1 && i % 2 === 1) || !isAudible[i] || !isAudible[i + apart]) return Number.NaN;
    return likeness(frame, frames[i + apart] as Frame);
  });
}

function likenessFeatures(withinAll: number[], toNext: number[], halfSec: number[]): number[] {
  const there = (value: number) => !Number.isNaN(value);
  const within = withinAll.filter(there);
  const perSecond: number[] = [];
  for (let i = 0; i < within.length; i += 4) perSecond.push(mean(within.slice(i, i + 4)));
  const least = perSecond.length === 0 ? 0 : Math.min(...perSecond);
  return [mean(within), least, mean(toNext.filter(there)), mean(halfSec.filter(there))];
}

/** @param audibleFrames the frames that say something */
function spectrumFeatures(audibleFrames: readonly Frame[]): number[] {
  const roughness = audibleFrames.map(({ roughnessDb }) => roughnessDb);
  const bands = Array.from({ length: bandCount }, (_, band) =>
    audibleFrames.map(({ bandsDb }) => bandsDb[band] as number),
  );
  return [
    mean(roughness),
    spread(roughness),
    peaksDb(audibleFrames),
    mean(audibleFrames.slice(1).map((frame, i) => distance(frame.bandsDb, (audibleFrames[i] as Frame).bandsDb))),
    ...bands.map(mean),
    ...bands.map(spread),
  ];
}

function levelFeatures(blocks: readonly LevelBlock[]): number[] {
  const levels = blocks.map(({ levelDb }) => levelDb);
  const top = Math.max(...levels);
  // Below this it is the recording's own silence, whose depth says nothing.
  const audible = levels.map((level) => Math.max(level, top - 50));
  const usual = mean(audible);
  const loud = blocks.filter(({ levelDb }) => levelDb > top - 50);
  const crests = loud.map(({ crestDb }) => crestDb);
  const crossings = loud.map((block) => block.crossings);
  return [
    spread(audible),
    step(audible, 1),
    step(audible, 5),
    mean(audible.map((level) => (level < usual - 6 ? 1 : 0))),
    mean(crests),
    spread(crests),
    mean(crossings),
    spread(crossings),
  ];
}

function step(values: readonly number[], apart: number): number {
  return mean(values.slice(apart).map((value, i) => Math.abs(value - (values[i] as number))));
}

function distance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += Math.abs((a[i] as number) - (b[i] as number));
  return sum / a.length;
}

function mean(values: readonly number[]): number {
  // By index: walking an iterator took an eighth of the gate's time.
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += values[i] as number;
  return values.length === 0 ? 0 : sum / values.length;
}

function spread(values: readonly number[]): number {
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += ((values[i] as number) - centre) ** 2;
  return values.length === 0 ? 0 : Math.sqrt(sum / values.length);
}
