/** From rows to a generation that answers: written aside, synced, read back, renamed, and only then named by CURRENT.
 *
 *  A kill, a full disk or an error at any moment leaves the old generation in force and at most a `.partial` folder,
 *  which the next writer removes.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { orDiskFull } from '../io/disk-full.ts';
import { assertWritten, replaceFile, syncFolder } from '../io/durable-file.ts';
import { hubRecipeName } from '../ranking/hubs.ts';
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
import { readWholeGeneration } from './whole-generation.ts';

export interface GenerationInput {
  readonly indexDir: string;
  readonly spaceId: string;
  readonly catalogId: string;
  readonly dimensions: number;
  /** How many rows will come: FAISS's file begins with it. */
  readonly rowCount: number;
  /** In an order that depends on the catalog's content alone: it decides between equals. */
  readonly rows: Iterable<IndexedRow> | AsyncIterable<IndexedRow>;
  readonly options: GenerationOptions;
  /** Measures how near each row is to its surroundings, so that hubs can be corrected. @see hubs.ts */
  readonly hubs?: boolean;
  /** Index processes at most. @see shardSizes */
  readonly shardsMax: number;
  /** Generations kept, the new one included. */
  readonly keep?: number;
  readonly createdAt: Date;
  readonly signal: AbortSignal;
  readonly onProgress?: (rowsWritten: number) => void;
  /** Whether the FAISS that is installed writes files as we do. `checked` (the default) finds out, which costs the start
   *  of a process; `unknown` has FAISS write the files itself. @see flatFormatIsKnown */
  readonly flatFormat?: 'checked' | 'known' | 'unknown';
}

const progressEachRows = 10_000;

/** Writes a generation and makes it the current one of its space.
 *
 *  Equal content gives an equal id: where a whole generation of this content and catalog is there already, it is kept
 *  and made current.
 *
 *  @throws {RangeError} when other than `rowCount` rows come, or one is not a unit vector of `dimensions`
 *  @throws {LeitmotifError} `disk-full`, `index-corrupt` (other bytes came back than were written), `cancelled`
 */
export async function writeGeneration(input: GenerationInput): Promise<GenerationManifest> {
  const folder = spaceFolder(input.indexDir, input.spaceId);
  await orDiskFull(folder, () => mkdir(folder, { recursive: true }));
  await sweepPartials(folder);
  const partial = partialFolder(folder, randomUUID());
  try {
    await orDiskFull(partial, () => mkdir(partial));
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

/** Everything but the manifest's final id; nothing outside of `partial`. */
async function writePartial(input: GenerationInput, partial: string): Promise<GenerationManifest> {
  const { spaceId, catalogId, dimensions, rowCount } = input;
  const options = { ...input.options, ...(input.hubs ? { hubs: hubRecipeName } : {}) };
  const written = await writeRows(input, partial);
  const rows = { file: 'rows.bin', ...(await written.table.write(path.join(partial, 'rows.bin'))) };
  const { vectorsSha256 } = written;
  const content = contentHash({ spaceId, dimensions, rowCount, options, rowsSha256: rows.sha256, vectorsSha256 });
  const hubs = input.hubs ? await writeHubs(input, written, partial) : undefined;
  const manifest: GenerationManifest = {
    format: 1,
    id: content.slice(0, 16),
    content,
    spaceId,
    catalogId,
    createdAt: input.createdAt.toISOString(),
    dimensions,
    rowCount,
    trackCount: written.table.trackCount,
    options,
    shards: written.shards,
    rows,
    ...(hubs === undefined ? {} : { hubs }),
  };
  for (const file of filesOf(manifest)) await assertWritten(path.join(partial, file.file), file, input.signal);
  return manifest;
}

async function writeHubs({ dimensions, shardsMax, signal }: GenerationInput, written: WrittenRows, folder: string) {
  const { shards, table } = written;
  const { trackIds } = table;
  const hubness = await measureHubness({ folder, dimensions, shards, trackIds, processesMax: shardsMax, signal });
  return { file: 'hubs.bin', ...(await hubness.write(path.join(folder, 'hubs.bin'))) };
}

async function writeRows(input: GenerationInput, partial: string): Promise<WrittenRows> {
  const { dimensions, rowCount, shardsMax, signal, onProgress } = input;
  const direct = await isFormatKnown(input, partial);
  const writer = new RowWriter({ folder: partial, dimensions, rowCount, shardsMax, direct });
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

/** Gives the partial folder its id and its name.
 *
 *  A folder of this name is never overwritten, since CURRENT may name it: it is kept where it is whole and of the same
 *  catalog; otherwise (damaged, or another catalog's) the new one gets a number behind its id.
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
      await orDiskFull(target, () => rename(partial, target));
      await syncFolder(folder);
      return named;
    }
    // Damaged in any way counts as another's.
    const there = await readWholeGeneration(target).catch(() => null);
    if (there?.catalogId === manifest.catalogId && there.content === manifest.content) return there;
  }
}

async function makeCurrent(folder: string, id: string, keep: number): Promise<void> {
  const before = await readCurrent(folder).catch(() => []);
  const ids = [id, ...before.filter((other) => other !== id)];
  await writeCurrent(folder, ids.slice(0, Math.max(1, keep)));
  await pruneGenerations(folder);
}
