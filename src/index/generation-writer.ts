/** Writes a generation from rows: into a `.partial` folder, synced, read back, renamed, and only then named in CURRENT.
 *
 *  After a kill, a full disk or an error at any moment the old generation is still current, and at most a `.partial`
 *  folder is left, which the next writer removes.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { withDiskFullError } from '../io/disk-full.ts';
import { assertWritten, replaceFile, syncFolder } from '../io/durable-file.ts';
import { hubRecipeName } from '../ranking/hubs.ts';
import { partsOf, type SpacePart } from '../ranking/space-parts.ts';
import { type Spread, spreadRecipeName } from '../ranking/spread.ts';
import { FaissIndex } from './faiss-index.ts';
import { flatFormatIsKnown } from './flat-file.ts';
import {
  exists,
  partialFolder,
  pruneGenerations,
  readCurrent,
  spaceFolder,
  sweepPartials,
  writeCurrent,
} from './generation-folder.ts';
import { measureHubness } from './hub-measure.ts';
import {
  contentHash,
  filesOf,
  formatManifest,
  type GenerationManifest,
  type GenerationOptions,
  manifestName,
} from './manifest.ts';
import { type IndexedRow, RowWriter, type WrittenRows } from './row-writer.ts';
import { shardFilesOf } from './shard-files.ts';
import { measureSpread, spreadRows } from './spread-measure.ts';
import { verifyGeneration } from './verify-generation.ts';

export interface GenerationInput {
  readonly indexDir: string;
  readonly spaceId: string;
  readonly catalogId: string;
  readonly dimensions: number;
  /** Number of rows in `rows`; needed in advance because FAISS's file begins with it. */
  readonly rowCount: number;
  /** Their order must depend on the catalog's content alone, because it decides ties. */
  readonly rows: Iterable<IndexedRow> | AsyncIterable<IndexedRow>;
  readonly options: GenerationOptions;
  /** Whether to measure the hubness of each row, so that hubs can be corrected. @see hubs.ts */
  readonly hubs?: boolean;
  /** Maximum number of index processes. @see shardSizes */
  readonly shardsMax: number;
  /** Number of generations kept, including the new one. */
  readonly keep?: number;
  readonly createdAt: Date;
  readonly signal: AbortSignal;
  readonly onProgress?: (rowsWritten: number) => void;
  /** Whether the installed FAISS uses the file format that we write. `checked` (the default) tests it, which starts a
   *  process; `unknown` lets FAISS write the files itself. @see flatFormatIsKnown */
  readonly flatFormat?: 'checked' | 'known' | 'unknown';
}

const progressEachRows = 10_000;

/** Writes a generation and makes it the current one of its space.
 *
 *  Equal content gives an equal id: if an intact generation of this content and catalog exists already, it is kept and
 *  made current.
 *
 *  @throws {RangeError} if the number of rows is not `rowCount`, or a vector is not a unit vector of `dimensions`
 *  @throws {LeitmotifError} `disk-full`, `index-corrupt` (the bytes read back differ from those written), `cancelled`
 */
export async function writeGeneration(input: GenerationInput): Promise<GenerationManifest> {
  const folder = spaceFolder(input.indexDir, input.spaceId);
  await withDiskFullError(folder, () => mkdir(folder, { recursive: true }));
  await sweepPartials(folder);
  const partial = partialFolder(folder, randomUUID());
  try {
    await withDiskFullError(partial, () => mkdir(partial));
    const manifest = await writePartial(input, partial);
    const kept = await keepOrRename(folder, partial, manifest);
    await makeCurrent(folder, kept.id, input.keep ?? 2);
    return kept;
  } catch (error) {
    if (input.signal.aborted)
      throw new LeitmotifError('cancelled', 'Writing the index was cancelled', { cause: error });
    throw error;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Writes all files but the manifest, which gets its final id later. Writes only into `partial`. */
async function writePartial(input: GenerationInput, partial: string): Promise<GenerationManifest> {
  const { spaceId, catalogId, dimensions, rowCount } = input;
  const parts = partsOf(spaceId, dimensions);
  const options = {
    ...input.options,
    ...(input.hubs ? { hubs: hubRecipeName } : {}),
    spread: spreadRecipeName,
    parts: parts.map(({ name, from, dimensions, weight }) => `${name} ${from}+${dimensions} ${weight}`).join(', '),
  };
  const written = await writeRows(input, parts, partial);
  const rows = { file: 'rows.bin', ...(await written.table.write(path.join(partial, 'rows.bin'))) };
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

async function isFormatKnown({ flatFormat = 'checked' }: GenerationInput, folder: string): Promise<boolean> {
  return flatFormat === 'checked' ? flatFormatIsKnown(folder) : flatFormat === 'known';
}

/** Renames the partial folder to the generation's id.
 *
 *  An existing folder of this name is never overwritten, because CURRENT may name it. If it is intact and of the same
 *  catalog, it is kept; otherwise (damaged, or of another catalog) the new generation gets a number after its id.
 */
async function keepOrRename(
  folder: string,
  partial: string,
  manifest: GenerationManifest,
): Promise<GenerationManifest> {
  for (let attempt = 1; ; attempt += 1) {
    const id = attempt === 1 ? manifest.id : `${manifest.id}-${attempt}`;
    const target = path.join(folder, id);
    if (!(await exists(target))) {
      const named = { ...manifest, id };
      await replaceFile(path.join(partial, manifestName), formatManifest(named));
      await withDiskFullError(target, () => rename(partial, target));
      await syncFolder(folder);
      return named;
    }
    // A damaged generation counts as a different one.
    const there = await verifyGeneration(target).catch(() => null);
    if (there?.catalogId === manifest.catalogId && there.content === manifest.content) return there;
  }
}

async function makeCurrent(folder: string, id: string, keep: number): Promise<void> {
  const before = await readCurrent(folder).catch(() => []);
  const ids = [id, ...before.filter((other) => other !== id)];
  await writeCurrent(folder, ids.slice(0, Math.max(1, keep)));
  await pruneGenerations(folder);
}
