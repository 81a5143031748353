/** What every index engine promises. FAISS: engine-contract.test.ts; Milvus: test/milvus/contract.milvus.ts. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { planDelta } from '../../src/index/delta-plan.ts';
import { engineOf, type IndexEngine, type IndexEngines } from '../../src/index/engine.ts';
import { faissEngine } from '../../src/index/faiss-engine.ts';
import { currentManifest, type OpenGeneration, openCurrent } from '../../src/index/generation.ts';
import { readCurrent, rollBack, spaceFolder } from '../../src/index/generation-folder.ts';
import { IndexHost } from '../../src/index/index-host.ts';
import type { GenerationManifest } from '../../src/index/manifest.ts';
import { makeMap } from '../../src/index/map/make-map.ts';
import type { IndexedRow } from '../../src/index/row-writer.ts';
import { readTracks } from '../../src/index/tracks-file.ts';
import { mergeNeighbours, wholeSimilarity } from '../../src/index/vector-index.ts';
import { partsOf, writePart } from '../../src/ranking/space-parts.ts';
import {
  type ChangingLibrary,
  changedBy,
  changeOf,
  expectAnswers,
  folderOf,
  libraryOf,
  rowsOfTrack,
  tracksOf,
} from './deltas.ts';
import { dimensions, generationInput, indexedRows, openOptions, place } from './generations.ts';
import { naiveSearch, never, testFolder, unit, unitVectors } from './vectors.ts';

const queries = unitVectors(7, dimensions, 77);
const forty = libraryOf(40);
const twoParts = { spaceId: 'builtin@2.0 contract', dimensions: 384 };

/** @param enginesOf called in each test, so that a server may be started before */
export function describeEngine(name: string, enginesOf: () => IndexEngines): void {
  const engine = (): IndexEngine => enginesOf().milvus ?? enginesOf().faiss;
  const options = (indexDir: string) => ({ ...openOptions(indexDir), engines: enginesOf() });

  /** Removed with its vectors in a server. */
  function folder(): string {
    const indexDir = testFolder();
    onTestFinished(async () => {
      rmSync(spaceFolder(indexDir, place.spaceId), { recursive: true, force: true });
      await engine().sweep({ indexDir, ...place });
    });
    return indexDir;
  }

  async function open(indexDir: string, place = {}): Promise<OpenGeneration> {
    const generation = await openCurrent({ ...options(indexDir), ...place });
    onTestFinished(() => generation.index.close());
    return generation;
  }

  const write = (indexDir: string, rows: readonly IndexedRow[], changes = {}) =>
    engine().write({ ...generationInput(indexDir, rows), ...changes });

  function writeLibrary(indexDir: string, library: ChangingLibrary): Promise<GenerationManifest> {
    const rows = [...library].flatMap(([id, track]) => rowsOfTrack(id, track));
    return write(indexDir, rows, { hubs: true, tracks: tracksOf(library) });
  }

  async function change(indexDir: string, library: ChangingLibrary): Promise<GenerationManifest> {
    const request = { ...changeOf(indexDir, library), from: await currentManifest(openOptions(indexDir)) };
    const plan = await planDelta(request);
    if (plan === null) throw new Error('Expected a small change');
    return engine().change({ ...request, plan });
  }

  const assertAnswers = (generation: OpenGeneration, library: ChangingLibrary, k = 5) =>
    expectAnswers(generation, library, queries, k);

  describe(`the engine ${name}`, () => {
    test('finds the nearest rows exactly, best first, ties by row, and all rows for a larger k', async () => {
      const indexDir = folder();
      // Every third row has the same vector.
      const rows = indexedRows(90, 3).map((row, at, all) =>
        at % 3 === 0 ? { ...row, vector: all[0]?.vector ?? row.vector } : row,
      );
      const manifest = await write(indexDir, rows);
      expect(engineOf(manifest)).toBe(engine().name);
      const { index } = await open(indexDir);
      expect(index).toMatchObject({ rowCount: 90, dimensions });
      const vectors = rows.map(({ vector }) => vector);
      const asked = [...queries, vectors[0] ?? queries[0], vectors[1] ?? queries[0]] as Float32Array[];
      for (const k of [1, 5, 40, 90, 1000]) {
        const expected = asked.map((query) => naiveSearch(vectors, query, k));
        expect(await index.search(asked, k, { signal: never })).toEqual(expected);
      }
      for (const query of asked.slice(0, 2)) {
        expect(await index.search([query], 4, { signal: never })).toEqual([naiveSearch(vectors, query, 4)]);
      }
      expect(await index.search([], 4, { signal: never })).toEqual([]);
    });

    test('searches the parts of a space, and gives the similarity of every part', async () => {
      const indexDir = folder();
      const parts = partsOf(twoParts.spaceId, twoParts.dimensions);
      expect(parts).toHaveLength(2);
      const vectors = unitVectors(60, 384, 5).map((vector) => joint(vector, parts));
      const rows = indexedRows(60, 3).map((row, at) => ({ ...row, vector: vectors[at] ?? row.vector }));
      await write(indexDir, rows, twoParts);
      onTestFinished(async () => {
        rmSync(spaceFolder(indexDir, twoParts.spaceId), { recursive: true, force: true });
        await engine().sweep({ indexDir, ...place, spaceId: twoParts.spaceId });
      });
      const { index } = await open(indexDir, { spaceId: twoParts.spaceId });
      const asked = unitVectors(25, 384, 9).map((vector) => joint(vector, parts));
      const found = await index.search(asked, 4, { signal: never });
      const partOf = (vector: Float32Array, at: number) => {
        const part = parts[at];
        if (part === undefined) throw new Error('There is no such part');
        const own = new Float32Array(part.dimensions);
        writePart(vector, part, own);
        return own;
      };
      const expected = asked.map((query) => {
        const similarities = parts.map((_, at) => {
          const all = naiveSearch(
            vectors.map((vector) => partOf(vector, at)),
            partOf(query, at),
            60,
          );
          return new Map(all.map(({ row, similarity }) => [row, similarity]));
        });
        const all = vectors.map((_, row) => {
          const ofParts = similarities.map((ofRows) => ofRows.get(row) ?? -1);
          return { row, ofParts, similarity: wholeSimilarity(parts, ofParts) };
        });
        return mergeNeighbours([all], 4);
      });
      expect(found).toEqual(expected);
      expect(Math.max(...found.map((list) => list.length))).toBeGreaterThan(4);
    });

    test('refuses vectors of another length, without a length or with NaN, and a k below 1', async () => {
      const indexDir = folder();
      await write(indexDir, indexedRows(30, 1));
      const { index } = await open(indexDir);
      const wrong = [
        new Float32Array(7),
        new Float32Array(8),
        unit(Float32Array.from({ length: 8 }, () => 1)).fill(Number.NaN, 2, 3),
      ];
      for (const vector of wrong)
        await expect(index.search([vector], 3, { signal: never })).rejects.toThrow(RangeError);
      for (const k of [0, -1, 1.5])
        await expect(index.search(queries, k, { signal: never })).rejects.toThrow(RangeError);
      const cancelled = index.search(queries, 3, { signal: AbortSignal.abort() });
      await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
      await index.close();
      await expect(index.search(queries, 3, { signal: never })).rejects.toMatchObject({ code: 'index-unavailable' });
    });

    test('adds and drops tracks without writing the rest; the earlier generation answers as before', async () => {
      const indexDir = folder();
      await writeLibrary(indexDir, forty);
      const before = await open(indexDir);
      const changed = changedBy(forty, [3, null], [7, { rowCount: 3, version: 2 }], [41, { rowCount: 3, version: 1 }]);
      const manifest = await change(indexDir, changed);
      expect(manifest.base).toMatchObject({ rowCount: 120, droppedRows: 6 });
      await assertAnswers(await open(indexDir), changed);
      await assertAnswers(before, forty);
      const again = changedBy(changed, [41, null], [42, { rowCount: 2, version: 1 }], [8, null]);
      await change(indexDir, again);
      await assertAnswers(await open(indexDir), again);
      await assertAnswers(await open(indexDir), again, 200);
    });

    test('rolls back to the earlier generation, and a change after that does not mix the two', async () => {
      const indexDir = folder();
      await writeLibrary(indexDir, forty);
      const more = libraryOf(42);
      const second = await change(indexDir, more);
      await rollBack(indexDir, place.spaceId);
      await assertAnswers(await open(indexDir), forty);
      await rollBack(indexDir, place.spaceId);
      await assertAnswers(await open(indexDir), more);
      await rollBack(indexDir, place.spaceId);
      const other = changedBy(forty, [50, { rowCount: 3, version: 9 }]);
      const third = await change(indexDir, other);
      expect(third.id).not.toBe(second.id);
      await assertAnswers(await open(indexDir), other);
      const [, previous] = await readCurrent(spaceFolder(indexDir, place.spaceId));
      expect(previous).toBeDefined();
      await rollBack(indexDir, place.spaceId);
      await assertAnswers(await open(indexDir), forty);
    });

    test('measures hubs and spread, and names content, as FAISS does', async () => {
      const [ours, theirs] = [folder(), testFolder()];
      const rows = [...forty].flatMap(([id, track]) => rowsOfTrack(id, track));
      const input = { hubs: true, tracks: tracksOf(forty) };
      const mine = await write(ours, rows, input);
      const faiss = await faissEngine.write({ ...generationInput(theirs, rows), ...input });
      expect(mine).toMatchObject({ id: faiss.id, content: faiss.content, hubs: faiss.hubs, spread: faiss.spread });
      const added = await change(ours, libraryOf(42));
      const addition = { ...changeOf(theirs, libraryOf(42)), from: faiss };
      const plan = await planDelta(addition);
      if (plan === null) throw new Error('Expected a small change');
      const addedByFaiss = await faissEngine.change({ ...addition, plan });
      expect(added).toMatchObject({ hubs: addedByFaiss.hubs, rowCount: addedByFaiss.rowCount });
    });

    test('swaps generations while it answers: no search is refused', async () => {
      const indexDir = folder();
      const first = await writeLibrary(indexDir, forty);
      const host = new IndexHost(options(indexDir));
      onTestFinished(() => host.close());
      await host.reloadIfChanged();
      const more = libraryOf(42);
      let isDone = false;
      const changing = (async () => {
        await change(indexDir, more);
        await host.reloadIfChanged();
        await writeLibrary(indexDir, libraryOf(44));
        await host.reloadIfChanged();
        isDone = true;
      })();
      const seen = new Set<string>();
      while (!isDone) {
        const { generation, perQuery } = await host.neighbours(queries, 3, never);
        seen.add(generation.id);
        expect(perQuery.every((list) => list.length === 3)).toBe(true);
      }
      await changing;
      expect(seen).toContain(first.id);
      expect(host.current()?.rowCount).toBe(132);
    });

    test('reads the rows of each track, also after a change, and the map is the same as with FAISS', async () => {
      const [ours, theirs] = [folder(), testFolder()];
      const input = { hubs: true, tracks: tracksOf(forty) };
      const rows = [...forty].flatMap(([id, track]) => rowsOfTrack(id, track));
      const faiss = await faissEngine.write({ ...generationInput(theirs, rows), ...input });
      const written = await write(ours, rows, input);
      const mapped = { previous: null, signal: never };
      const map = await makeMap({ engine: engine(), manifest: written, folder: folderOf(ours, written), ...mapped });
      const same = { engine: faissEngine, manifest: faiss, folder: folderOf(theirs, faiss) };
      expect(map).toEqual(await makeMap({ ...same, ...mapped }));

      const changed = changedBy(forty, [3, null], [7, { rowCount: 3, version: 2 }], [41, { rowCount: 2, version: 1 }]);
      const manifest = await change(ours, changed);
      const tracks = await readTracks(
        path.join(folderOf(ours, manifest), manifest.tracks?.file ?? ''),
        manifest.tracks ?? { bytes: 0, sha256: '' },
      );
      expect(tracks.map(({ trackId }) => trackId).sort((a, b) => a - b)).toEqual([...changed.keys()]);
      await using stored = await engine().rows(manifest, folderOf(ours, manifest), 0, never);
      for (const { trackId, firstRow } of tracks) {
        const own = rowsOfTrack(trackId, changed.get(trackId) ?? { rowCount: 0, version: 0 });
        for (const [at, { vector }] of own.entries()) expect(await stored.at(firstRow + at)).toEqual(vector);
      }
      await expect(stored.at(manifest.rowCount)).rejects.toThrow(RangeError);
    });

    test('keeps the current generation when writing is cancelled', async () => {
      const indexDir = folder();
      const { id } = await writeLibrary(indexDir, forty);
      const input = { ...generationInput(indexDir, indexedRows(50, 8)), signal: AbortSignal.abort() };
      await expect(engine().write(input)).rejects.toMatchObject({ code: 'cancelled' });
      expect((await currentManifest(openOptions(indexDir))).id).toBe(id);
      await assertAnswers(await open(indexDir), forty);
    });

    test('checks its vectors, counts them, and says how it is', async () => {
      const indexDir = folder();
      const manifest = await writeLibrary(indexDir, forty);
      await engine().check(manifest, folderOf(indexDir, manifest));
      expect(await engine().statistics(manifest)).toEqual({ rows: 120, indexType: 'FLAT', recall: 1 });
      expect((await engine().health()).ok).toBe(true);
      expect(await engine().sweep({ indexDir, ...place })).toEqual([]);
    });
  });
}

/** Makes each part as long as the space says. */
function joint(
  vector: Float32Array,
  parts: readonly { from: number; dimensions: number; weight: number }[],
): Float32Array {
  const made = new Float32Array(vector.length);
  for (const { from, dimensions, weight } of parts) {
    const own = unit(vector.subarray(from, from + dimensions));
    made.set(
      own.map((value) => value * Math.sqrt(weight)),
      from,
    );
  }
  return made;
}
