/** Writes a whole generation from rows. */
import path from 'node:path';
import { assertWritten } from '../io/durable-file.ts';
import { hubRecipeName } from '../ranking/hubs.ts';
import { partsOf, type SpacePart } from '../ranking/space-parts.ts';
import { type Spread, spreadRecipeName } from '../ranking/spread.ts';
import { FaissIndex } from './faiss-index.ts';
import { flatFormatIsKnown } from './flat-file.ts';
import { measureHubness } from './hub-measure.ts';
import { contentHash, filesOf, type GenerationManifest, type GenerationOptions } from './manifest.ts';
import { type Publication, publishGeneration } from './publish-generation.ts';
import { type IndexedRow, RowWriter, type WrittenRows } from './row-writer.ts';
import { shardFilesOf } from './shard-files.ts';
import { measureSpread, spreadRows } from './spread-measure.ts';
import { placeTracks, type TrackState, writeTracks } from './tracks-file.ts';

export interface GenerationInput extends Publication, GenerationKind {
  readonly catalogId: string;
  /** Number of rows in `rows`; needed in advance because FAISS's file begins with it. */
  readonly rowCount: number;
  /** Their order must depend on the catalog's content alone, because it decides ties. */
  readonly rows: Iterable<IndexedRow> | AsyncIterable<IndexedRow>;
  /** The tracks of the rows, in their order. With them, a later change can be added to the generation. */
  readonly tracks?: readonly TrackState[];
  /** Maximum number of index processes. @see shardSizes */
  readonly shardsMax: number;
  readonly createdAt: Date;
  readonly onProgress?: (rowsWritten: number) => void;
  /** Whether the installed FAISS uses the file format that we write. `checked` (the default) tests it, which starts a
   *  process; `unknown` lets FAISS write the files itself. @see flatFormatIsKnown */
  readonly flatFormat?: 'checked' | 'known' | 'unknown';
}

/** Generations of other kinds cannot be made from each other. */
export interface GenerationKind {
  readonly spaceId: string;
  readonly dimensions: number;
  readonly options: GenerationOptions;
  /** Whether to measure the hubness of each row, so that hubs can be corrected. @see hubs.ts */
  readonly hubs?: boolean;
}

const progressEachRows = 10_000;

/** As in the manifest. */
export function optionsOf({ spaceId, dimensions, options, hubs }: GenerationKind): GenerationOptions {
  const parts = partsOf(spaceId, dimensions);
  return {
    ...options,
    ...(hubs ? { hubs: hubRecipeName } : {}),
    spread: spreadRecipeName,
    parts: parts.map(({ name, from, dimensions, weight }) => `${name} ${from}+${dimensions} ${weight}`).join(', '),
  };
}

/** Writes a generation and makes it the current one of its space.
 *
 *  Equal content gives an equal id: if an intact generation of this content and catalog exists already, it is kept and
 *  made current.
 *
 *  @throws {RangeError} if the number of rows is not `rowCount`, or a vector is not a unit vector of `dimensions`
 *  @throws {LeitmotifError} `disk-full`, `index-corrupt` (the bytes read back differ from those written), `cancelled`
 */
export async function writeGeneration(input: GenerationInput): Promise<GenerationManifest> {
  return publishGeneration(input, (partial) => writeGenerationFiles(input, partial));
}

/** Writes all files but the manifest into the folder.
 *  @throws as writeGeneration */
export async function writeGenerationFiles(input: GenerationInput, partial: string): Promise<GenerationManifest> {
  const { spaceId, catalogId, dimensions, rowCount } = input;
  const parts = partsOf(spaceId, dimensions);
  const options = optionsOf(input);
  const written = await writeRows(input, parts, partial);
  const rows = { file: 'rows.bin', ...(await written.table.write(path.join(partial, 'rows.bin'))) };
  const tracks = input.tracks && placeTracks(input.tracks, written.table.trackIds);
  const trackFile = tracks && { file: 'tracks.bin', ...(await writeTracks(path.join(partial, 'tracks.bin'), tracks)) };
  const { vectorsSha256 } = written;
  const content = contentHash({ spaceId, dimensions, rowCount, options, rowsSha256: rows.sha256, vectorsSha256 });
  const hubs = input.hubs ? await writeHubs(input, parts, written, partial) : undefined;
  const spread = await spreadOf(input, parts, written, partial);
  const manifest: GenerationManifest = {
    format: 2,
    id: content.slice(0, 16),
    content,
    spaceId,
    catalogId,
    createdAt: input.createdAt.toISOString(),
    dimensions,
    rowCount,
    trackCount: written.table.trackCount,
    options,
    parts: [...parts] as GenerationManifest['parts'],
    shards: written.shards,
    rows,
    ...(trackFile === undefined ? {} : { tracks: trackFile }),
    ...(hubs === undefined ? {} : { hubs }),
    ...(spread === null ? {} : { spread }),
  };
  for (const file of filesOf(manifest)) await assertWritten(path.join(partial, file.file), file, input.signal);
  return manifest;
}

async function writeHubs(
  { shardsMax, signal }: GenerationInput,
  parts: readonly SpacePart[],
  { shards, table }: WrittenRows,
  folder: string,
) {
  const hubs: { file: string; bytes: number; sha256: string }[] = [];
  for (const [at, { name, dimensions }] of parts.entries()) {
    const slices = shards.map(({ rowCount, files }) => ({ rowCount, file: files[at]?.file ?? '' }));
    const { trackIds } = table;
    const measure = { folder, dimensions, shards: slices, trackIds, processesMax: shardsMax, signal };
    const hubness = await measureHubness(measure);
    const file = name === 'whole' ? 'hubs.bin' : `hubs-${name}.bin`;
    hubs.push({ file, ...(await hubness.write(path.join(folder, file))) });
  }
  return hubs;
}

async function spreadOf(
  { dimensions, signal }: GenerationInput,
  parts: readonly SpacePart[],
  { shards, sample, table }: WrittenRows,
  folder: string,
): Promise<Spread | null> {
  if (table.trackCount < 2) return null;
  const index = await FaissIndex.open({ dimensions, parts, shards: shardFilesOf({ shards, parts }, folder) });
  try {
    return await measureSpread(index, sample, table.trackIds, signal);
  } finally {
    await index.close();
  }
}

async function writeRows(input: GenerationInput, parts: readonly SpacePart[], partial: string): Promise<WrittenRows> {
  const { dimensions, rowCount, shardsMax, signal, onProgress } = input;
  const direct = await isFormatKnown(input, partial);
  const writer = new RowWriter({
    folder: partial,
    dimensions,
    parts,
    rowCount,
    shardsMax,
    direct,
    sampleRows: spreadRows(rowCount),
  });
  try {
    for await (const row of input.rows) {
      signal.throwIfAborted();
      await writer.add(row);
      if (writer.rowsWritten % progressEachRows === 0) onProgress?.(writer.rowsWritten);
    }
    return await writer.finish();
  } finally {
    await writer.abandon();
  }
}

export async function isFormatKnown(
  { flatFormat = 'checked' }: Pick<GenerationInput, 'flatFormat'>,
  folder: string,
): Promise<boolean> {
  return flatFormat === 'checked' ? flatFormatIsKnown(folder) : flatFormat === 'known';
}
