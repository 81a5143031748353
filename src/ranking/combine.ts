/** Combines the rankings of several query tracks into one ranking. Pure.
 *
 *    score = mean of the scores for the plus tracks - mean of the positive scores for the minus tracks
 *
 *  Each query track is ranked by itself first, so that a long track counts no more than a short one. A mean, not a minimum: the
 *  result of "this and that" shows what is near to both first and does not become empty when nothing is. A minus track only
 *  lowers what it resembles: a negative score means "not even by chance", and must not raise a track.
 */
import type { Hit, RankedTrack } from '../domain.ts';
import { byScore, describeTrack } from './fusion.ts';

export interface RankingsInput {
  /** One ranking for each plus track, at least one. The hits of different rankings are of different query chunks. */
  readonly plus: readonly (readonly RankedTrack[])[];
  readonly minus: readonly (readonly RankedTrack[])[];
  /** Track id -> a name for its recording. Tracks with the same name are duplicates; a track without one is alone. */
  readonly recordingOf?: ReadonlyMap<number, number> | undefined;
}

export interface CombinedTrack {
  /** Its hits are those of all plus tracks. */
  readonly ranked: RankedTrack;
  /** The ids under which the rankings have it. */
  readonly ids: readonly number[];
}

interface Found {
  readonly recording: number;
  readonly track: RankedTrack;
}

/** @returns best first; ties by track id. Tracks that no plus track found are not ranked. Of duplicates, the one with the best
 *    score of its own represents the recording.
 *  @throws {RangeError} without a plus ranking */
export function combineRankings({ plus, minus, recordingOf = new Map() }: RankingsInput): CombinedTrack[] {
  if (plus.length === 0) throw new RangeError('Cannot combine rankings: expected at least one plus track');
  const nameOf = ({ trackId }: RankedTrack): number => recordingOf.get(trackId) ?? trackId;
  const best = (ranking: readonly RankedTrack[]): Found[] => {
    // Within one ranking a recording counts once.
    const found = new Map<number, RankedTrack>();
    for (const track of [...ranking].sort(byScore)) if (!found.has(nameOf(track))) found.set(nameOf(track), track);
    return [...found].map(([recording, track]) => ({ recording, track }));
  };
  const [liked, disliked] = [plus.flatMap(best), minus.flatMap(best)];
  const lowered = Map.groupBy(disliked, ({ recording }) => recording);
  return [...Map.groupBy(liked, ({ recording }) => recording)]
    .map(([recording, found]) => {
      const against = (lowered.get(recording) ?? []).map(({ track }) => track);
      return combine(
        found.map(({ track }) => track),
        against,
        { plus: plus.length, minus: minus.length },
      );
    })
    .sort((a, b) => byScore(a.ranked, b.ranked));
}

function combine(
  found: readonly RankedTrack[],
  against: readonly RankedTrack[],
  counts: { readonly plus: number; readonly minus: number },
): CombinedTrack {
  const { trackId } = [...found].sort(byScore)[0] as RankedTrack;
  const total = (scoreOf: (track: RankedTrack) => number): number =>
    mean(found.map(scoreOf), counts.plus) -
    mean(
      against.map((track) => Math.max(0, scoreOf(track))),
      counts.minus,
    );
  // Duplicates agree from beginning to end, so the times of one are the times of the other.
  const hits = found.flatMap((track) => track.hits.map((hit): Hit => ({ ...hit, trackId })));
  const hasParts = found.some(({ scoreOfParts }) => scoreOfParts !== undefined);
  const ranked = {
    ...describeTrack(
      trackId,
      hits,
      total(({ score }) => score),
    ),
    ...(hasParts
      ? {
          scoreOfParts: {
            sound: total(({ scoreOfParts }) => scoreOfParts?.sound ?? 0),
            harmony: total(({ scoreOfParts }) => scoreOfParts?.harmony ?? 0),
          },
        }
      : {}),
  };
  return { ranked, ids: [...new Set(found.map((track) => track.trackId))].sort((a, b) => a - b) };
}

/** Of `count` values of which those that are missing are 0. Sorted, because a sum in floating point depends on its order. */
function mean(values: readonly number[], count: number): number {
  return count === 0 ? 0 : [...values].sort((a, b) => a - b).reduce((sum, value) => sum + value, 0) / count;
}

/** Joins groups of ids that share a member.
 *  @returns each id of a group -> the smallest id of its joined group */
export function joinGroups(groups: Iterable<readonly number[]>): Map<number, number> {
  const parent = new Map<number, number>();
  const rootOf = (id: number): number => {
    let root = id;
    for (let next = parent.get(root); next !== undefined && next !== root; next = parent.get(root)) root = next;
    return root;
  };
  for (const group of groups) {
    const root = Math.min(...group.map(rootOf));
    for (const id of group) {
      parent.set(rootOf(id), root);
      parent.set(id, root);
    }
  }
  return new Map([...parent.keys()].map((id) => [id, rootOf(id)]));
}
