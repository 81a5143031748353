import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { removeDamaged } from '../../src/index/damaged-generations.ts';
import { planDelta } from '../../src/index/delta-plan.ts';
import { writeDelta } from '../../src/index/delta-writer.ts';
import { currentManifest, nearestChunks, openCurrent } from '../../src/index/generation.ts';
import { readCurrent, rollBack, spaceFolder } from '../../src/index/generation-folder.ts';
import { writeGeneration } from '../../src/index/generation-writer.ts';
import { IndexHost } from '../../src/index/index-host.ts';
import type { GenerationManifest } from '../../src/index/manifest.ts';
import { verifyGeneration } from '../../src/index/verify-generation.ts';
import { referenceRows } from '../../src/ranking/hubs.ts';
import { keepTemporaryInMemory } from '../support/temporary-in-memory.ts';
import {
  type ChangingLibrary,
  changedBy,
  changeOf,
  expectAnswers,
  folderOf,
  libraryOf,
  liveRows,
  naiveNearest,
  rowsOfTrack,
  update,
  writeWhole,
} from './deltas.ts';
import { generationInput, openOptions, place } from './generations.ts';
import { isRunning, naiveSearch, never, testFolder, unitVectors } from './vectors.ts';

keepTemporaryInMemory();

const queries = unitVectors(4, 8, 77);
/** A tenth of the rows is 12 rows: four tracks. */
const forty = libraryOf(40);

async function open(indexDir: string) {
  const generation = await openCurrent(openOptions(indexDir));
  onTestFinished(() => generation.index.close());
  return generation;
}

async function assertAnswers(indexDir: string, library: ChangingLibrary, k = 5): Promise<void> {
  const generation = await openCurrent(openOptions(indexDir));
  try {
    await expectAnswers(generation, library, queries, k);
    expect(generation.manifest.trackCount).toBe(library.size);
    expect(generation.library.chunksOf(999)).toBe(0);
  } finally {
    await generation.index.close();
  }
}

function inodeOf(indexDir: string, manifest: GenerationManifest, file = 'shard-0.faiss'): number {
  return statSync(path.join(folderOf(indexDir, manifest), file)).ino;
}

describe('a small change', () => {
  test('adds one shard to the files of the base, which take no more room', async () => {
    const indexDir = testFolder();
    const base = await writeWhole(indexDir, forty);
    const more = new Map([...forty, [41, { rowCount: 3, version: 1 }]]);
    const added = await update(indexDir, more);
    expect(added.base).toEqual({ content: base.content, rowCount: 120, shards: 1, droppedRows: 0 });
    expect(added.shards.map(({ rowCount }) => rowCount)).toEqual([120, 3]);
    expect(inodeOf(indexDir, added)).toBe(inodeOf(indexDir, base));
    expect(added.spread).toEqual(base.spread);
    await assertAnswers(indexDir, more);
  });

  test('of removed and changed tracks skips their rows of the base, and finds those of a changed one again', async () => {
    const indexDir = testFolder();
    await writeWhole(indexDir, forty);
    const changed = changedBy(forty, [7, null], [9, { rowCount: 4, version: 2 }]);
    const manifest = await update(indexDir, changed);
    expect(manifest.base?.droppedRows).toBe(6);
    expect(manifest.shards.map(({ rowCount }) => rowCount)).toEqual([120, 4]);
    await assertAnswers(indexDir, changed);
    await assertAnswers(indexDir, changed, 200);
  });

  test('that only removes adds no shard', async () => {
    const indexDir = testFolder();
    const base = await writeWhole(indexDir, forty);
    const fewer = new Map([...forty].slice(2));
    const manifest = await update(indexDir, fewer);
    expect(manifest.shards).toEqual(base.shards);
    await assertAnswers(indexDir, fewer);
  });

  test('replaces the delta before it, and keeps the base', async () => {
    const indexDir = testFolder();
    const base = await writeWhole(indexDir, forty);
    let library: ChangingLibrary = forty;
    for (const id of [41, 42, 43]) {
      library = new Map([...library, [id, { rowCount: 3, version: 1 }]]);
      const { base: kept, shards } = await update(indexDir, library);
      expect(kept?.content).toBe(base.content);
      expect(shards.map(({ rowCount }) => rowCount)).toEqual([120, 3 * (id - 40)]);
    }
    expect(readdirSync(spaceFolder(indexDir, place.spaceId))).toHaveLength(3);
    await assertAnswers(indexDir, library);
  });

  test('makes a new base when the delta or the removed rows exceed a tenth', async () => {
    for (const library of [libraryOf(45), new Map([...forty].slice(5))]) {
      const indexDir = testFolder();
      await writeWhole(indexDir, forty);
      const manifest = await update(indexDir, library);
      expect(manifest.base).toBeUndefined();
      expect(manifest.rowCount).toBe(library.size * 3);
      await assertAnswers(indexDir, library);
    }
  });

  test('makes a new base in a small library, and when hubs or rows of other kinds are wanted', async () => {
    const indexDir = testFolder();
    await writeWhole(indexDir, forty);
    const from = await currentManifest(openOptions(indexDir));
    const change = { ...changeOf(indexDir, libraryOf(41)), from };
    expect(await planDelta(change)).not.toBeNull();
    expect(await planDelta({ ...change, baseRowsMin: 121 })).toBeNull();
    expect(await planDelta({ ...change, hubs: false })).toBeNull();
    expect(await planDelta({ ...change, options: { includeNonMusic: true } })).toBeNull();
  });

  test('back to an earlier library gives the generation of that library', async () => {
    const indexDir = testFolder();
    await writeWhole(indexDir, forty);
    const first = await update(indexDir, libraryOf(41));
    await update(indexDir, libraryOf(42));
    expect((await update(indexDir, libraryOf(41))).id).toBe(first.id);
  });

  test('to a generation without a table of tracks compares all rows, and makes the same delta', async () => {
    const [indexDir, legacyDir] = [testFolder(), testFolder()];
    await writeWhole(indexDir, forty);
    const { id } = await writeWhole(legacyDir, forty, { tracks: undefined });
    const changed = changedBy(forty, [1, null], [9, { rowCount: 3, version: 2 }]);
    const manifest = await update(indexDir, changed);
    const legacy = await update(legacyDir, changed);
    expect((await readCurrent(spaceFolder(legacyDir, place.spaceId)))[1]).toBe(id);
    expect(legacy.base).toEqual(manifest.base);
    expect(legacy.id).toBe(manifest.id);
    await assertAnswers(legacyDir, changed);
  });
});

