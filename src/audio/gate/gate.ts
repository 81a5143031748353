/** Classifies a window as music or not. Silence, applause and other noise are stored, but do not vote.
 *
 *  A window is heard second by second. Silence is a level. What sounds is judged by a small trained head on cheap
 *  statistics of spectrum and level: does a pitch last, are there peaks, how does it swell and stop. Seconds are joined
 *  to stretches of one kind, and the window has the kind of most of its non-silent moments; a tie counts as music.
 *  `bench/quality/nonmusic.ts` prints how well it goes.
 */
import type { ChunkKind } from '../../domain.ts';
import { courseOf } from './course.ts';
import { classScores } from './head.ts';
import { floorDb, silenceDb } from './levels.ts';
import { type MeasuredWindow, measureWindow } from './moments.ts';
import { changesAsMusic } from './rules.ts';

/** Domain's floor: digital silence has no level. */
const loudnessFloorDb = -120;

export interface WindowKind {
  readonly kind: ChunkKind;
  /** RMS of the window without its constant part, dBFS: 0 is a full-scale square wave, -120 the floor. */
  readonly loudnessDb: number;
  /** The level that 95 % of it stays below, dBFS. A window of music below `silenceDb` is music only in a recording that is as
   *  quiet: see recording.ts. */
  readonly loudDb: number;
  /** The kind of each of the window's moments, which are equally long: a second, or what comes next to it. */
  readonly moments: readonly ChunkKind[];
}

/** @param samples mono, finite, 5 to 10 s; any length is taken
 *  @param sampleRateHz 8,000 and more */
export function classifyWindow(samples: Float32Array, sampleRateHz: number): WindowKind {
  const window = measureWindow(samples, sampleRateHz);
  const { loudDb } = window;
  const loudnessDb = Math.max(window.loudnessDb, loudnessFloorDb);
  if (loudDb < silenceDb) return { ...faintWindow(window), loudnessDb, loudDb };
  const isSilent = window.moments.map((moment) => moment.loudDb < silenceDb);
  const scores = window.moments.map(({ features }, i) => (features && !isSilent[i] ? classScores(features) : null));
  const moments = courseOf(scores).map((kind, i) => (isSilent[i] ? 'silence' : kind));
  return { kind: kindOfWindow(moments), loudnessDb, loudDb, moments };
}

/** Music that is quieter than music is recorded has to sound like music beyond doubt: noise of this level is silence. */
function faintWindow({ moments: measured, loudDb }: MeasuredWindow): Pick<WindowKind, 'kind' | 'moments'> {
  const features = measured.map((moment) => moment.features);
  const course = courseOf(features.map((each) => each && classScores(each)));
  const isMusic = loudDb >= floorDb && changesAsMusic(features) && kindOfWindow(course) === 'music';
  const isHeard = (i: number) => isMusic && features[i] !== null && course[i] === 'music';
  const moments = measured.map((_, i): ChunkKind => (isHeard(i) ? 'music' : 'silence'));
  return { kind: isMusic ? 'music' : 'silence', moments };
}

/** What most of the sound is. Half music is music: it would be lost otherwise, and its vector is half right. */
function kindOfWindow(moments: readonly ChunkKind[]): ChunkKind {
  const count = (kind: ChunkKind) => moments.filter((moment) => moment === kind).length;
  const [music, applause, noise] = [count('music'), count('applause'), count('noise')];
  if (music >= applause + noise) return 'music';
  return applause >= noise ? 'applause' : 'noise';
}
