/** Moves the vectors of a new generation from its files to collections of their own, which are then verified. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { assertWritten } from '../../io/durable-file.ts';
import type { GenerationManifest } from '../manifest.ts';
import { IndexedRows } from '../rows-file.ts';
import type { OpenIndex } from '../vector-index.ts';
import type { MilvusClient } from './client.ts';
import { fillCollection, shardsOfPart, vectorFilesOf } from './fill.ts';
import { MilvusIndex } from './milvus-index.ts';
import { newCollection } from './names.ts';
import { assertRecall, measureRecall, sampleRecall } from './recall.ts';
import { readReferenceVectors, writeReferences } from './references.ts';
import { buildParameters, effortsOf, indexTypeFor, type MilvusSettings } from './settings.ts';

export interface Move {
  /** Of a whole generation, with its vector files. */
  readonly manifest: GenerationManifest;
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Two standard errors of a recall of .98 that is measured with 200 queries. */
const recallMargin = 0.01;

/** Milvus refuses an index and a search over nothing only in some versions; an empty generation needs neither. */
export async function moveToMilvus(
  client: MilvusClient,
  settings: MilvusSettings,
  move: Move,
): Promise<GenerationManifest> {
  const collections: string[] = [];
  try {
    return await moved(client, settings, move, collections);
  } catch (error) {
    // The next run drops what cannot be dropped now.
    for (const collection of collections) await client.drop(collection).catch(() => {});
    throw error;
  }
}

async function moved(
  client: MilvusClient,
  settings: MilvusSettings,
  { manifest, folder, signal }: Move,
  collections: string[],
): Promise<GenerationManifest> {
  const { parts, rowCount, spaceId, id, rows } = manifest;
  const indexType = indexTypeFor(settings, rowCount, await client.version(signal));
  const references: NonNullable<GenerationManifest['milvus']>['references'][number][] = [];
  const { trackIds } = await IndexedRows.read(path.join(folder, rows.file), rowCount, rows);
  for (const [at, part] of parts.entries()) {
    const { dimensions, name } = part;
    const shards = shardsOfPart(manifest, at);
    references.push(await writeReferences(folder, name, { dimensions, shards, rowCount }));
    const collection = newCollection(settings.prefix, manifest, name);
    collections.push(collection);
    await client.create(collection, dimensions, `Leitmotif: ${name} of ${spaceId}, generation ${id}`);
    await fillCollection({
      client,
      collection,
      folder,
      dimensions,
      shards,
      trackIds,
      firstRow: 0,
      isNew: true,
      signal,
    });
    await client.flush(collection, signal);
    await client.index(collection, indexType, buildParameters(indexType, rowCount));
  }
  for (const collection of collections) {
    await client.indexed(collection, signal);
    await client.ready(collection, signal);
  }
  for (const record of references) await assertWritten(path.join(folder, record.file), record, signal);
  const milvus = { collections: nonEmpty(collections), indexType, recall: 1, references: nonEmpty(references) };
  const checked = { milvus, trackIds, recallMin: settings.recallMin };
  const verified = await verify(client, { manifest, folder, signal }, checked);
  for (const file of vectorFilesOf(manifest, folder)) await rm(file);
  return verified;
}

interface Checked {
  readonly milvus: NonNullable<GenerationManifest['milvus']>;
  /** Of each row. */
  readonly trackIds: Uint32Array;
  readonly recallMin: number;
}

/** Opens the generation, which compares it with its files. Of an index that is not exact, finds the least effort whose recall is
 *  clearly enough. */
async function verify(
  client: MilvusClient,
  { manifest, folder, signal }: Move,
  { milvus, trackIds, recallMin }: Checked,
): Promise<GenerationManifest> {
  let reuse: OpenIndex | null = null;
  const open = async <T>(written: GenerationManifest, work: (index: OpenIndex) => Promise<T>): Promise<T> => {
    const index = await MilvusIndex.open(client, written, folder, reuse);
    reuse = index;
    try {
      return await work(index);
    } finally {
      await index.close();
    }
  };
  const moved = { ...manifest, shards: [], milvus };
  if (milvus.indexType === 'FLAT') return open(moved, async () => moved);
  const references = await readReferenceVectors(moved, folder);
  const sample = await sampleRecall(manifest, folder, { references, trackIds, signal });
  let [recall, measured] = [0, moved];
  for (const effort of effortsOf(milvus.indexType)) {
    const tried = { ...moved, milvus: { ...milvus, effort } };
    recall = await open(tried, (index) => measureRecall(index, sample, signal));
    measured = { ...moved, milvus: { ...milvus, effort, recall } };
    if (recall >= Math.min(1, recallMin + recallMargin)) break;
  }
  assertRecall(recall, recallMin, milvus.indexType);
  return measured;
}

function nonEmpty<T>(list: readonly T[]): [T, ...T[]] {
  const [first, ...rest] = list;
  if (first === undefined) throw new RangeError('Cannot write the index: a space has no parts');
  return [first, ...rest];
}