describe('base and delta together', () => {
  /** Versions from 100 on are duplicates of each other, so that there are ties. */
  const anyTrack = fc.record({ rowCount: fc.integer({ min: 1, max: 3 }), version: fc.constantFrom(2, 3, 100, 101) });
  const anyChange = fc.array(fc.tuple(fc.integer({ min: 1, max: 44 }), fc.option(anyTrack)), {
    minLength: 1,
    maxLength: 4,
  });

  test('answer as one index over both, whatever changes follow each other', async () => {
    const duplicates = [5, 10, 15, 20, 25, 30, 35].map((id) => [id, { rowCount: 2, version: 100 }] as const);
    const start = changedBy(forty, ...duplicates);
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyChange, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(1, 4, 30),
        async (changes, k) => {
          const indexDir = testFolder();
          await writeWhole(indexDir, start);
          let library: ChangingLibrary = start;
          for (const change of changes) {
            library = changedBy(library, ...change);
            await update(indexDir, library);
            await assertAnswers(indexDir, library, k);
          }
        },
      ),
      { numRuns: 12 },
    );
  }, 120_000);

  test('answer in every part of a space as a whole generation of the same library does', async () => {
    const [indexDir, wholeDir] = [testFolder(), testFolder()];
    const space = { spaceId: 'builtin@2.0.0/parts', dimensions: 384 };
    const rowsOf = (ids: readonly number[]) =>
      ids.flatMap((id) =>
        unitVectors(2, 384, id).map((vector, at) => ({
          chunk: { trackId: id, startSec: at * 10, endSec: at * 10 + 10, overlapSec: 0 },
          vector,
        })),
      );
    const inputOf = (dir: string, ids: readonly number[]) => {
      const tracks = ids.map((trackId) => ({ trackId, rowCount: 2, state: '0'.repeat(32) }));
      return { ...generationInput(dir, rowsOf(ids)), ...space, hubs: true, tracks };
    };
    const before = Array.from({ length: 30 }, (_, at) => at + 1);
    const after = [...before.slice(1), 31, 32];
    const from = await writeGeneration(inputOf(indexDir, before));
    const change = { ...inputOf(indexDir, after), from, rowsOf, baseRowsMin: 1 };
    const plan = await planDelta(change);
    if (plan === null) throw new Error('No delta was planned');
    const manifest = await writeDelta({ ...change, plan });
    expect(manifest.shards.at(-1)?.files.map(({ file }) => file)).toEqual([
      'shard-1-sound.faiss',
      'shard-1-harmony.faiss',
    ]);
    await writeGeneration(inputOf(wholeDir, after));
    const asked = [...unitVectors(6, 384, 500), ...rowsOf([1, 31]).map(({ vector }) => vector)];
    const answers = [];
    for (const dir of [indexDir, wholeDir]) {
      const generation = await openCurrent({ ...openOptions(dir), ...space });
      onTestFinished(() => generation.index.close());
      const found = await nearestChunks(generation, asked, 4, never);
      expect(found.flat().every(({ hubness }) => hubness?.length === 2 && hubness.every((mean) => mean !== 0))).toBe(
        true,
      );
      answers.push(found.map((list) => list.map(({ chunk, similarity, ofParts }) => ({ chunk, similarity, ofParts }))));
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  test('have the hubness of a whole measurement with the references of the base', async () => {
    const indexDir = testFolder();
    const base = await writeWhole(indexDir, forty);
    const before = (await open(indexDir)).hubness?.[0];
    const references = referenceRows(120).map((row) => {
      const trackId = Math.floor(row / 3) + 1;
      return {
        trackId,
        vector: rowsOfTrack(trackId, { rowCount: 3, version: 1 })[row % 3]?.vector ?? new Float32Array(8),
      };
    });
    let library: ChangingLibrary = forty;
    for (const id of [41, 42]) {
      const renewed = [
        [id - 38, { rowCount: 3, version: 2 }],
        [id, { rowCount: 2, version: 1 }],
      ] as const;
      library = changedBy(library, ...renewed);
      const manifest = await update(indexDir, library);
      expect(manifest.base?.content).toBe(base.content);
      const { hubness, rows } = await open(indexDir);
      for (let row = 0; row < 120; row++) expect(hubness?.[0]?.at(row)).toBe(before?.at(row));
      for (const { row, chunk, vector } of liveRows({ rows, manifest }, library)) {
        const others = references.filter(({ trackId }) => trackId !== chunk.trackId).map((one) => one.vector);
        const nearest = naiveSearch(others, vector, 10);
        const mean = nearest.reduce((sum, { similarity }) => sum + similarity, 0) / nearest.length;
        expect(hubness?.[0]?.at(row)).toBeCloseTo(mean, 3);
      }
    }
  });
});

describe('a generation with a delta', () => {
  const more = libraryOf(42);

  async function withDelta() {
    const indexDir = testFolder();
    const base = await writeWhole(indexDir, forty);
    return { indexDir, base, delta: await update(indexDir, more) };
  }

  test('can be rolled back from, and to', async () => {
    const { indexDir, base, delta } = await withDelta();
    expect(await rollBack(indexDir, place.spaceId)).toBe(base.id);
    await assertAnswers(indexDir, forty);
    expect(await rollBack(indexDir, place.spaceId)).toBe(delta.id);
    await assertAnswers(indexDir, more);
    await rollBack(indexDir, place.spaceId);
    const next = await update(indexDir, libraryOf(43));
    expect(next.base?.content).toBe(base.content);
    await assertAnswers(indexDir, libraryOf(43));
  });

  test('stays whole when its base is deleted, and works as a copy elsewhere', async () => {
    const { indexDir, base } = await withDelta();
    rmSync(folderOf(indexDir, base), { recursive: true });
    await assertAnswers(indexDir, more);
    const copy = testFolder();
    cpSync(indexDir, copy, { recursive: true });
    await assertAnswers(copy, more);
    await update(copy, libraryOf(43));
    await assertAnswers(copy, libraryOf(43));
  });

  test.each(['shard-0.faiss', 'shard-1.faiss', 'rows.bin', 'tracks.bin', 'hubs.bin', 'manifest.json'])(
    'is refused and removed when %s is damaged',
    async (name) => {
      const { indexDir, base, delta } = await withDelta();
      const file = path.join(folderOf(indexDir, delta), name);
      const bytes = readFileSync(file);
      for (const damage of ['flipped', 'cut', 'gone'] as const) {
        if (damage === 'flipped') writeFileSync(file, flipped(bytes));
        if (damage === 'cut') truncateSync(file, bytes.length - 5);
        if (damage === 'gone') rmSync(file);
        const opening = openCurrent(openOptions(indexDir));
        await expect(opening).rejects.toMatchObject({ code: 'index-corrupt' });
      }
      const removed = await removeDamaged(spaceFolder(indexDir, place.spaceId));
      expect(removed.map(({ id }) => id)).toContain(delta.id);
      // Writing into a shared file damages the base too; then nothing is left.
      const left = await readCurrent(spaceFolder(indexDir, place.spaceId));
      expect(left).toEqual(name === 'shard-0.faiss' ? [] : [base.id]);
    },
  );
});

describe('writing a delta', () => {
  const program = path.join(import.meta.dirname, 'programs/killed-update.ts');
  const run = (...args: readonly string[]) => promisify(execFile)(process.execPath, [program, ...args]);

  test('leaves the old or the new generation whole when killed before any of its operations on files', async () => {
    const [start, whole] = [testFolder(), testFolder()];
    await writeWhole(start, forty);
    const old = await update(start, libraryOf(41));
    cpSync(start, whole, { recursive: true });
    const operations = Number((await run(whole, '42')).stdout);
    const made = await currentManifest(openOptions(whole));
    expect(operations).toBeGreaterThan(20);
    const seen = new Set<string>();
    for (let killAt = 0; killAt < operations; killAt++) {
      const indexDir = testFolder();
      cpSync(start, indexDir, { recursive: true });
      await expect(run(indexDir, '42', `${killAt}`)).rejects.toMatchObject({ signal: 'SIGKILL' });
      const folder = spaceFolder(indexDir, place.spaceId);
      const { id } = await currentManifest(openOptions(indexDir));
      seen.add(id);
      expect([old.id, made.id]).toContain(id);
      for (const kept of await readCurrent(folder)) await verifyGeneration(path.join(folder, kept));
      if (killAt % 10 === 0) await assertAnswers(indexDir, libraryOf(id === old.id ? 41 : 42));
      // The next run leaves no more behind than an undisturbed one.
      await update(indexDir, libraryOf(43));
      expect(readdirSync(folder)).toHaveLength(3);
      expect((await currentManifest(openOptions(indexDir))).base).toEqual(made.base);
    }
    expect(seen).toEqual(new Set([old.id, made.id]));
  }, 240_000);

  test('can be cancelled, and keeps the old generation', async () => {
    const indexDir = testFolder();
    const { id } = await writeWhole(indexDir, forty);
    const from = await currentManifest(openOptions(indexDir));
    const change = { ...changeOf(indexDir, libraryOf(41)), from, signal: AbortSignal.abort() };
    const plan = await planDelta(change);
    if (plan === null) throw new Error('No delta was planned');
    await expect(writeDelta({ ...change, plan })).rejects.toMatchObject({ code: 'cancelled' });
    expect(readdirSync(spaceFolder(indexDir, place.spaceId)).sort()).toEqual([id, 'CURRENT'].sort());
  });
});

describe('an open index', () => {
  function host(indexDir: string): IndexHost {
    const opened = new IndexHost(openOptions(indexDir));
    onTestFinished(() => opened.close());
    return opened;
  }
  const asks = async (index: IndexHost, library: ChangingLibrary) => {
    const { perQuery } = await index.neighbours(queries, 3, never);
    const generation = index.opened();
    if (generation === null) throw new Error('The index is closed');
    const expected = naiveNearest(generation, library, queries, 3);
    expect(perQuery.map((list) => list.map(({ hubness: _, ...one }) => one))).toEqual(expected);
  };

  test('takes a delta in with the processes of the base, which survive the end of older generations', async () => {
    const indexDir = testFolder();
    await writeWhole(indexDir, forty);
    const index = host(indexDir);
    await asks(index, forty);
    const [basePid = 0] = (await index.opened()?.index.pids()) ?? [];
    for (const tracks of [41, 42, 43]) {
      const old = index.opened();
      await update(indexDir, libraryOf(tracks));
      expect(await index.reloadIfChanged()).toBe(true);
      await asks(index, libraryOf(tracks));
      await old?.index.close();
      expect((await index.opened()?.index.pids())?.[0]).toBe(basePid);
    }
    expect(await index.opened()?.index.pids()).toHaveLength(2);
    // The folder that the process has read its file from is gone by now: it starts again from another name.
    process.kill(basePid, 'SIGKILL');
    await asks(index, libraryOf(43));
    await index.close();
    expect(await isRunning(basePid)).toBe(false);
  });

  test('keeps its processes when a new delta is damaged', async () => {
    const indexDir = testFolder();
    await writeWhole(indexDir, forty);
    const index = host(indexDir);
    await asks(index, forty);
    const pids = await index.opened()?.index.pids();
    const delta = await update(indexDir, libraryOf(41));
    truncateSync(path.join(folderOf(indexDir, delta), 'shard-1.faiss'), 50);
    await expect(index.reloadIfChanged()).rejects.toMatchObject({ code: 'index-corrupt' });
    await asks(index, forty);
    expect(await index.opened()?.index.pids()).toEqual(pids);
  });

  test('starts new processes for a base whose process cannot start any more', async () => {
    const indexDir = testFolder();
    const base = await writeWhole(indexDir, forty);
    const index = host(indexDir);
    await asks(index, forty);
    const aside = path.join(testFolder(), 'aside');
    mkdirSync(aside);
    cpSync(folderOf(indexDir, base), aside, { recursive: true });
    rmSync(path.join(folderOf(indexDir, base), 'shard-0.faiss'));
    for (const pid of (await index.opened()?.index.pids()) ?? []) process.kill(pid, 'SIGKILL');
    await expect(index.neighbours(queries, 3, never)).rejects.toMatchObject({ code: 'index-corrupt' });
    cpSync(aside, folderOf(indexDir, base), { recursive: true });
    await update(indexDir, libraryOf(41));
    await index.reloadIfChanged();
    await asks(index, libraryOf(41));
  });
});

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 1;
  return copy;
}
