import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, truncateSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { FaissIndex, type FaissLimits } from '../../src/index/faiss-index.ts';
import { createFlatFile, rowBytes } from '../../src/index/flat-file.ts';
import type { ShardEvent, ShardFiles } from '../../src/index/index-shard.ts';
import { droppedRows } from '../../src/index/tracks-file.ts';
import { type SpacePart, wholeOf, writePart } from '../../src/ranking/space-parts.ts';
import {
  anyUnitVector,
  childrenOf,
  isRunning,
  makeFolder,
  naiveSearch,
  never,
  testFolder,
  unitVectors,
  untilGone,
  writeShards,
} from './vectors.ts';

const dimensions = 16;
const signal = never;

interface OpenTestIndex {
  readonly index: FaissIndex;
  readonly events: ShardEvent[];
  readonly paths: string[];
}

async function openIndex(
  rows: readonly Float32Array[],
  sizes: readonly number[],
  limits: Partial<FaissLimits> = {},
): Promise<OpenTestIndex> {
  const shards = await writeShards(testFolder(), rows, sizes);
  const events: ShardEvent[] = [];
  const onEvent = (event: ShardEvent) => events.push(event);
  const index = await FaissIndex.open({ ...shapeOf(rows[0]?.length ?? 0), shards, limits, onEvent });
  onTestFinished(() => index.close());
  return { index, events, paths: shards.map(({ files: [file] }) => file.path) };
}

const shapeOf = (size: number) => ({ dimensions: size, parts: [wholeOf(size)] });

const naive = (rows: readonly Float32Array[], queries: readonly Float32Array[], k: number) =>
  queries.map((query) => naiveSearch(rows, query, k));

