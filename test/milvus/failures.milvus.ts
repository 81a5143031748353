/** Milvus down, cut off, restarted, changed by somebody else. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { planDelta } from '../../src/index/delta-plan.ts';
import { faissEngine } from '../../src/index/faiss-engine.ts';
import { currentManifest } from '../../src/index/generation.ts';
import { IndexHost } from '../../src/index/index-host.ts';
import { MilvusClient } from '../../src/index/milvus/client.ts';
import { MilvusEngine } from '../../src/index/milvus/milvus-engine.ts';
import { settledAfterMs } from '../../src/index/milvus/milvus-index.ts';
import type { MilvusSettings } from '../../src/index/milvus/settings.ts';
import { changeOf, folderOf, libraryOf, rowsOfTrack, tracksOf } from '../index/deltas.ts';
import { dimensions, generationInput, indexedRows, openOptions } from '../index/generations.ts';
import { naiveSearch, never, testFolder, unitVectors } from '../index/vectors.ts';
import { ownServer } from './started.ts';

const server = ownServer();
const rows = indexedRows(60, 4);
const queries = unitVectors(5, dimensions, 77);
const naive = queries.map((query) =>
  naiveSearch(
    rows.map(({ vector }) => vector),
    query,
    4,
  ),
);
/** A restarted server loads its collections for up to a minute. */
const recoversWithinMs = 120_000;

function engines(changes: Partial<MilvusSettings> = {}) {
  const milvus = new MilvusEngine(server().settings(changes));
  onTestFinished(() => milvus.close());
  return { faiss: faissEngine, milvus };
}

function hostOf(indexDir: string, used = engines()): IndexHost {
  const host = new IndexHost({ ...openOptions(indexDir), engines: used });
  onTestFinished(() => host.close());
  return host;
}

async function ask(host: IndexHost, signal = never) {
  const { perQuery } = await host.neighbours(queries, 4, signal);
  return perQuery.map((list) => list.map(({ chunk: _, ...one }) => one));
}

/** A generation that has answered once. */
async function answering(): Promise<IndexHost> {
  const indexDir = testFolder();
  const used = engines();
  await used.milvus.write(generationInput(indexDir, rows));
  const host = hostOf(indexDir, used);
  await ask(host);
  return host;
}

/** A library of 40 tracks, and what adds tracks to it or removes some. */
async function changing() {
  const indexDir = testFolder();
  const used = engines();
  const whole = [...libraryOf(40)].flatMap(([id, track]) => rowsOfTrack(id, track));
  await eventually(() =>
    used.milvus.write({ ...generationInput(indexDir, whole), hubs: true, tracks: tracksOf(libraryOf(40)) }),
  );
  const changeTo = async (tracks: number) => {
    const change = { ...changeOf(indexDir, libraryOf(tracks)), from: await currentManifest(openOptions(indexDir)) };
    const plan = await planDelta(change);
    if (plan === null) throw new Error('Expected a small change');
    return used.milvus.change({ ...change, plan });
  };
  return { host: hostOf(indexDir, used), changeTo };
}

async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (const endMs = Date.now() + recoversWithinMs; ; await delay(300)) {
    try {
      return await work();
    } catch (error) {
      expect(error).toMatchObject({ code: 'index-unavailable' });
      if (Date.now() > endMs) throw error;
    }
  }
}

