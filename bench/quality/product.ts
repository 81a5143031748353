/** Ranks like the product: with the parts of the space, the hub measure of a generation, and the product's ranking. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RankedTrack } from '../../src/domain.ts';
import { measureHubness } from '../../src/index/hub-measure.ts';
import { nearestInAnyPart, type VectorIndex } from '../../src/index/vector-index.ts';
import { averageSoundOf, similaritiesOfAverages } from '../../src/ranking/average-sound.ts';
import { type Hubness, hubRecipe, poolFactor } from '../../src/ranking/hubs.ts';
import { type Neighbourhood, type RankOptions, rankByParts } from '../../src/ranking/rank-by-parts.ts';
import type { SpacePart } from '../../src/ranking/space-parts.ts';
import type { BenchLibrary } from './library.ts';
import type { Outcome } from './metrics.ts';
import { faissIndex, writePartFile } from './pipeline.ts';
import { type BenchQuery, neighbours } from './protocols.ts';

export interface ProductLibrary extends Pick<BenchLibrary, 'tracks' | 'rows' | 'size'> {
  readonly parts: readonly SpacePart[];
  readonly index: VectorIndex;
  /** Of each part. */
  readonly hubness: readonly Hubness[];
  /** The average sound of each track; empty in a space of one part. */
  readonly averages: ReadonlyMap<number, Float32Array>;
}

export async function productLibraryOf(
  { tracks, rows, size }: Pick<BenchLibrary, 'tracks' | 'rows' | 'size'>,
  parts: readonly SpacePart[],
): Promise<ProductLibrary> {
  const vectors = tracks.flatMap(({ chunks }) => chunks.map(({ vector }) => vector));
  const trackIds = Uint32Array.from(rows, ({ trackId }) => trackId);
  const hubness: Hubness[] = [];
  for (const part of parts) hubness.push(await measureHubs(vectors, part, trackIds));
  const averages = new Map(
    tracks.flatMap(({ trackId, chunks }) => {
      const average = averageSoundOf(chunks, parts);
      return average ? [[trackId, average] as const] : [];
    }),
  );
  return { tracks, rows, size, parts, index: await faissIndex(vectors, parts), hubness, averages };
}

/** With the product's code, from a flat file like that of a generation. */
export async function measureHubs(
  vectors: readonly Float32Array[],
  part: SpacePart,
  trackIds: Uint32Array,
  recipe = hubRecipe,
): Promise<Hubness> {
  const folder = await mkdtemp(join(tmpdir(), 'leitmotif-hubs-'));
  const { dimensions } = part;
  try {
    await writePartFile(join(folder, 'vectors.faiss'), vectors, part);
    return await measureHubness({
      ...{ folder, dimensions, trackIds, recipe, processesMax: 2, signal: new AbortController().signal },
      shards: [{ file: 'vectors.faiss', rowCount: vectors.length }],
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The query's neighbours in a library without `without`. */
export async function neighbourhoodOf(
  { index, rows, parts, size, hubness, averages }: ProductLibrary,
  { chunks, without }: Pick<BenchQuery, 'chunks' | 'without'>,
  k = neighbours,
): Promise<Neighbourhood> {
  const excluded = [...without].reduce((sum, trackId) => sum + size.chunksOf(trackId), 0);
  const wanted = Math.min(k * poolFactor + excluded, rows.length);
  const vectors = chunks.map(({ vector }) => vector);
  const found = await index.search(vectors, wanted, { signal: new AbortController().signal });
  const perChunk = found.map((own) =>
    nearestInAnyPart(
      own.flatMap((each) => {
        const chunk = rows[each.row];
        const known = chunk !== undefined && !without.has(chunk.trackId);
        return known ? [{ ...each, chunk, hubness: hubness.map((part) => part.at(each.row)) }] : [];
      }),
      k * poolFactor,
    ),
  );
  const query = averageSoundOf(chunks, parts);
  const candidates = new Set(perChunk.flatMap((own) => own.map(({ chunk }) => chunk.trackId)));
  const known = new Map([...averages].filter(([trackId]) => candidates.has(trackId)));
  const averageSound = query ? similaritiesOfAverages(query, known) : undefined;
  return { searched: chunks, perChunk, parts, library: size, neighbours: k, averageSound };
}

export type Rank = (found: Neighbourhood) => RankedTrack[];

export async function askProduct(
  library: ProductLibrary,
  questions: readonly BenchQuery[],
  rank: Rank,
): Promise<Outcome[]> {
  const [outcomes = []] = await askProductByEach(library, questions, [rank]);
  return outcomes;
}

/** Searches once for all rankings. @returns the outcomes of each */
export async function askProductByEach(
  library: ProductLibrary,
  questions: readonly BenchQuery[],
  ranks: readonly Rank[],
): Promise<Outcome[][]> {
  const labels = new Map(library.tracks.map(({ trackId, label }) => [trackId, label]));
  const outcomes = ranks.map((): Outcome[] => []);
  for (const question of questions) {
    const found = await neighbourhoodOf(library, question);
    for (const [at, rank] of ranks.entries()) {
      const relevant = rank(found).map(({ trackId }) => labels.get(trackId) === question.label);
      outcomes[at]?.push({ group: question.group, relevant });
    }
  }
  return outcomes;
}

export function byParts(options: RankOptions): Rank {
  return (found) => rankByParts(found, options);
}

/** The ranking by parts without average sounds. */
export function withoutAverages(options: RankOptions): Rank {
  return (found) => rankByParts({ ...found, averageSound: undefined }, options);
}
