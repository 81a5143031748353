/** Looks up results of stored answers. Tracks that were removed since are not shown. */
import type { Catalog } from '../catalog/catalog.ts';
import { LeitmotifError } from '../errors.ts';
import { type Result, shownTrackIds } from '../query/answer.ts';
import type { StoredAnswer } from '../query/stored-answer.ts';

interface Parts {
  readonly catalog: Catalog;
}

/** @throws {LeitmotifError} 'track-unknown' when the track was removed since; 'answer-expired' when the answer has no such rank */
export function resultOf({ id: answerId, answer }: StoredAnswer, rank: string | undefined, { catalog }: Parts): Result {
  const result = answer.results.find((found) => String(found.rank) === rank);
  if (!result) throw new LeitmotifError('answer-expired', `Cannot find result ${rank} of an answer`);
  if (catalog.tracks.live([result.track.id]).size > 0) return result;
  const facts = { answerId };
  throw new LeitmotifError('track-unknown', `Cannot show ${result.track.key}: it was removed since`, { facts });
}

/** Whether a track of the answer was removed since. If so, its verdict, times and clips must not be shown. */
export function hasRemovedPieces({ answer }: StoredAnswer, { catalog }: Parts): boolean {
  const ids = shownTrackIds(answer);
  return catalog.tracks.live(ids).size < ids.size;
}
