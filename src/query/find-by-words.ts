/** Searches the library with a text: its vector, the nearest chunks, and their tracks.
 *
 *  The steps of find-similar.ts do not apply: a single vector needs no fusion, and a text has neither times to align nor a
 *  fingerprint. A track is ranked by its nearest moment.
 */
import type { Catalog } from '../catalog/catalog.ts';
import type { Track } from '../domain.ts';
import type { IndexHost } from '../index/index-host.ts';
import type { FoundNeighbour } from '../ranking/rank-by-parts.ts';
import { liveNeighbours } from './live-neighbours.ts';

export interface WordsRequest {
  readonly text: string;
  readonly resultsMax: number;
  readonly signal: AbortSignal;
}

/** A moment of a track. Similarities between text and sound are lower than between sounds and comparable within one answer
 *  only: CLAP's text and audio vectors are in separate regions of the space (modality gap, arXiv 2203.02053). */
export interface TextMatch {
  readonly startSec: number;
  readonly endSec: number;
  /** Cosine similarity, [-1, 1]. */
  readonly similarity: number;
}

export interface WordsResult {
  readonly rank: number;
  readonly track: Track;
  /** Nearest first; up to {@link momentsMax}. */
  readonly moments: readonly TextMatch[];
}

export interface WordsAnswer {
  readonly text: string;
  readonly spaceId: string;
  readonly generation: string;
  /** Ordered by nearest moment, nearest first; ties by track id. */
  readonly results: readonly WordsResult[];
  readonly timingsMs: { readonly embed: number; readonly search: number; readonly total: number };
}

export interface WordsParts {
  /** Embeds the text: its unit vector and space. */
  readonly read: (text: string, signal: AbortSignal) => Promise<{ spaceId: string; vector: Float32Array }>;
  readonly openIndex: (signal: AbortSignal) => Promise<IndexHost>;
  readonly catalog: Catalog;
}

export const momentsMax = 3;
/** Chunks requested per result in the first round: a track with many matching moments takes several places. */
const chunksPerResult = 8;
/** Maximum number of chunks requested; after it, fewer results are shown. */
const chunksMax = 10_000;

/** @throws {LeitmotifError} model-without-text, text-refused, and errors of the worker, the index and the catalog */
export async function findByWords(parts: WordsParts, { text, resultsMax, signal }: WordsRequest): Promise<WordsAnswer> {
  const startedAt = performance.now();
  // Before the index is opened, so that a model without a text side is reported first, not after hours of indexing.
  const { spaceId, vector } = await parts.read(text, signal);
  const readAt = performance.now();
  const index = await parts.openIndex(signal);
  for (let neighbours = resultsMax * chunksPerResult; ; neighbours *= 4) {
    const live = { index, catalog: parts.catalog };
    const { perChunk, generation, library } = await liveNeighbours(live, [{ vector }], {
      neighbours,
      by: 'whole',
      signal,
    });
    const byTrack = Map.groupBy(perChunk[0] ?? [], ({ chunk }) => chunk.trackId);
    if (byTrack.size < resultsMax && neighbours < Math.min(library.chunks, chunksMax)) continue;
    const results = resultsOf(byTrack, parts.catalog, resultsMax);
    const end = performance.now();
    const timingsMs = { embed: readAt - startedAt, search: end - readAt, total: end - startedAt };
    return { text, spaceId, generation, results, timingsMs };
  }
}

/** @param byTrack each track's chunks, nearest first */
function resultsOf(
  byTrack: ReadonlyMap<number, FoundNeighbour[]>,
  catalog: Catalog,
  resultsMax: number,
): WordsResult[] {
  const nearest = ([, [first]]: [number, FoundNeighbour[]]): number => first?.similarity ?? -1;
  const ranked = [...byTrack].sort((a, b) => nearest(b) - nearest(a) || a[0] - b[0]).slice(0, resultsMax);
  const tracks = catalog.tracks.byIds(ranked.map(([trackId]) => trackId));
  return ranked
    .flatMap(([trackId, found]) => {
      const track = tracks.get(trackId);
      return track ? [{ track, moments: found.slice(0, momentsMax).map(momentOf) }] : [];
    })
    .map((result, position) => ({ rank: position + 1, ...result }));
}

function momentOf({ chunk: { startSec, endSec }, similarity }: FoundNeighbour): TextMatch {
  return { startSec, endSec, similarity: Math.min(Math.max(similarity, -1), 1) };
}
