/** Writes a generation that shares the collections of an earlier one: rows that are new are added under numbers that no row had
 *  before, and rows that it has no more are skipped. The earlier generation still answers as it did. */

import { rm } from 'node:fs/promises';
import path from 'node:path';
import { assertWritten } from '../../io/durable-file.ts';
import { linkOrCopy } from '../../io/link-file.ts';
import { Hubness } from '../../ranking/hubs.ts';
import { rowsIn } from '../delta-plan.ts';
import type { DeltaInput } from '../delta-writer.ts';
import { spaceFolder } from '../generation-folder.ts';
import { optionsOf } from '../generation-writer.ts';
import { measureHubness } from '../hub-measure.ts';
import { contentHash, filesOf, type GenerationManifest } from '../manifest.ts';
import { RowWriter, type WrittenRows } from '../row-writer.ts';
import { IndexedRows } from '../rows-file.ts';
import { hashOfPlaces, placeTracks, writeTracks } from '../tracks-file.ts';
import type { MilvusClient } from './client.ts';
import { corruptCollection } from './failures.ts';
import { fillCollection } from './fill.ts';
import { readReferenceVectors } from './references.ts';
import { settleAll } from './whole.ts';

export interface AdditionPlace {
  /** Folder of the new generation. */
  readonly partial: string;
  /** Number of the first added row. Numbers between it and the earlier generation's rows are nobody's. */
  readonly firstRow: number;
}

/** @throws {LeitmotifError} `disk-full`, `index-corrupt`, `index-unavailable`, `cancelled` */
export async function addRows(
  client: MilvusClient,
  input: DeltaInput,
  place: AdditionPlace,
): Promise<GenerationManifest> {
  const { partial, firstRow } = place;
  const { from, plan, signal, hubs, dimensions } = input;
  const { milvus, spaceId, catalogId } = from;
  if (milvus === undefined) throw new RangeError('Cannot add rows: the vectors of the generation are not in Milvus');
  const folder = folderOf(input);
  for (const record of milvus.references) {
    await linkOrCopy(path.join(folder, record.file), path.join(partial, record.file), record, signal);
  }
  const written = await writeAdded(input, partial);
  const old = await IndexedRows.read(path.join(folder, from.rows.file), from.rowCount, from.rows);
  const table = IndexedRows.join([
    { of: old, from: 0, to: from.rowCount },
    { of: IndexedRows.withRoomFor(firstRow - from.rowCount), from: 0, to: firstRow - from.rowCount },
    { of: written.table, from: 0, to: written.table.rowCount },
  ]);
  const { rowCount } = table;
  const tracks = [...plan.kept, ...plan.carried, ...placeTracks(plan.added, written.table.trackIds, firstRow)];
  const rows = { file: 'rows.bin', ...(await table.write(path.join(partial, 'rows.bin'))) };
  const trackFile = { file: 'tracks.bin', ...(await writeTracks(path.join(partial, 'tracks.bin'), tracks)) };
  const sending = from.parts.map((_, part) => send(client, input, written, { ...place, part }));
  const measuring = hubs && from.hubs ? writeHubs(input, written, { ...place, old }) : Promise.resolve(undefined);
  await settleAll([...sending, measuring]);
  const hubFiles = await measuring;
  for (const { file } of written.shards.flatMap(({ files }) => files)) await rm(path.join(partial, file));
  const options = optionsOf(input);
  const base = { content: plan.base.content, tracksSha256: hashOfPlaces(tracks) };
  const { vectorsSha256 } = written;
  const content = contentHash({ spaceId, dimensions, rowCount, options, rowsSha256: rows.sha256, vectorsSha256, base });
  const manifest: GenerationManifest = {
    ...{ format: 2, id: content.slice(0, 16), content, spaceId, catalogId, createdAt: input.createdAt.toISOString() },
    ...{ dimensions, rowCount, trackCount: tracks.length, options, parts: from.parts, shards: [] },
    ...{ rows, tracks: trackFile, base: { ...plan.base, shards: 0, droppedRows: rowCount - rowsIn(tracks) } },
    ...(hubFiles === undefined ? {} : { hubs: hubFiles }),
    milvus,
    ...(from.spread === undefined ? {} : { spread: from.spread }),
  };
  for (const file of filesOf(manifest)) await assertWritten(path.join(partial, file.file), file, signal);
  return manifest;
}

