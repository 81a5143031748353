/** The library asked with words: one vector, the chunks nearest to it, and the tracks that these belong to.
 *
 *  None of what find-similar.ts does with many chunks applies here: with one voter there is nothing to fuse, a phrase has no times
 *  to agree with, and no fingerprint to prove anything with. A track is as near as its nearest moment.
 */
import type { Catalog } from '../catalog/catalog.ts';
import type { Track } from '../domain.ts';
import type { FoundChunk } from '../index/generation.ts';
import type { IndexHost } from '../index/index-host.ts';
import { liveNeighbours } from './live-neighbours.ts';

export interface WordsRequest {
  readonly text: string;
  readonly resultsMax: number;
  readonly signal: AbortSignal;
}

/** A moment of a track. Similarities of words and sounds are lower than those of sounds among themselves, and are to be compared
 *  within one answer only: CLAP's two sides lie apart from each other (arXiv 2203.02053). */
export interface Moment {
  readonly startSec: number;
  readonly endSec: number;
  /** Cosine similarity, [-1, 1]. */
  readonly similarity: number;
}

export interface WordsResult {
  readonly rank: number;
  readonly track: Track;
  /** Nearest first; at most {@link momentsMax}. */
  readonly moments: readonly Moment[];
}

export interface WordsAnswer {
  readonly text: string;
  readonly spaceId: string;
  readonly generation: string;
  /** Nearest first, by their nearest moment; ties by track id. */
  readonly results: readonly WordsResult[];
  readonly timingsMs: { readonly embed: number; readonly search: number; readonly total: number };
}

export interface WordsParts {
  /** Unit vector of the text, and its space. */
  readonly read: (text: string, signal: AbortSignal) => Promise<{ spaceId: string; vector: Float32Array }>;
  readonly openIndex: (signal: AbortSignal) => Promise<IndexHost>;
  readonly catalog: Catalog;
}

export const momentsMax = 3;
/** Chunks asked for each result at first: pieces whose every moment fits the words take places of others. */
const chunksPerResult = 8;
/** And at most: past it, fewer results are shown. */
const chunksMax = 10_000;

/** @throws {LeitmotifError} model-without-text, text-refused, and whatever the worker, the index or the catalog cannot do */
export async function findByWords(parts: WordsParts, { text, resultsMax, signal }: WordsRequest): Promise<WordsAnswer> {
  const startedAt = performance.now();
  // Before the index: who has a model without words should hear that first, not after hours of indexing.
  const { spaceId, vector } = await parts.read(text, signal);
  const readAt = performance.now();
  const index = await parts.openIndex(signal);
  for (let neighbours = resultsMax * chunksPerResult; ; neighbours *= 4) {
    const live = { index, catalog: parts.catalog };
    const { perChunk, generation, library } = await liveNeighbours(live, [{ vector }], { neighbours, signal });
    const byTrack = Map.groupBy(perChunk[0] ?? [], ({ chunk }) => chunk.trackId);
    if (byTrack.size < resultsMax && neighbours < Math.min(library.chunks, chunksMax)) continue;
    const results = resultsOf(byTrack, parts.catalog, resultsMax);
    const end = performance.now();
    const timingsMs = { embed: readAt - startedAt, search: end - readAt, total: end - startedAt };
    return { text, spaceId, generation, results, timingsMs };
  }
}

/** @param byTrack each track's chunks, nearest first */
function resultsOf(byTrack: ReadonlyMap<number, FoundChunk[]>, catalog: Catalog, resultsMax: number): WordsResult[] {
  const nearest = ([, [first]]: [number, FoundChunk[]]): number => first?.similarity ?? -1;
  const ranked = [...byTrack].sort((a, b) => nearest(b) - nearest(a) || a[0] - b[0]).slice(0, resultsMax);
  const tracks = catalog.tracks.byIds(ranked.map(([trackId]) => trackId));
  return ranked
    .flatMap(([trackId, found]) => {
      const track = tracks.get(trackId);
      return track ? [{ track, moments: found.slice(0, momentsMax).map(momentOf) }] : [];
    })
    .map((result, position) => ({ rank: position + 1, ...result }));
}

function momentOf({ chunk: { startSec, endSec }, similarity }: FoundChunk): Moment {
  return { startSec, endSec, similarity: Math.min(Math.max(similarity, -1), 1) };
}
