/** Recall of an index that is not exact, measured against FAISS's exact search of the same vectors before they are deleted. Rows of the
 *  library are the queries, and only rows of other tracks count: a row's own track is the easiest to find, and people ask with
 *  recordings that are not there. */
import { LeitmotifError } from '../../errors.ts';
import { FaissIndex } from '../faiss-index.ts';
import type { GenerationManifest } from '../manifest.ts';
import { shardFilesOf } from '../shard-files.ts';
import { lengthOf, type Neighbour, nearestInPart, type OpenIndex } from '../vector-index.ts';
import { evenPlaces, type ReferenceVectors } from './references.ts';

/** Rows of the library as queries; the standard error of a recall of .98 is then .004. */
export const recallQueries = 200;
const neighbours = 5;
/** Neighbours to search for: a track of some hundred rows finds itself first, and five rows of other tracks must follow. */
const searched = 128;
/** An equally near row counts as found. */
const tolerance = 1e-5;

export interface RecallInput {
  /** Of each part: some of them are the queries. */
  readonly references: readonly ReferenceVectors[];
  /** Of each row. */
  readonly trackIds: Uint32Array;
  readonly signal: AbortSignal;
}

/** Queries with their true neighbours. */
export interface RecallSample {
  /** Of the queries. */
  readonly rows: readonly number[];
  readonly queries: readonly Float32Array[];
  /** Shape [queries][searched or more]. */
  readonly expected: readonly Neighbour[][];
  /** Of each row. */
  readonly trackIds: Uint32Array;
}

/** @param folder with the generation's vector files */
export async function sampleRecall(
  manifest: GenerationManifest,
  folder: string,
  { references, trackIds, signal }: RecallInput,
): Promise<RecallSample> {
  const { dimensions, parts } = manifest;
  const { rows, vectors: queries } = queriesOf(manifest, references);
  const exact = await FaissIndex.open({ dimensions, parts, shards: shardFilesOf(manifest, folder) });
  try {
    return { rows, queries, expected: await exact.search(queries, searched, { signal }), trackIds };
  } finally {
    await exact.close();
  }
}

/** @returns recall@5, [0, 1]: the share of the true nearest rows of other tracks by each part that were found, or rows as near */
export async function measureRecall(
  milvus: OpenIndex,
  { rows, queries, expected, trackIds }: RecallSample,
  signal: AbortSignal,
): Promise<number> {
  const found = await milvus.search(queries, searched, { signal });
  let [hits, wanted] = [0, 0];
  for (const [query, own] of rows.entries()) {
    const isOther = ({ row }: Neighbour) => trackIds[row] !== trackIds[own];
    for (const part of milvus.parts.keys()) {
      const nearest = nearestOthers(expected[query] ?? [], part, isOther);
      const got = nearestOthers(found[query] ?? [], part, isOther);
      const worst = got.length < nearest.length ? -1 : similarityIn(got.at(-1), part);
      wanted += nearest.length;
      hits += nearest.filter(
        (one) => got.some(({ row }) => row === one.row) || worst >= similarityIn(one, part) - tolerance,
      ).length;
    }
  }
  return wanted === 0 ? 1 : hits / wanted;
}

function nearestOthers(found: readonly Neighbour[], part: number, isOther: (one: Neighbour) => boolean): Neighbour[] {
  return nearestInPart(found, part, searched).filter(isOther).slice(0, neighbours);
}

function similarityIn(one: Neighbour | undefined, part: number): number {
  return one?.ofParts[part] ?? -1;
}

/** Whole vectors from those of the parts. */
function queriesOf({ dimensions, parts }: GenerationManifest, references: readonly ReferenceVectors[]) {
  const all = references[0]?.rows ?? [];
  const places = evenPlaces(all.length, recallQueries);
  const vectors = places.map((at) => {
    const vector = new Float32Array(dimensions);
    for (const [part, { from, weight }] of parts.entries()) {
      const own = references[part]?.vectors[at] ?? new Float32Array();
      vector.set(
        own.map((value) => value * Math.sqrt(weight)),
        from,
      );
    }
    return vector;
  });
  const isUnit = (vector: Float32Array) => Math.abs(lengthOf(vector) - 1) < 0.005;
  return {
    rows: places.map((at) => all[at] ?? 0).filter((_, at) => isUnit(vectors[at] ?? new Float32Array())),
    vectors: vectors.filter(isUnit),
  };
}

/** @throws {LeitmotifError} `config-invalid` for a recall that is too low */
export function assertRecall(recall: number, recallMin: number, indexType: string): void {
  if (recall >= recallMin) return;
  throw new LeitmotifError(
    'config-invalid',
    `Cannot use the new index: ${indexType} finds ${recall.toFixed(3)} of the nearest chunks, and MILVUS_RECALL_MIN is ` +
      `${recallMin}. Use MILVUS_INDEX=FLAT (exact), or accept less with MILVUS_RECALL_MIN. The previous generation stays`,
  );
}