describe('search results', () => {
  const rows = unitVectors(500, dimensions, 1);
  // Nine in ten rows have an equal row: recordings stored twice, and the hum between pieces.
  const repeated = Array.from({ length: 500 }, (_, row) => rows[(row * 7) % 50] ?? rows[0] ?? new Float32Array());
  const libraries = [
    { rows, sizes: [500] },
    { rows, sizes: [250, 250] },
    { rows, sizes: [1, 400, 99] },
    { rows: repeated, sizes: [100, 400] },
    { rows: rows.slice(0, 3), sizes: [1, 2] },
  ];
  const opened: FaissIndex[] = [];
  const files: ShardFiles[][] = [];
  const folder = makeFolder();

  beforeAll(async () => {
    for (const library of libraries) {
      const shards = await writeShards(folder, library.rows, library.sizes);
      files.push(shards);
      opened.push(await FaissIndex.open({ ...shapeOf(dimensions), shards }));
      for (const { files } of shards) rmSync(files[0].path);
    }
  });
  afterAll(async () => {
    await Promise.all(opened.map((index) => index.close()));
    rmSync(folder, { recursive: true });
  });

  test('equal a naive search for any batch, k and shards', async () => {
    const anyBatch = fc.array(anyUnitVector(dimensions), { minLength: 1, maxLength: 40 });
    const anyK = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 13, max: 600 }));
    await fc.assert(
      fc.asyncProperty(anyBatch, anyK, fc.nat(libraries.length - 1), async (queries, k, which) => {
        const found = await opened[which]?.search(queries, k, { signal });
        expect(found).toEqual(naive(libraries[which]?.rows ?? [], queries, k));
      }),
      { numRuns: 60 },
    );
  });

  test('equal a naive search over the rows that are not dropped, for any batch, k and shards', async () => {
    const anyBatch = fc.array(anyUnitVector(dimensions), { minLength: 1, maxLength: 25 });
    const anyK = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 13, max: 600 }));
    // Whole stretches, as of removed tracks: a query near them meets more dropped rows than are asked for at first.
    const anyStretch = fc.tuple(fc.nat(499), fc.integer({ min: 1, max: 300 }));
    const anyDropped = fc.array(anyStretch, { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        anyBatch,
        anyK,
        fc.nat(libraries.length - 1),
        anyDropped,
        async (queries, k, which, stretches) => {
          const { rows: all, sizes } = libraries[which] as (typeof libraries)[number];
          const live = all.flatMap((vector, row) =>
            stretches.some(([from, count]) => row >= from && row < from + count) ? [] : [{ row, vector }],
          );
          const tracks = live.map(({ row }) => ({ trackId: row, firstRow: row, rowCount: 1, state: '' }));
          const shards = sizes.map((rowCount) => ({ rowCount }));
          const index = await FaissIndex.open({
            ...shapeOf(dimensions),
            shards: files[which] ?? [],
            dropped: droppedRows(tracks, shards),
            reuse: opened[which],
          });
          const found = await index.search([...queries, ...all.slice(0, 3)], k, { signal });
          await index.close();
          const vectors = live.map(({ vector }) => vector);
          expect(found).toEqual(
            naive(vectors, [...queries, ...all.slice(0, 3)], k).map((list) =>
              list.map((one) => ({ ...one, row: live[one.row]?.row })),
            ),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('return a row itself as its nearest, and the lower of two equal rows first', async () => {
    const found = await opened[3]?.search(repeated.slice(100, 130), 20, { signal });
    expect(found).toEqual(naive(repeated, repeated.slice(100, 130), 20));
    expect(found?.[0]?.[0]?.similarity).toBeCloseTo(1, 6);
  });

  test('are bit-identical alone and in batches of 19, 20 and 300', async () => {
    const queries = unitVectors(300, dimensions, 2);
    const all = await opened[1]?.search(queries, 5, { signal });
    for (const count of [1, 2, 19, 20]) {
      expect(await opened[1]?.search(queries.slice(0, count), 5, { signal })).toEqual(all?.slice(0, count));
    }
    expect(await opened[2]?.search(queries, 5, { signal })).toEqual(all);
  });

  test('equal a naive search that finds more rows than the index process keeps', async () => {
    const many = unitVectors(6_000, dimensions, 3);
    const { index } = await openIndex(many, [6_000]);
    const queries = unitVectors(200, dimensions, 4);
    const found = await index.search(queries, 20, { signal });
    expect(new Set(found.flat().map(({ row }) => row)).size).toBeGreaterThan(2_000);
    expect(found).toEqual(naive(many, queries, 20));
  });

  test('are empty for no vectors and for an index without rows, which needs no process', async () => {
    const empty = await FaissIndex.open({ ...shapeOf(dimensions), shards: [] });
    expect(await opened[0]?.search([], 5, { signal })).toEqual([]);
    expect(await empty.search(rows.slice(0, 2), 5, { signal })).toEqual([[], []]);
    expect(empty.rowCount).toBe(0);
    await empty.close();
  });

  test('are refused for bad vectors and k below 1, and the index keeps working', async () => {
    const [index] = opened;
    const bad = new Float32Array(dimensions).fill(Number.NaN);
    await expect(index?.search([bad], 5, { signal })).rejects.toThrow(RangeError);
    await expect(index?.search([new Float32Array(3)], 5, { signal })).rejects.toThrow(RangeError);
    await expect(index?.search(rows.slice(0, 1), 0, { signal })).rejects.toThrow(RangeError);
    expect(await index?.search(rows.slice(0, 1), 1, { signal })).toHaveLength(1);
  });
});

describe('a search', () => {
  const rows = unitVectors(50, dimensions, 3);

  test('ends at once when cancelled, and the searches after it run', async () => {
    const { index } = await openIndex(rows, [50]);
    const canceller = new AbortController();
    const first = index.search(rows, 5, { signal });
    const cancelled = index.search(rows, 5, { signal: canceller.signal });
    const last = index.search(rows, 5, { signal });
    canceller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    expect(await first).toEqual(await last);
    await expect(index.search(rows, 5, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('returns queue-full when the queue is full, and the others are answered', async () => {
    const { index } = await openIndex(rows, [50], { queueMax: 2 });
    const searches = Array.from({ length: 6 }, () => index.search(rows.slice(0, 1), 1, { signal }));
    const settled = await Promise.allSettled(searches);
    const refused = settled.filter((one) => one.status === 'rejected');
    expect(refused.map(({ reason }) => reason.code)).toEqual(refused.map(() => 'queue-full'));
    expect(settled.filter((one) => one.status === 'fulfilled').length).toBeGreaterThanOrEqual(2);
    expect(refused.length).toBeGreaterThan(0);
  });

  test('returns index-unavailable after closing, which leaves no process', async () => {
    const { index } = await openIndex(rows, [25, 25]);
    const pids = await index.pids();
    await index.close();
    expect(await Promise.all(pids.map(isRunning))).toEqual([false, false]);
    await expect(index.search(rows, 1, { signal })).rejects.toMatchObject({ code: 'index-unavailable' });
  });
});

test('returns correct similarities for an index that repeats one vector', async () => {
  const [vector = new Float32Array()] = unitVectors(1, dimensions, 6);
  const { index } = await openIndex(new Array<Float32Array>(2000).fill(vector), [1000, 1000]);
  const [found] = await index.search([vector], 7, { signal });
  const again = await index.search([vector, vector], 7, { signal });
  expect(found?.map(({ similarity }) => similarity)).toEqual(new Array(7).fill(found?.[0]?.similarity));
  expect(found?.[0]?.similarity).toBeCloseTo(1, 6);
  expect(again).toEqual([found, found]);
});

describe('an index process', () => {
  const rows = unitVectors(200, dimensions, 4);
  const queries = unitVectors(30, dimensions, 5);
  const expected = naive(rows, queries, 5);

  test('can be killed 30 times during searches without losing a result', async () => {
    const { index, events } = await openIndex(rows, [100, 100]);
    for (let round = 0; round < 30; round += 1) {
      const pids = await index.pids();
      const searching = [index.search(queries, 5, { signal }), index.search(queries, 5, { signal })];
      process.kill(pids[round % 2] ?? 0, 'SIGKILL');
      expect(await Promise.all(searching)).toEqual([expected, expected]);
    }
    expect(events.filter(({ kind }) => kind === 'died')).toHaveLength(30);
  });

  test('is killed at its deadline when it hangs, and its search is repeated', async () => {
    const { index, events } = await openIndex(rows, [200], { searchTimeoutMs: 3000 });
    const [pid] = await index.pids();
    process.kill(pid ?? 0, 'SIGSTOP');
    expect(await index.search(queries, 5, { signal })).toEqual(expected);
    expect(events.map(({ kind }) => kind)).toEqual(['died', 'restarted']);
  });

  test('is replaced after it leaked its quota of memory, without refusing a search', async () => {
    const { index, events } = await openIndex(rows, [100, 100], { leakMaxBytes: 1 });
    const before = await index.pids();
    while (events.filter(({ kind }) => kind === 'recycled').length < 4) {
      expect(await index.search(queries, 5, { signal })).toEqual(expected);
    }
    expect(events.every(({ kind }) => kind === 'recycled')).toBe(true);
    expect(await index.pids()).not.toEqual(before);
    await Promise.all(before.map(untilGone));
  });

  test('is not restarted on a file damaged meanwhile, and the error names the file', async () => {
    const { index, paths } = await openIndex(rows, [100, 100]);
    truncateSync(paths[1] ?? '', 1000);
    process.kill((await index.pids())[1] ?? 0, 'SIGKILL');
    const error = await index.search(queries, 5, { signal }).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'index-corrupt' });
    expect(error.message).toContain(paths[1]);
    expect(error.message).toContain('npm run index');
  });

  test('leaves no process when a file of the index is missing', async () => {
    const [shard] = await writeShards(testFolder(), rows, [200]);
    if (shard === undefined) throw new Error('no shard');
    const missing = { ...shard, files: [{ ...shard.files[0], path: `${shard.files[0].path}.gone` }] };
    const before = await childrenOf(process.pid);
    const opening = FaissIndex.open({ ...shapeOf(dimensions), shards: [shard, missing] });
    await expect(opening).rejects.toMatchObject({ code: 'index-corrupt' });
    expect(await childrenOf(process.pid)).toEqual(before);
  });

  test('inherits no environment and uses one thread', async () => {
    const { index } = await openIndex(rows, [200]);
    const [pid] = await index.pids();
    const names = readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .map((line) => line.split('=')[0]);
    const given = ['OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'OPENBLAS_VERBOSE'];
    expect(names.filter((name) => /OMP|BLAS/.test(name ?? '')).sort()).toEqual(given);
    expect(names).not.toContain('PATH');
  });

  test('ends when its parent is killed', async () => {
    const shards = await writeShards(testFolder(), rows, [200]);
    const program = path.join(import.meta.dirname, 'programs/hold-index.ts');
    const parent = spawn(process.execPath, [program, JSON.stringify({ ...shapeOf(dimensions), shards })], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    expect(pids).toHaveLength(1);
    expect(await Promise.all(pids.map(isRunning))).toEqual([true]);
    parent.kill('SIGKILL');
    await Promise.all(pids.map(untilGone));
  });
});

describe('a space of two parts', () => {
  const parts: readonly SpacePart[] = [
    { name: 'sound', from: 0, dimensions: 6, weight: 0.36 },
    { name: 'harmony', from: 6, dimensions: 10, weight: 0.64 },
  ];

  /** Unit vectors whose parts have the parts' lengths. */
  function joinedVectors(count: number, seed: number): Float32Array[] {
    const sound = unitVectors(count, 6, seed);
    const harmony = unitVectors(count, 10, seed + 1);
    return sound.map((vector, at) =>
      Float32Array.of(...vector.map((value) => value * 0.6), ...(harmony[at] ?? []).map((value) => value * 0.8)),
    );
  }

  async function openJoined(rows: readonly Float32Array[], sizes: readonly number[]): Promise<FaissIndex> {
    const folder = testFolder();
    const shards: { rowCount: number; files: { path: string; dimensions: number; bytes: number; sha256: string }[] }[] =
      [];
    let first = 0;
    for (const rowCount of sizes) {
      const files: (typeof shards)[number]['files'] = [];
      for (const part of parts) {
        const file = path.join(folder, `${shards.length}-${part.name}`);
        const written = await createFlatFile(file, { rowCount, dimensions: part.dimensions });
        const values = new Float32Array(part.dimensions);
        for (const row of rows.slice(first, first + rowCount)) {
          writePart(row, part, values);
          await written.write(rowBytes(values));
        }
        files.push({ path: file, dimensions: part.dimensions, ...(await written.finish()) });
      }
      shards.push({ rowCount, files });
      first += rowCount;
    }
    const index = await FaissIndex.open({ dimensions, parts, shards });
    onTestFinished(() => index.close());
    return index;
  }

  const partOf = (vector: Float32Array, part: SpacePart): Float32Array => {
    const values = new Float32Array(part.dimensions);
    writePart(vector, part, values);
    return values;
  };

  test.each([[[300]], [[100, 200]], [[7, 93, 200]]])(
    'returns what is near in any part, from shards of %j',
    async (sizes) => {
      const rows = joinedVectors(300, 5);
      const queries = joinedVectors(25, 77);
      const index = await openJoined(rows, sizes);
      const found = await index.search(queries, 4, { signal });
      for (const [at, query] of queries.entries()) {
        const nearest = parts.map((part) =>
          naiveSearch(
            rows.map((row) => partOf(row, part)),
            partOf(query, part),
            4,
          ),
        );
        const expected = new Set(nearest.flat().map(({ row }) => row));
        expect(new Set(found[at]?.map(({ row }) => row))).toEqual(expected);
        for (const { row, similarity, ofParts } of found[at] ?? []) {
          for (const [which, part] of parts.entries()) {
            const own = naiveSearch([partOf(rows[row] ?? query, part)], partOf(query, part), 1)[0]?.similarity;
            expect(ofParts[which]).toBeCloseTo(own ?? Number.NaN, 6);
          }
          const whole = naiveSearch([rows[row] ?? query], query, 1)[0]?.similarity;
          expect(similarity).toBeCloseTo(whole ?? Number.NaN, 5);
        }
        const order = found[at]?.map(({ similarity }) => similarity) ?? [];
        expect(order).toEqual([...order].sort((a, b) => b - a));
      }
    },
  );

  test('compares a vector whose parts have other lengths by its directions', async () => {
    const rows = joinedVectors(30, 5);
    const index = await openJoined(rows, [30]);
    const [first = new Float32Array(16)] = rows;
    // The same directions, with 0.8 of sound and 0.6 of harmony; and sound alone.
    const turned = first.map((value, at) => (at < 6 ? (value / 0.6) * 0.8 : (value / 0.8) * 0.6));
    const soundOnly = first.map((value, at) => (at < 6 ? value / 0.6 : 0));
    const [same = [], sound = []] = await index.search([turned, soundOnly], 3, { signal });
    expect(same[0]).toMatchObject({ row: 0, similarity: expect.closeTo(1, 5) });
    expect(sound.find(({ row }) => row === 0)?.ofParts).toEqual([expect.closeTo(1, 5), 0]);
  });

  test('goes on after its process is killed', async () => {
    const rows = joinedVectors(50, 9);
    const index = await openJoined(rows, [50]);
    const before = await index.search(rows.slice(0, 3), 3, { signal });
    process.kill((await index.pids())[0] ?? 0, 'SIGKILL');
    expect(await index.search(rows.slice(0, 3), 3, { signal })).toEqual(before);
  });
});
