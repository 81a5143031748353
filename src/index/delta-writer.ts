/** Writes a generation that adds a delta to the files of an earlier one: see delta-plan.ts. */
import path from 'node:path';
import { assertWritten } from '../io/durable-file.ts';
import { linkOrCopy } from '../io/link-file.ts';
import { Hubness } from '../ranking/hubs.ts';
import { type DeltaChange, type DeltaPlan, rowsIn } from './delta-plan.ts';
import { spaceFolder } from './generation-folder.ts';
import { isFormatKnown, optionsOf } from './generation-writer.ts';
import { measureHubness, readReferences } from './hub-measure.ts';
import { contentHash, filesOf, type GenerationManifest } from './manifest.ts';
import { type Publication, publishGeneration } from './publish-generation.ts';
import { RowWriter, type WrittenRows } from './row-writer.ts';
import { IndexedRows } from './rows-file.ts';
import { hashOfPlaces, placeTracks, type TrackRows, writeTracks } from './tracks-file.ts';

export interface DeltaInput extends DeltaChange, Publication {
  readonly plan: DeltaPlan;
  /** Maximum number of processes that measure hubs. */
  readonly shardsMax: number;
  readonly createdAt: Date;
  /** @see GenerationInput.flatFormat */
  readonly flatFormat?: 'checked' | 'known' | 'unknown';
}

interface Delta {
  /** The delta's own rows. */
  readonly written: WrittenRows;
  /** Of the base. */
  readonly baseShards: GenerationManifest['shards'];
  /** Of all rows, dropped ones too. */
  readonly table: IndexedRows;
  readonly tracks: readonly TrackRows[];
}

/** Writes the generation and makes it the current one of its space.
 *  @throws {LeitmotifError} `disk-full`, `index-corrupt`, `cancelled` */
export async function writeDelta(input: DeltaInput): Promise<GenerationManifest> {
  return publishGeneration(input, (partial) => writeFiles(input, partial));
}

async function writeFiles(input: DeltaInput, partial: string): Promise<GenerationManifest> {
  const { from, plan, signal, hubs } = input;
  const { spaceId, catalogId, dimensions } = from;
  const delta = await writeDeltaRows(input, partial);
  const { written, baseShards, table, tracks } = delta;
  const rows = { file: 'rows.bin', ...(await table.write(path.join(partial, 'rows.bin'))) };
  const trackFile = { file: 'tracks.bin', ...(await writeTracks(path.join(partial, 'tracks.bin'), tracks)) };
  const hubFiles = hubs && from.hubs ? await writeHubs(input, delta, from.hubs, partial) : undefined;
  const options = optionsOf(input);
  const { rowCount } = table;
  const base = { content: plan.base.content, tracksSha256: hashOfPlaces(tracks) };
  const { vectorsSha256 } = written;
  const content = contentHash({ spaceId, dimensions, rowCount, options, rowsSha256: rows.sha256, vectorsSha256, base });
  const manifest: GenerationManifest = {
    ...{ format: 2, id: content.slice(0, 16), content, spaceId, catalogId, createdAt: input.createdAt.toISOString() },
    ...{ dimensions, rowCount, trackCount: tracks.length, options, parts: from.parts },
    ...{ shards: [...baseShards, ...written.shards], rows, tracks: trackFile, base: plan.base },
    ...(hubFiles === undefined ? {} : { hubs: hubFiles }),
    ...(from.spread === undefined ? {} : { spread: from.spread }),
  };
  const ofBase = new Set(baseShards.flatMap(({ files }) => files.map(({ file }) => file)));
  for (const file of filesOf(manifest)) {
    if (!ofBase.has(file.file)) await assertWritten(path.join(partial, file.file), file, signal);
  }
  return manifest;
}

async function writeDeltaRows(input: DeltaInput, partial: string): Promise<Delta> {
  const { from, plan, signal, dimensions, rowsOf } = input;
  const { base, kept, carried, added } = plan;
  const baseShards = from.shards.slice(0, base.shards);
  for (const file of baseShards.flatMap(({ files }) => files)) {
    await linkOrCopy(path.join(folderOf(input), file.file), path.join(partial, file.file), file, signal);
  }
  const rowCount = rowsIn(carried) + rowsIn(added);
  const direct = rowCount === 0 || (await isFormatKnown(input, partial));
  const writer = new RowWriter({
    ...{ folder: partial, dimensions, parts: from.parts, rowCount, sampleRows: [] },
    ...{ shardsMax: 1, firstShard: base.shards, direct },
  });
  try {
    // Carried rows first: their hubness is known, so that the rows to measure are contiguous.
    for (const tracks of [carried, added]) {
      for (const row of rowsOf(tracks.map(({ trackId }) => trackId))) {
        signal.throwIfAborted();
        await writer.add(row);
      }
    }
    const written = await writer.finish();
    const old = await IndexedRows.read(path.join(folderOf(input), from.rows.file), from.rowCount, from.rows);
    const table = IndexedRows.join([
      { of: old, from: 0, to: base.rowCount },
      { of: written.table, from: 0, to: rowCount },
    ]);
    const placed = placeTracks([...carried, ...added], written.table.trackIds, base.rowCount);
    return { written, baseShards, table, tracks: [...kept, ...placed] };
  } finally {
    await writer.abandon();
  }
}

async function writeHubs(
  input: DeltaInput,
  delta: Delta,
  old: NonNullable<GenerationManifest['hubs']>,
  partial: string,
) {
  const hubs: { file: string; bytes: number; sha256: string }[] = [];
  for (const [part, record] of old.entries()) {
    const before = await Hubness.read(path.join(folderOf(input), record.file), input.from.rowCount, record);
    const hubness = await extendHubness(input, delta, before, { part, folder: partial });
    hubs.push({ file: record.file, ...(await hubness.write(path.join(partial, record.file))) });
  }
  return hubs;
}

/** The measures of the base's and of carried rows are copied; added rows are measured against the base's references. */
async function extendHubness(
  { from, plan, shardsMax, signal }: DeltaInput,
  { written, baseShards, table }: Delta,
  before: Hubness,
  { part, folder }: { readonly part: number; readonly folder: string },
): Promise<Hubness> {
  const { base, carried, added } = plan;
  const pieces = [
    { of: before, from: 0, to: base.rowCount },
    ...carried.map(({ firstRow, rowCount }) => ({ of: before, from: firstRow, to: firstRow + rowCount })),
  ];
  if (added.length === 0) return Hubness.join(pieces);
  const dimensions = from.parts[part]?.dimensions ?? 0;
  const filesIn = (shards: GenerationManifest['shards']) =>
    shards.map(({ rowCount, files }) => ({ rowCount, file: files[part]?.file ?? '' }));
  const measured = await measureHubness({
    ...{ folder, dimensions, shards: filesIn(written.shards), trackIds: written.table.trackIds },
    ...{ fromRow: rowsIn(carried), processesMax: shardsMax, signal },
    references: await readReferences({
      ...{ folder, dimensions, shards: filesIn(baseShards) },
      trackIds: table.trackIds.subarray(0, base.rowCount),
    }),
  });
  return Hubness.join([...pieces, { of: measured, from: 0, to: measured.rowCount }]);
}

function folderOf({ indexDir, from }: Pick<DeltaInput, 'indexDir' | 'from'>): string {
  return path.join(spaceFolder(indexDir, from.spaceId), from.id);
}
