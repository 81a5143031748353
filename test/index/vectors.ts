/** Vectors, naive results and temporary folders for the tests of the index. */
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { onTestFinished } from 'vitest';
import { createFlatFile, rowBytes } from '../../src/index/flat-file.ts';
import type { ShardFile } from '../../src/index/index-shard.ts';
import type { Neighbour } from '../../src/index/vector-index.ts';

export const never = new AbortController().signal;

/** Seeded pseudo-random unit vectors. */
export function unitVectors(count: number, dimensions: number, seed: number): Float32Array[] {
  let state = seed >>> 0;
  const draw = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  return Array.from({ length: count }, () => unit(Float32Array.from({ length: dimensions }, draw)));
}

export function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

export const anyUnitVector = (dimensions: number): fc.Arbitrary<Float32Array> =>
  fc
    .array(fc.integer({ min: -1000, max: 1000 }), { minLength: dimensions, maxLength: dimensions })
    .filter((values) => values.some((value) => value !== 0))
    .map((values) => unit(Float32Array.from(values)));

/** The index's contract as a slow, naive implementation. */
export function naiveSearch(rows: readonly Float32Array[], query: Float32Array, k: number): Neighbour[] {
  const all = rows.map((vector, row) => {
    const sum = vector.reduce((total, value, i) => total + value * (query[i] ?? 0), 0);
    const similarity = Math.fround(Math.max(-1, Math.min(1, sum)));
    return { row, similarity, ofParts: [similarity] };
  });
  return all.sort((a, b) => b.similarity - a.similarity || a.row - b.row).slice(0, k);
}

/** A temporary folder, removed after the test, or after the file when called outside of a test. */
export function makeFolder(): string {
  return mkdtempSync(path.join(tmpdir(), 'leitmotif-search-'));
}

export function testFolder(): string {
  const folder = makeFolder();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Shard {
  readonly rowCount: number;
  readonly files: [ShardFile];
}

/** Writes the rows into one shard per size, of one part. */
export async function writeShards(
  folder: string,
  rows: readonly Float32Array[],
  sizes: readonly number[],
): Promise<Shard[]> {
  const shards: Shard[] = [];
  const dimensions = rows[0]?.length ?? 0;
  let first = 0;
  for (const [shard, rowCount] of sizes.entries()) {
    const file = path.join(folder, `shard-${shard}-of-${sizes.length}.faiss`);
    const writing = await createFlatFile(file, { rowCount, dimensions });
    for (const row of rows.slice(first, first + rowCount)) await writing.write(rowBytes(row));
    shards.push({ rowCount, files: [{ path: file, dimensions, ...(await writing.finish()) }] });
    first += rowCount;
  }
  return shards;
}

/** Whether a process runs. A zombie does not. @see proc(5), stat */
export async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat !== null && !/\) [ZX] /.test(stat);
}

export async function untilGone(pid: number): Promise<void> {
  while (await isRunning(pid)) await sleep(20);
}

/** The running child processes of this process. */
export async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return pids.filter((_, i) => new RegExp(`\\) [^ZX] ${parent} `).test(stats[i] ?? ''));
}
