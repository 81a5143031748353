/** Index runs on a disk that grows a page at a time until it is large enough, so that it is full once at every file that
 *  a run writes. */
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { LeitmotifError } from '../../src/errors.ts';
import { exists, readCurrent, spaceFolder } from '../../src/index/generation-folder.ts';
import { IndexHost } from '../../src/index/index-host.ts';
import { filesOf, readManifest } from '../../src/index/manifest.ts';
import { FolderGenerations } from '../../src/indexing/folder-generations.ts';
import type { Embed } from '../../src/indexing/index-track.ts';
import { runIndex } from '../../src/indexing/run.ts';
import { assertWritten } from '../../src/io/durable-file.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import { hasSmallDisks, pageBytes, SmallDisk } from '../support/small-disk.ts';
import { keepTemporaryInMemory } from '../support/temporary-in-memory.ts';
import { Bench, embedBytes, rowsByKey } from './helpers.ts';

const spaceId = 'space-a';
/** A run needs a megabyte and a half. */
const roomMaxBytes = 100_000_000;
/** Makes a generation larger than the catalog writes before it. */
const dimensions = 2048;
const never = new AbortController().signal;

keepTemporaryInMemory();

function putPieces(bench: Bench, from: number, to: number): void {
  for (let at = from; at < to; at++) bench.put(`${at}.mp3`, `piece ${'x'.repeat(at % 4)} ${at}`);
}

const embed: Embed = async (file) => {
  const recording = embedBytes(readFileSync(file));
  const wide = (vector: Float32Array) => {
    const vectors = new Float32Array(dimensions);
    vectors.set(vector);
    return vectors;
  };
  return { ...recording, chunks: recording.chunks.map((chunk) => ({ ...chunk, vector: wide(chunk.vector) })) };
};

/** One run as in the program: opens the catalog and closes it.
 *  @returns the error that ended it, or null */
async function attempt(bench: Bench, indexDir: string, baseRowsMin?: number): Promise<unknown> {
  try {
    using catalog = new Catalog(path.join(indexDir, 'catalog.sqlite'));
    await runIndex({
      ...{ catalog, spaceId, embed, concurrency: 3, signal: never },
      library: new FolderLibrary(bench.music),
      generations: new FolderGenerations({
        indexDir,
        catalogId: catalog.id,
        shardsMax: 2,
        hubs: true,
        ...(baseRowsMin ? { baseRowsMin } : {}),
      }),
      lockPath: path.join(indexDir, 'index.lock'),
    });
    return null;
  } catch (error) {
    return error;
  }
}

/** A run that ends before it writes a generation. */
async function embedOnly(bench: Bench, indexDir: string): Promise<void> {
  using catalog = new Catalog(path.join(indexDir, 'catalog.sqlite'));
  const refused = new LeitmotifError('cancelled', 'No generation is wanted');
  const generations = { current: () => Promise.resolve(null), write: () => Promise.reject(refused) };
  const library = new FolderLibrary(bench.music);
  const lockPath = path.join(indexDir, 'index.lock');
  const run = runIndex({ catalog, spaceId, embed, concurrency: 3, signal: never, library, generations, lockPath });
  await expect(run).rejects.toMatchObject({ code: 'cancelled' });
}

/** Reads a copy of the disk's content, because the disk has no room for a reader's files.
 *  @returns the content of the catalog; null if there is none yet */
async function assertIntact(indexDir: string): Promise<Record<string, string[]> | null> {
  const folder = spaceFolder(indexDir, spaceId);
  const generations = (await exists(folder)) ? readdirSync(folder, { withFileTypes: true }) : [];
  for (const entry of generations) {
    if (!entry.isDirectory() || entry.name.endsWith('.partial')) continue;
    const manifest = await readManifest(path.join(folder, entry.name, 'manifest.json'));
    for (const file of filesOf(manifest)) await assertWritten(path.join(folder, entry.name, file.file), file);
  }
  for (const id of await readCurrent(folder)) expect(generations.map(({ name }) => name)).toContain(id);
  if (!(await exists(path.join(indexDir, 'catalog.sqlite')))) return null;
  const copy = path.join(tmpdir(), 'copy');
  rmSync(copy, { recursive: true, force: true });
  cpSync(indexDir, copy, { recursive: true });
  using catalog = new Catalog(path.join(copy, 'catalog.sqlite'));
  expect(catalog.inspection.file(true)).toEqual([]);
  expect(catalog.inspection.repairCounts()).toBe(0);
  return catalog.spaces.get(spaceId) ? rowsByKey(catalog, spaceId) : null;
}

/** Runs until the disk is large enough.
 *  @returns the names of the files at which the disk was full, each once */
