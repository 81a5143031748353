/** Ranks like the product: with the parts of the space, the hub measure of a generation, and the product's ranking. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RankedTrack } from '../../src/domain.ts';
import { measureHubness } from '../../src/index/hub-measure.ts';
import { nearestInAnyPart, type VectorIndex } from '../../src/index/vector-index.ts';
import { averageOf, similaritiesOfAverages, soundPartOf } from '../../src/ranking/average-sound.ts';
import { type Hubness, hubRecipe, poolFactor } from '../../src/ranking/hubs.ts';
import { type Neighbourhood, type RankOptions, rankByParts } from '../../src/ranking/rank-by-parts.ts';
import { partOf, type SpacePart } from '../../src/ranking/space-parts.ts';
import type { BenchLibrary } from './library.ts';
import type { Outcome } from './metrics.ts';
import { faissIndex, writePartFile } from './pipeline.ts';
import { type BenchQuery, neighbours } from './protocols.ts';

export interface ProductLibrary extends Pick<BenchLibrary, 'tracks' | 'rows' | 'size'> {
  readonly parts: readonly SpacePart[];
  readonly index: VectorIndex;
  /** Of each part. */
  readonly hubness: readonly Hubness[];
  /** The average sound of each track; null in a space of one part. */
  readonly averages: ReadonlyMap<number, Float32Array> | null;
}

export async function productLibraryOf(
  { tracks, rows, size }: Pick<BenchLibrary, 'tracks' | 'rows' | 'size'>,
  parts: readonly SpacePart[],
): Promise<ProductLibrary> {
  const vectors = tracks.flatMap(({ chunks }) => chunks.map(({ vector }) => vector));
  const trackIds = Uint32Array.from(rows, ({ trackId }) => trackId);
  const hubness: Hubness[] = [];
  for (const part of parts) hubness.push(await measureHubs(vectors, part, trackIds));
  const averages = averagesOf(tracks, parts);
  return { tracks, rows, size, parts, index: await faissIndex(vectors, parts), hubness, averages };
}

function averagesOf(tracks: BenchLibrary['tracks'], parts: readonly SpacePart[]): ProductLibrary['averages'] {
  if (soundPartOf(parts) === undefined) return null;
  return new Map(
    tracks.flatMap(({ trackId, chunks }) => {
      const average = averageOfChunks(chunks, parts);
      return average === null ? [] : [[trackId, average] as const];
    }),
  );
}

function averageOfChunks(chunks: BenchQuery['chunks'], parts: readonly SpacePart[]): Float32Array | null {
  const sound = soundPartOf(parts);
  return sound ? averageOf(chunks.map(({ vector }) => partOf(vector, sound))) : null;
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
  const query = averageOfChunks(chunks, parts);
  const candidates = new Set(perChunk.flatMap((own) => own.map(({ chunk }) => chunk.trackId)));
  const known = new Map([...(averages ?? [])].filter(([trackId]) => candidates.has(trackId)));
  const averageSound = query && averages ? similaritiesOfAverages(query, known) : undefined;
  return { searched: chunks, perChunk, parts, library: size, neighbours: k, averageSound };
}

export async function askProduct(
  library: ProductLibrary,
  questions: readonly BenchQuery[],
  rank: (found: Neighbourhood) => RankedTrack[],
): Promise<Outcome[]> {
  const labels = new Map(library.tracks.map(({ trackId, label }) => [trackId, label]));
  const outcomes: Outcome[] = [];
  for (const question of questions) {
    const ranked = rank(await neighbourhoodOf(library, question));
    outcomes.push({
      group: question.group,
      relevant: ranked.map(({ trackId }) => labels.get(trackId) === question.label),
    });
  }
  return outcomes;
}

export function byParts(options: RankOptions): (found: Neighbourhood) => RankedTrack[] {
  return (found) => rankByParts(found, options);
}

/** As before average sounds were known. */
export function withoutAverages(options: RankOptions): (found: Neighbourhood) => RankedTrack[] {
  return (found) => rankByParts({ ...found, averageSound: undefined }, options);
}