describe('a Milvus that fails', () => {
  test('killed and started again: searches are refused meanwhile, and never answered from a part of the rows', async () => {
    const indexDir = testFolder();
    const used = engines();
    await used.milvus.write(generationInput(indexDir, rows));
    const host = hostOf(indexDir, used);
    expect(await ask(host)).toEqual(naive);
    await server().kill();
    for (let time = 0; time < 4; time += 1) {
      await expect(ask(host)).rejects.toMatchObject({ code: 'index-unavailable' });
    }
    const startedMs = performance.now();
    await expect(ask(host)).rejects.toThrow(/is down, and is asked again in a few seconds/);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect(await used.milvus.health()).toMatchObject({ ok: false });
    await server().revive();
    expect(await eventually(() => ask(host))).toEqual(naive);
  });

  test('cut off for a moment: the search is repeated, and its answer is whole', async () => {
    const host = await answering();
    server().cut();
    const asked = ask(host);
    await delay(150);
    server().heal();
    expect(await asked.catch(() => eventually(() => ask(host)))).toEqual(naive);
  });

  test('cut off during a build: the build fails or waits, the current generation stays, and the next build works', async () => {
    const indexDir = testFolder();
    const used = engines();
    const { id } = await used.milvus.write(generationInput(indexDir, rows));
    const more = indexedRows(80, 9);
    const client = new MilvusClient(server().settings());
    onTestFinished(() => client.close());
    const before = await client.list();
    // Enough rows that sending them is not over when their collection is seen.
    const building = used.milvus.write(generationInput(indexDir, indexedRows(20_000, 9)));
    building.catch(() => {});
    await expect
      .poll(async () => (await client.list()).length, { timeout: 60_000, interval: 5 })
      .toBe(before.length + 1);
    onTestFinished(() => server().heal());
    server().cut();
    await expect(building).rejects.toMatchObject({ code: 'index-unavailable' });
    expect((await currentManifest(openOptions(indexDir))).id).toBe(id);
    server().heal();
    const host = hostOf(indexDir);
    expect(await eventually(() => ask(host))).toEqual(naive);
    const next = await eventually(() => used.milvus.write(generationInput(indexDir, more)));
    expect(next.rowCount).toBe(80);
    await host.reloadIfChanged();
    expect((await ask(host))[0]).toHaveLength(4);
  });

  test('a search is given up when its caller does', async () => {
    const host = await answering();
    server().cut();
    onTestFinished(() => server().heal());
    await expect(ask(host, AbortSignal.timeout(50))).rejects.toMatchObject({ code: /cancelled|index-unavailable/ });
  });
});

describe('a collection that somebody else has changed', () => {
  async function written() {
    const indexDir = testFolder();
    const used = engines();
    const manifest = await eventually(() => used.milvus.write(generationInput(indexDir, rows)));
    const client = new MilvusClient(server().settings());
    onTestFinished(() => client.close());
    const [collection = ''] = manifest.milvus?.collections ?? [];
    return { indexDir, used, manifest, client, collection, folder: folderOf(indexDir, manifest) };
  }

  test('dropped: the error says so, so that the index is written again', async () => {
    const { indexDir, used, manifest, client, collection, folder } = await written();
    await client.drop(collection);
    const corrupt = { code: 'index-corrupt' };
    await expect(hostOf(indexDir).reloadIfChanged()).rejects.toMatchObject(corrupt);
    await expect(used.milvus.check(manifest, folder)).rejects.toThrow(/does not exist.*`npm run index` builds/s);
    const again = await used.milvus.write(generationInput(indexDir, rows));
    expect(again.id).toBe(`${manifest.id}-2`);
    expect(await ask(hostOf(indexDir))).toEqual(naive);
  });

  test('dropped while it answers: searches fail with index-corrupt', async () => {
    const { indexDir, used, client, collection } = await written();
    const host = hostOf(indexDir, used);
    expect(await ask(host)).toEqual(naive);
    await client.drop(collection);
    await expect(ask(host)).rejects.toMatchObject({ code: /index-corrupt|index-unavailable/ });
  });

  test('rows deleted, or other dimensions: the error says so', async () => {
    const { indexDir, used, manifest, client, collection, folder } = await written();
    await client.deleteRows(collection, [5, 6]);
    await expect(used.milvus.check(manifest, folder)).rejects.toThrow(/expected 60 rows or more, got 58/);
    await client.drop(collection);
    await client.create(collection, dimensions * 2, 'other');
    await expect(hostOf(indexDir).reloadIfChanged()).rejects.toThrow(
      /expected vectors of 8 dimensions, got vectors of 16/,
    );
  });
});

