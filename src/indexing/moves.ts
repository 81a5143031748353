/** Files that are only called something else now: the same bytes under a new key, and nothing under the old one. */
import type { KnownTrack } from '../catalog/track-rows.ts';
import type { ListedFile } from '../library/library.ts';
import type { Candidate } from './compare.ts';

export interface Move {
  readonly from: KnownTrack;
  readonly to: ListedFile;
}

/** Only files of the very size of one that is gone are read, so a scan without moves reads nothing.
 *  @param known what has a key already: a file there is a changed one, not a moved one
 *  @param hash content of a file in lower-case hex; a file that cannot be read is no move
 *  @returns each track and each file at most once; first come, by key */
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
