/** The parts of a space, searched in turn by each index process, against the same vectors searched as a whole: time of the 60
 *  chunks of a query with the pool of neighbours that hub correction needs, and memory of the index processes.
 *
 *      npm run bench:speed -- parts
 */
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import Table from 'cli-table3';
import { type OpenGeneration, openCurrent } from '../../src/index/generation.ts';
import { writeGeneration } from '../../src/index/generation-writer.ts';
import type { IndexedRow } from '../../src/index/row-writer.ts';
import { poolFactor } from '../../src/ranking/hubs.ts';
import { partsOf } from '../../src/ranking/space-parts.ts';
import { median } from '../statistics.ts';
import { faissOf } from './faiss-of.ts';
import { syntheticVectors } from './synthetic-vectors.ts';

export interface PartsBenchOptions {
  readonly sizes: readonly number[];
  readonly rounds: number;
  /** Index processes. */
  readonly shards: number;
  /** Temporary folder of the indexes; 1.2 GB for 400,000. */
  readonly folder: string;
  readonly log: (line: string) => void;
}

export interface PartsBenchResult {
  readonly rowCount: number;
  /** Medians of the rounds, and of the ratios of each round. */
  readonly wholeMs: number;
  readonly partsMs: number;
  readonly partsOverWhole: number;
  /** Resident memory of the index processes after all searches, a shared page counted once. */
  readonly wholeBytes: number;
  readonly partsBytes: number;
}

const dimensions = 384;
const chunks = 60;
const k = 5 * poolFactor;
const signal = new AbortController().signal;
const catalogId = 'synthetic';
const spaces = { whole: 'synthetic@1.0.0', parts: 'builtin@2.0.0' };

export async function benchParts({
  sizes,
  rounds,
  shards,
  folder,
  log,
}: PartsBenchOptions): Promise<PartsBenchResult[]> {
  const results: PartsBenchResult[] = [];
  for (const rowCount of sizes) {
    const indexDir = await mkdtemp(path.join(folder, 'leitmotif-bench-'));
    try {
      for (const spaceId of Object.values(spaces)) {
        log(`${rowCount} vectors of ${spaceId}: writing`);
        const rows = jointRows(syntheticVectors(dimensions, 1).rows(rowCount));
        const shape = { dimensions, rowCount, rows, shardsMax: shards, options: {} };
        await writeGeneration({ indexDir, spaceId, catalogId, ...shape, createdAt: new Date(), signal });
      }
      results.push(await race(indexDir, rowCount, rounds));
    } finally {
      await rm(indexDir, { recursive: true, force: true });
    }
  }
  return results;
}

async function race(indexDir: string, rowCount: number, rounds: number): Promise<PartsBenchResult> {
  const queries = syntheticVectors(dimensions, 1).queries(chunks).map(joint);
  const whole = await openCurrent({ indexDir, catalogId, spaceId: spaces.whole });
  const parts = await openCurrent({ indexDir, catalogId, spaceId: spaces.parts });
  try {
    const times = { whole: [] as number[], parts: [] as number[], ratio: [] as number[] };
    // The first round reads the files into the page cache.
    for (let round = 0; round <= rounds; round += 1) {
      // The order alternates in each round, so that neither always has the warmer caches.
      const order = round % 2 === 0 ? [whole, parts] : [parts, whole];
      const took = new Map<OpenGeneration, number>();
      for (const each of order) took.set(each, await timed(() => each.index.search(queries, k, { signal })));
      if (round === 0) continue;
      const [wholeMs, partsMs] = [took.get(whole) ?? Number.NaN, took.get(parts) ?? Number.NaN];
      times.whole.push(wholeMs);
      times.parts.push(partsMs);
      times.ratio.push(partsMs / wholeMs);
    }
    return {
      rowCount,
      wholeMs: median(times.whole),
      partsMs: median(times.parts),
      partsOverWhole: median(times.ratio),
      wholeBytes: await memoryOf(whole),
      partsBytes: await memoryOf(parts),
    };
  } finally {
    await whole.index.close();
    await parts.index.close();
  }
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

async function memoryOf(generation: OpenGeneration): Promise<number> {
  return (await faissOf(generation).memory()).reduce((sum, { proportionalBytes }) => sum + proportionalBytes, 0);
}

function* jointRows(rows: Iterable<IndexedRow>): Generator<IndexedRow> {
  for (const { chunk, vector } of rows) yield { chunk, vector: joint(vector) };
}

/** Gives the parts of a vector the lengths that they have in the built-in model's space. */
function joint(vector: Float32Array): Float32Array {
  const joined = vector.slice();
  for (const { from, dimensions: count, weight } of partsOf(spaces.parts, dimensions)) {
    const part = joined.subarray(from, from + count);
    const scale = Math.sqrt(weight / part.reduce((sum, value) => sum + value * value, 0));
    for (let at = 0; at < part.length; at += 1) part[at] = (part[at] ?? 0) * scale;
  }
  return joined;
}

export function renderPartsBench(results: readonly PartsBenchResult[]): string {
  const table = new Table({
    style: { head: [], border: [], compact: true },
    head: ['vectors', 'parts / whole', 'parts', 'whole', 'memory, parts / whole'],
  });
  for (const { rowCount, partsOverWhole, partsMs, wholeMs, partsBytes, wholeBytes } of results) {
    table.push([
      rowCount.toLocaleString('en'),
      partsOverWhole.toFixed(2),
      `${partsMs.toFixed(0)} ms`,
      `${wholeMs.toFixed(0)} ms`,
      (partsBytes / wholeBytes).toFixed(2),
    ]);
  }
  return `${chunks} chunks x ${dimensions}, ${k} neighbours of each, medians\n${table.toString()}`;
}
