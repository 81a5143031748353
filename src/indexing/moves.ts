/** Detects moved files: the same bytes under a new key, and no file under the old key. */
import type { KnownTrack } from '../catalog/track-rows.ts';
import type { ListedFile } from '../library/library.ts';
import type { Candidate } from './compare.ts';

export interface Move {
  readonly from: KnownTrack;
  readonly to: ListedFile;
}

/** Reads only files with the size of a missing file, so a scan without moves reads nothing.
 *  @param known tracks by key: a file with a known key is changed, not moved
 *  @param hash returns the SHA-256 of a file in lower-case hex; null for an unreadable file, which is no move
 *  @returns each track and each file at most once, in key order */
export async function findMoves(
  candidates: readonly Candidate[],
  gone: readonly KnownTrack[],
  known: ReadonlyMap<string, KnownTrack>,
  hash: (file: ListedFile) => Promise<string | null>,
): Promise<Move[]> {
  const waiting = byContent(gone);
  const sizes = new Set(gone.map((track) => track.sizeBytes));
  const moves: Move[] = [];
  for (const { file, why } of candidates) {
    if (why !== 'added' || known.has(file.key) || !sizes.has(file.sizeBytes)) continue;
    const from = waiting.get((await hash(file)) ?? '')?.shift();
    if (from !== undefined) moves.push({ from, to: file });
  }
  return moves;
}

function byContent(gone: readonly KnownTrack[]): Map<string, KnownTrack[]> {
  const found = new Map<string, KnownTrack[]>();
  for (const track of gone) {
    if (track.contentSha256 === null || track.failure !== null) continue;
    found.set(track.contentSha256, [...(found.get(track.contentSha256) ?? []), track]);
  }
  return found;
}
