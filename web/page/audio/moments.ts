/** Where the two sides of a moment come from: the answer's clips for the best one, parts of the recordings for the others. */
import type { Moment } from '../answer-facts.ts';
import { ProblemError, request, trackAudioUrl } from '../api/client.ts';
import type { Result } from '../api/types.ts';
import { sliceOf } from './own-audio.ts';
import type { Pair } from './player.ts';

/** As long as the API's clips. */
export const clipSec = 10;
/** Decoded, 4 MB each. */
const keptMax = 24;

/** What the query was, as far as this page still knows. */
export interface Own {
  readonly buffer: AudioBuffer | null;
  readonly file: File | null;
  /** A query with a track of the library. */
  readonly trackId: number | null;
}

const kept = new Map<string, Promise<AudioBuffer>>();

export async function loadMoment(
  context: AudioContext,
  { result, moment, isBest, own }: { result: Result; moment: Moment; isBest: boolean; own: Own },
): Promise<Pair> {
  const { clip } = result;
  const theirsUrl = isBest && clip ? clip : trackAudioUrl(result.trackId, moment.theirsSec);
  const yours = async (): Promise<AudioBuffer | null> => {
    if (isBest && clip) return orNone(decoded(context, clip.replace('/theirs.mp3', '/yours.mp3')));
    const { yoursTrack } = moment;
    if (yoursTrack) return orNone(decoded(context, trackAudioUrl(yoursTrack.trackId, yoursTrack.atSec)));
    if (own.buffer) return sliceOf(own.buffer, moment.yoursSec, clipSec);
    if (own.trackId !== null) return orNone(decoded(context, trackAudioUrl(own.trackId, moment.yoursSec)));
    return null;
  };
  const [ours, theirs] = await Promise.all([yours(), decoded(context, theirsUrl)]);
  return { yours: ours, theirs };
}

/** Ten seconds of a track, alone. */
export async function loadClip(context: AudioContext, trackId: number, fromSec: number): Promise<Pair> {
  return { yours: null, theirs: await decoded(context, trackAudioUrl(trackId, fromSec)) };
}

/** The query's sound may be gone; then theirs is heard alone. */
function orNone(sound: Promise<AudioBuffer>): Promise<AudioBuffer | null> {
  return sound.catch((error: unknown) => {
    if (error instanceof ProblemError && error.problem.status < 500) return null;
    throw error;
  });
}

function decoded(context: AudioContext, url: string): Promise<AudioBuffer> {
  const before = kept.get(url);
  if (before) return before;
  const sound = request(url)
    .then((response) => response.arrayBuffer())
    .then((bytes) => context.decodeAudioData(bytes));
  kept.set(url, sound);
  sound.catch(() => kept.delete(url));
  for (const oldest of kept.keys()) {
    if (kept.size <= keptMax) break;
    kept.delete(oldest);
  }
  return sound;
}
