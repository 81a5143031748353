/** Moves the vectors of a new generation from its files to collections of their own, which are then verified. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { assertWritten } from '../../io/durable-file.ts';
import type { GenerationManifest } from '../manifest.ts';
import { IndexedRows } from '../rows-file.ts';
import type { MilvusClient } from './client.ts';
import { fillCollection, shardsOfPart, vectorFilesOf } from './fill.ts';
import { MilvusIndex } from './milvus-index.ts';
import { newCollection } from './names.ts';
import { assertRecall, measureRecall } from './recall.ts';
import { readReferenceVectors, writeReferences } from './references.ts';
import { buildParameters, indexTypeFor, type MilvusSettings } from './settings.ts';

export interface Move {
  /** Of a whole generation, with its vector files. */
  readonly manifest: GenerationManifest;
  readonly folder: string;
  readonly signal: AbortSignal;
}

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
  const indexType = indexTypeFor(settings, rowCount);
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
  const milvus = { collections: nonEmpty(collections), indexType, recall: 1, references: nonEmpty(references) };
  const inMilvus = { ...manifest, shards: [], milvus };
  for (const record of references) await assertWritten(path.join(folder, record.file), record, signal);
  const index = await MilvusIndex.open(client, inMilvus, folder);
  try {
    if (indexType !== 'FLAT') {
      const all = await readReferenceVectors(inMilvus, folder);
      milvus.recall = await measureRecall(index, manifest, folder, { references: all, signal });
      assertRecall(milvus.recall, settings.recallMin, indexType);
    }
  } finally {
    await index.close();
  }
  for (const file of vectorFilesOf(manifest, folder)) await rm(file);
  return inMilvus;
}

function nonEmpty<T>(list: readonly T[]): [T, ...T[]] {
  const [first, ...rest] = list;
  if (first === undefined) throw new RangeError('Cannot write the index: a space has no parts');
  return [first, ...rest];
}
