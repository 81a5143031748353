/** A library for queries, built like in the product: unit vectors in one index, with track and time of each row. */
import type { Chunk, Hit, IndexedChunk } from '../../src/domain.ts';
import type { VectorIndex } from '../../src/index/vector-index.ts';
import type { LibrarySize } from '../../src/ranking/fusion.ts';
import type { BenchSpace, Passage } from './spaces.ts';

/** A recording of a benchmark. */
export interface LabelledPassage extends Passage {
  readonly name: string;
  /** The common property of a query and its right answers: soundtrack, piece, or the track itself. */
  readonly label: string;
}

export interface BenchTrack extends LabelledPassage {
  readonly trackId: number;
  readonly chunks: readonly Chunk[];
}

export interface BenchLibrary {
  readonly tracks: readonly BenchTrack[];
  readonly rows: readonly IndexedChunk[];
  readonly index: VectorIndex;
  readonly size: LibrarySize;
  /** Maps a query's vectors into the library's space. */
  readonly adapt: (chunks: readonly Chunk[]) => Chunk[];
}

export type MakeIndex = (vectors: readonly Float32Array[]) => Promise<VectorIndex>;

export async function buildLibrary(
  space: BenchSpace,
  passages: readonly LabelledPassage[],
  makeIndex: MakeIndex,
): Promise<BenchLibrary> {
  const raw: BenchTrack[] = [];
  for (const passage of passages) {
    raw.push({ ...passage, trackId: raw.length + 1, chunks: await space.embed(passage) });
  }
  const transform = space.fit(raw.flatMap(({ chunks }) => chunks.map(({ vector }) => vector)));
  const adapt = (chunks: readonly Chunk[]): Chunk[] =>
    chunks.map((chunk) => ({ ...chunk, vector: transform(chunk.vector) }));
  return libraryOf(
    raw.map((track) => ({ ...track, chunks: adapt(track.chunks) })),
    adapt,
    makeIndex,
  );
}

/** @param tracks with vectors in the library's space */
export async function libraryOf(
  tracks: readonly BenchTrack[],
  adapt: BenchLibrary['adapt'],
  makeIndex: MakeIndex,
): Promise<BenchLibrary> {
  const rows = tracks.flatMap(({ trackId, chunks }) =>
    chunks.map(({ startSec, endSec, overlapSec }) => ({ trackId, startSec, endSec, overlapSec })),
  );
  const index = await makeIndex(tracks.flatMap(({ chunks }) => chunks.map(({ vector }) => vector)));
  const counts = new Map(tracks.map(({ trackId, chunks }) => [trackId, chunks.length]));
  return { tracks, rows, index, size: { chunks: rows.length, chunksOf: (id) => counts.get(id) ?? 0 }, adapt };
}

/** The k nearest chunks of each query chunk, without some tracks.
 *
 *  @param without ids of excluded tracks: more than k chunks are requested and theirs dropped, so the result equals that of a
 *    library without them
 */
export async function hitsOf(
  chunks: readonly Chunk[],
  library: BenchLibrary,
  k: number,
  without: ReadonlySet<number>,
): Promise<Hit[][]> {
  const excludedChunks = [...without].reduce((sum, trackId) => sum + library.size.chunksOf(trackId), 0);
  const wanted = Math.min(k + excludedChunks, library.rows.length);
  const vectors = chunks.map(({ vector }) => vector);
  const found = await library.index.search(vectors, wanted, { signal: new AbortController().signal });
  return chunks.map((chunk, at) => {
    const hits: Hit[] = [];
    for (const { row, similarity } of found[at] ?? []) {
      const indexed = library.rows[row];
      if (indexed && !without.has(indexed.trackId)) hits.push(toHit(chunk, indexed, similarity));
      if (hits.length === k) break;
    }
    return hits;
  });
}

function toHit(chunk: Chunk, indexed: IndexedChunk, similarity: number): Hit {
  // float32 rounding may exceed 1.
  const cosine = Math.max(-1, Math.min(1, similarity));
  return {
    queryChunk: chunk.index,
    queryStartSec: chunk.startSec,
    trackId: indexed.trackId,
    trackStartSec: indexed.startSec,
    durationSec: chunk.endSec - chunk.startSec,
    similarity: cosine,
    distance: 1 - cosine,
  };
}