test('finds an added track at once, and a removed one no more (consistency level Strong)', async () => {
  const { host, changeTo } = await changing();
  const searches = vi.spyOn(MilvusClient.prototype, 'search');
  await host.reloadIfChanged();
  expect(searches).toHaveBeenCalled();
  for (const tracks of [41, 42, 43, 42, 41]) {
    searches.mockClear();
    await changeTo(tracks);
    await host.reloadIfChanged();
    // The collection is known to be whole.
    expect(searches).not.toHaveBeenCalled();
    const [own] = rowsOfTrack(43, { rowCount: 3, version: 1 });
    const { perQuery } = await host.neighbours([own?.vector ?? new Float32Array(8)], 3, never);
    const isFound = perQuery[0]?.some(({ chunk, similarity }) => chunk.trackId === 43 && similarity === 1);
    expect(isFound).toBe(tracks === 43);
  }
});

test('a generation added to a collection that was whole answers at once, and fails once rows are found missing', async () => {
  const { host, changeTo } = await changing();
  await host.reloadIfChanged();
  const { milvus } = await changeTo(41);
  const counts = vi.spyOn(MilvusClient.prototype, 'count').mockReturnValue(new Promise(() => {}));
  onTestFinished(() => counts.mockRestore());
  await host.reloadIfChanged();
  await expect.poll(() => counts.mock.calls.length).toBe(1);
  expect((await host.neighbours(queries, 4, never)).perQuery).toHaveLength(queries.length);
  counts.mockRestore();
  const client = new MilvusClient(server().settings());
  onTestFinished(() => client.close());
  await client.deleteRows(milvus?.collections[0] ?? '', [0, 1, 2, 3]);
  await changeTo(42);
  await host.reloadIfChanged();
  await expect.poll(() => ask(host).catch(({ code }) => code), { timeout: 30_000 }).toBe('index-corrupt');
});

test('measures the recall of an index that is not exact, and refuses one that is too low', async () => {
  const indexDir = testFolder();
  const approximate = engines({ indexType: 'HNSW' });
  const { milvus } = await eventually(() => approximate.milvus.write(generationInput(indexDir, rows)));
  // The least effort finds enough of so few rows.
  expect(milvus).toMatchObject({ indexType: 'HNSW', effort: 1 });
  expect(milvus?.recall).toBeGreaterThanOrEqual(0.98);
  expect(await approximate.milvus.statistics(await currentManifest(openOptions(indexDir)))).toMatchObject({ rows: 60 });
  const demanding = engines({ indexType: 'HNSW', recallMin: 1.01 });
  const refused = demanding.milvus.write(generationInput(indexDir, indexedRows(70, 5)));
  await expect(refused).rejects.toThrow(/HNSW finds .* of the nearest chunks, and MILVUS_RECALL_MIN is 1.01/);
  expect((await currentManifest(openOptions(indexDir))).rowCount).toBe(60);
});

test('a generation that has been open for a while is searched without waiting for the server, and finds the same', async () => {
  const indexDir = testFolder();
  const used = engines();
  await eventually(() => used.milvus.write(generationInput(indexDir, rows)));
  const host = hostOf(indexDir, used);
  expect(await ask(host)).toEqual(naive);
  await delay(settledAfterMs + 1_000);
  expect(await ask(host)).toEqual(naive);
});

test('reads vectors again with Strong that a replica which is behind does not have yet', async () => {
  const indexDir = testFolder();
  const used = engines();
  await eventually(() => used.milvus.write(generationInput(indexDir, rows)));
  const host = hostOf(indexDir, used);
  await host.reloadIfChanged();
  const reads = vi.spyOn(MilvusClient.prototype, 'vectors').mockResolvedValueOnce(new Map());
  expect(await ask(host)).toEqual(naive);
  const [behind, again] = reads.mock.calls;
  expect([behind?.[3], again?.[3] ?? 'Strong']).toEqual(['Bounded', 'Strong']);
  expect(again?.[1]).toEqual(behind?.[1]);
  reads.mockRestore();
});

test('a program without VECTOR_INDEX says where the vectors are', async () => {
  const indexDir = testFolder();
  await eventually(() => engines().milvus.write(generationInput(indexDir, rows)));
  const host = hostOf(indexDir, undefined);
  expect(await ask(host)).toEqual(naive);
  const faissOnly = new IndexHost(openOptions(indexDir));
  await expect(faissOnly.reloadIfChanged()).rejects.toThrow(
    /its vectors are in Milvus, and VECTOR_INDEX names no Milvus/,
  );
});