async function growUntilDone(
  bench: Bench,
  disk: SmallDisk,
  check: () => Promise<void>,
  baseRowsMin?: number,
): Promise<string[]> {
  const named = new Set<string>();
  let kept = -1;
  for (let size = disk.usedBytes; size < roomMaxBytes; size += pageBytes) {
    disk.resize(Math.max(size, disk.usedBytes));
    const error = await attempt(bench, disk.path, baseRowsMin);
    const rows = Object.keys((await assertIntact(disk.path)) ?? {}).length;
    expect(rows).toBeGreaterThanOrEqual(kept);
    kept = rows;
    await check();
    if (error === null) return [...named];
    expect(error).toBeInstanceOf(LeitmotifError);
    const { code, message } = error as LeitmotifError;
    expect([code, message]).toEqual(['disk-full', expect.stringContaining(disk.path)]);
    named.add(/(catalog\.sqlite|[\w-]+\.(faiss|bin|json)|CURRENT|index\.lock)/.exec(message)?.[0] ?? message);
  }
  throw new Error('The disk was never large enough');
}

test.runIf(hasSmallDisks)(
  'a first run is complete or names the full file, at every page',
  async () => {
    const bench = new Bench();
    putPieces(bench, 0, 12);
    await bench.run({ embed });
    using disk = new SmallDisk(pageBytes);
    const named = await growUntilDone(bench, disk, async () => {});
    expect(named).toEqual(expect.arrayContaining(['catalog.sqlite', 'index.lock']));
    expect(await assertIntact(disk.path)).toEqual(bench.rows());
  },
  120_000,
);

test.runIf(hasSmallDisks)(
  'a later run keeps the previous generation in use until the new one is complete',
  async () => {
    const bench = new Bench();
    putPieces(bench, 0, 12);
    using disk = new SmallDisk(roomMaxBytes);
    expect(await attempt(bench, disk.path)).toBeNull();
    const catalogId = (() => {
      using catalog = new Catalog(path.join(disk.path, 'catalog.sqlite'));
      return catalog.id;
    })();
    const host = new IndexHost({ indexDir: disk.path, spaceId, catalogId });
    try {
      const { chunks } = await embed(path.join(bench.music, '3.mp3'), { signal: never });
      const ask = async () => {
        await host.reloadIfChanged();
        return await host.neighbours(chunks.map(({ vector }) => vector).slice(0, 1), 3, AbortSignal.timeout(10_000));
      };
      const before = await ask();
      putPieces(bench, 12, 24);
      await bench.run({ embed });
      const named = await growUntilDone(bench, disk, async () => {
        const { generation, perQuery } = await ask();
        if (generation.id === before.generation.id) expect(perQuery).toEqual(before.perQuery);
        else expect(generation.rowCount).toBeGreaterThan(before.generation.rowCount);
      });
      const all = ['index.lock', 'catalog.sqlite', 'shard-0.faiss', 'rows.bin', 'hubs.bin', 'manifest.json', 'CURRENT'];
      expect(named).toEqual(expect.arrayContaining(all));
      expect((await ask()).generation.id).not.toBe(before.generation.id);
      expect(await assertIntact(disk.path)).toEqual(bench.rows());
    } finally {
      await host.close();
    }
  },
  300_000,
);

test.runIf(hasSmallDisks)(
  'a run that adds a delta is complete or names the full file, at every page, and the old generation answers meanwhile',
  async () => {
    const bench = new Bench();
    putPieces(bench, 0, 40);
    using disk = new SmallDisk(roomMaxBytes);
    expect(await attempt(bench, disk.path, 1)).toBeNull();
    using catalog = new Catalog(path.join(disk.path, 'catalog.sqlite'));
    const host = new IndexHost({ indexDir: disk.path, spaceId, catalogId: catalog.id });
    try {
      const { chunks } = await embed(path.join(bench.music, '0.mp3'), { signal: never });
      const ask = async () => {
        await host.reloadIfChanged();
        return await host.neighbours(chunks.map(({ vector }) => vector).slice(0, 1), 3, AbortSignal.timeout(10_000));
      };
      const before = await ask();
      putPieces(bench, 40, 43);
      // The tracks are stored before the disk is full: here, only the generation meets it.
      await embedOnly(bench, disk.path);
      const named = await growUntilDone(
        bench,
        disk,
        async () => {
          const { generation, perQuery } = await ask();
          if (generation.id === before.generation.id) expect(perQuery).toEqual(before.perQuery);
          else expect(generation.base?.content).toBe(before.generation.content);
        },
        1,
      );
      const files = ['shard-1.faiss', 'rows.bin', 'tracks.bin', 'hubs.bin', 'manifest.json', 'CURRENT'];
      expect(named).toEqual(expect.arrayContaining(files));
      expect((await ask()).generation.base?.content).toBe(before.generation.content);
    } finally {
      await host.close();
    }
  },
  120_000,
);