/** The added rows as files, to measure and to send them. */
async function writeAdded(input: DeltaInput, partial: string): Promise<WrittenRows> {
  const { from, plan, signal, dimensions, rowsOf } = input;
  const rowCount = rowsIn(plan.added);
  // FAISS does not read these files.
  const writer = new RowWriter({
    ...{ folder: partial, dimensions, parts: from.parts, rowCount, sampleRows: [], shardsMax: 1, direct: true },
  });
  try {
    for (const row of rowsOf(plan.added.map(({ trackId }) => trackId))) {
      signal.throwIfAborted();
      await writer.add(row);
    }
    return await writer.finish();
  } finally {
    await writer.abandon();
  }
}

/** The measures of rows that were there are copied; added rows are measured against the base's references. */
async function writeHubs(
  input: DeltaInput,
  { shards, table }: WrittenRows,
  { partial, firstRow, old }: AdditionPlace & { readonly old: IndexedRows },
) {
  const { from, shardsMax, signal } = input;
  const folder = folderOf(input);
  const references = await readReferenceVectors(from, folder);
  const hubs: { file: string; bytes: number; sha256: string }[] = [];
  for (const [part, record] of (from.hubs ?? []).entries()) {
    const pieces = [
      { of: await Hubness.read(path.join(folder, record.file), from.rowCount, record), from: 0, to: from.rowCount },
    ];
    const gap = firstRow - from.rowCount;
    pieces.push({ of: Hubness.of(new Float32Array(gap)), from: 0, to: gap });
    const { rows = [], vectors = [] } = references[part] ?? {};
    const { dimensions = 0 } = from.parts[part] ?? {};
    if (table.rowCount > 0) {
      const values = new Float32Array(rows.length * dimensions);
      for (const [at, vector] of vectors.entries()) values.set(vector, at * dimensions);
      const measured = await measureHubness({
        ...{ folder: partial, dimensions, trackIds: table.trackIds, processesMax: shardsMax, signal },
        shards: shards.map(({ rowCount, files }) => ({ rowCount, file: files[part]?.file ?? '' })),
        references: { vectors: values, tracks: Uint32Array.from(rows, (row) => old.trackIds[row] ?? 0) },
      });
      pieces.push({ of: measured, from: 0, to: measured.rowCount });
    }
    hubs.push({ file: record.file, ...(await Hubness.join(pieces).write(path.join(partial, record.file))) });
  }
  return hubs;
}

/** Adds the rows to the collection of one part, and verifies that they are there. */
async function send(
  client: MilvusClient,
  { from, signal }: DeltaInput,
  { shards, table }: WrittenRows,
  { partial, firstRow, part }: AdditionPlace & { readonly part: number },
): Promise<void> {
  const collection = from.milvus?.collections[part] ?? '';
  const files = shards.map(({ rowCount, files: own }) => ({ rowCount, file: own[part]?.file ?? '' }));
  await client.ready(collection, signal);
  if (table.rowCount === 0) return;
  const rows = { folder: partial, dimensions: from.parts[part]?.dimensions ?? 0, shards: files };
  await fillCollection({ client, collection, ...rows, trackIds: table.trackIds, firstRow, isNew: false, signal });
  let count = await client.count(collection, `row >= ${firstRow}`, signal);
  if (count > table.rowCount) {
    // A run that was killed has sent more. Those with the same numbers were replaced.
    await client.deleteFrom(collection, firstRow + table.rowCount, signal);
    count = await client.count(collection, `row >= ${firstRow}`, signal);
  }
  if (count !== table.rowCount) {
    throw corruptCollection(collection, `expected ${table.rowCount} added rows, got ${count}`);
  }
}

function folderOf({ indexDir, from }: Pick<DeltaInput, 'indexDir' | 'from'>): string {
  return path.join(spaceFolder(indexDir, from.spaceId), from.id);
}
