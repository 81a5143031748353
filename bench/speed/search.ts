/** The speed of the index compared with a plain matrix product on the same cores.
 *
 *      node bench/speed/search.ts [--sizes 10000,100000,400000] [--rounds 9] [--shards 2] [--json]
 *
 *  Both alternate within one run, and every figure is a ratio or next to one, because other work on the machine slows both.
 *  "Index" is a search like the bot's, through the index processes; "Gemm + TopK" is ONNX Runtime in a separate process with as
 *  many threads as the index has processes.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import Table from 'cli-table3';
import { type OpenGeneration, openCurrent } from '../../src/index/generation.ts';
import { spaceFolder } from '../../src/index/generation-folder.ts';
import { writeGeneration } from '../../src/index/generation-writer.ts';
import { shardFilesOf } from '../../src/index/shard-files.ts';
import { median } from '../statistics.ts';
import { faissOf } from './faiss-of.ts';
import { GemmTopK } from './gemm-topk.ts';
import { type SyntheticVectors, syntheticVectors } from './synthetic-vectors.ts';

export interface SearchBenchOptions {
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly shards: number;
  /** Temporary folder of the index; 0.8 GB for 400,000. */
  readonly folder: string;
  readonly log: (line: string) => void;
}

export interface SearchBenchResult {
  readonly rowCount: number;
  readonly processes: number;
  readonly openblasCore: string | null;
  readonly writeMs: number;
  /** From the start to the first answer of 60 chunks, with the files in the page cache. */
  readonly startMs: number;
  /** The same with the files dropped from the page cache; null if that is impossible. */
  readonly coldStartMs: number | null;
  /** Of 60 chunks, top 5, medians over the rounds. */
  readonly indexMs: number;
  readonly gemmMs: number;
  /** Median of the ratios of each round, so that both sides have the same machine load. */
  readonly indexOverGemm: number;
  /** Time of queries of 1, 8 and 19 chunks divided by that of 20. */
  readonly overTwenty: Readonly<Record<'1' | '8' | '19', number>>;
  readonly memory: SearchMemory;
  /** Share of the 300 neighbours that Gemm + TopK also returns. */
  readonly agreement: number;
}

export interface SearchMemory {
  readonly vectorBytes: number;
  readonly eachResidentBytes: readonly number[];
  /** All processes together, a shared page counted once, after all searches, over the vectors' bytes. */
  readonly proportionalOverVectors: number;
  readonly residentOverVectors: number;
  readonly peakResidentOverVectors: number;
}

const dimensions = 512;
const k = 5;
const chunks = 60;
const space = { spaceId: 'synthetic', catalogId: 'synthetic' };
const signal = new AbortController().signal;

export async function benchSearch(options: SearchBenchOptions): Promise<SearchBenchResult[]> {
  const results: SearchBenchResult[] = [];
  for (const rowCount of options.sizes) {
    const folder = await mkdtemp(path.join(options.folder, 'leitmotif-bench-'));
    try {
      results.push(await benchSize(rowCount, { ...options, folder }));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return results;
}

async function benchSize(rowCount: number, options: SearchBenchOptions): Promise<SearchBenchResult> {
  const { folder, log, rounds, shards } = options;
  const vectors = syntheticVectors(dimensions, 1);
  const queries = vectors.queries(chunks);
  log(`${count(rowCount)} vectors: writing`);
  const [writeMs, files] = await timed(() => write(rowCount, vectors, folder, shards));
  log(`${count(rowCount)} vectors: starting`);
  const [startMs, generation] = await timed(() => firstAnswer(folder, queries));
  const gemm = await GemmTopK.start({ files, dimensions, k, threads: files.length });
  log(`${count(rowCount)} vectors: searching`);
  try {
    const raced = await race(generation, gemm, queries, rounds);
    const openblasCore = await faissOf(generation).openblasCore();
    const memory = await measureMemory(generation, rowCount);
    await generation.index.close();
    const coldStartMs = await coldStart(folder, files, queries);
    return { rowCount, processes: files.length, openblasCore, writeMs, startMs, coldStartMs, ...raced, memory };
  } finally {
    await gemm.stop();
    await generation.index.close();
  }
}

async function write(rowCount: number, vectors: SyntheticVectors, indexDir: string, shardsMax: number) {
  const rows = vectors.rows(rowCount);
  const shape = { dimensions, rowCount, rows, shardsMax, options: {} };
  const manifest = await writeGeneration({ indexDir, ...space, ...shape, createdAt: new Date(), signal });
  const folder = path.join(spaceFolder(indexDir, space.spaceId), manifest.id);
  return shardFilesOf(manifest, folder).flatMap(({ rowCount, files }) => files.map((file) => ({ ...file, rowCount })));
}

async function firstAnswer(indexDir: string, queries: readonly Float32Array[]): Promise<OpenGeneration> {
  const generation = await openCurrent({ indexDir, ...space });
  await generation.index.search(queries, k, { signal });
  return generation;
}

/** @see dd(1): with count=0, nocache drops the whole file from the page cache, without privileges */
async function coldStart(indexDir: string, files: readonly { path: string }[], queries: readonly Float32Array[]) {
  try {
    for (const file of files) {
      await promisify(execFile)('dd', [`if=${file.path}`, 'iflag=nocache', 'count=0']);
    }
  } catch {
    return null;
  }
  const [coldStartMs, generation] = await timed(() => firstAnswer(indexDir, queries));
  await generation.index.close();
  return coldStartMs;
}

async function race(generation: OpenGeneration, gemm: GemmTopK, queries: readonly Float32Array[], rounds: number) {
  const search = (chunkCount: number) => generation.index.search(queries.slice(0, chunkCount), k, { signal });
  const flat = new Float32Array(queries.flatMap((vector) => [...vector]));
  const expected = await gemm.search(flat);
  const found = (await search(chunks)).flatMap((neighbours) => neighbours.map(({ row }) => row));
  const times = { index: [] as number[], gemm: [] as number[], overGemm: [] as number[] };
  const overTwenty = { 1: [] as number[], 8: [] as number[], 19: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    const [indexMs] = await timed(() => search(chunks));
    const [gemmMs] = await timed(() => gemm.search(flat));
    times.index.push(indexMs);
    times.gemm.push(gemmMs);
    times.overGemm.push(indexMs / gemmMs);
    // ONNX Runtime's threads spin for a while after their work.
    await sleep(100);
    const [one, eight, nineteen, twenty] = await timeEach(search, round);
    overTwenty[1].push(one / twenty);
    overTwenty[8].push(eight / twenty);
    overTwenty[19].push(nineteen / twenty);
  }
  return {
    indexMs: median(times.index),
    gemmMs: median(times.gemm),
    indexOverGemm: median(times.overGemm),
    overTwenty: { 1: median(overTwenty[1]), 8: median(overTwenty[8]), 19: median(overTwenty[19]) },
    agreement: agreementOf(found, expected),
  };
}

/** Milliseconds of a search with 1, 8, 19 and 20 chunks; the first one changes in each round. */
async function timeEach(search: (chunkCount: number) => Promise<unknown>, round: number) {
  const times: [number, number, number, number] = [0, 0, 0, 0];
  for (let step = 0; step < times.length; step += 1) {
    const position = (round + step) % times.length;
    const chunkCount = [1, 8, 19, 20][position] ?? 20;
    [times[position]] = await timed(() => search(chunkCount));
  }
  return times;
}

/** Share of each query's k rows that the other side also returns, in any order. */
function agreementOf(found: readonly number[], expected: readonly number[]): number {
  const isShared = found.map((row, i) => expected.slice(i - (i % k), i - (i % k) + k).includes(row));
  return isShared.filter(Boolean).length / expected.length;
}

async function measureMemory(generation: OpenGeneration, rowCount: number): Promise<SearchMemory> {
  const processes = await faissOf(generation).memory();
  const vectorBytes = rowCount * dimensions * Float32Array.BYTES_PER_ELEMENT;
  const overVectors = (of: (one: (typeof processes)[number]) => number): number =>
    processes.reduce((sum, one) => sum + of(one), 0) / vectorBytes;
  return {
    vectorBytes,
    eachResidentBytes: processes.map(({ residentBytes }) => residentBytes),
    proportionalOverVectors: overVectors(({ proportionalBytes }) => proportionalBytes),
    residentOverVectors: overVectors(({ residentBytes }) => residentBytes),
    peakResidentOverVectors: overVectors(({ peakResidentBytes }) => peakResidentBytes),
  };
}

/** The results as tables for a terminal. */
export function renderSearchBench(results: readonly SearchBenchResult[]): string {
  const speed = new Table({
    style: { head: [], border: [], compact: true },
    head: ['vectors', 'processes', 'index / Gemm+TopK', 'index', 'Gemm+TopK', '1/20', '8/20', '19/20', 'same rows'],
  });
  const size = new Table({
    style: { head: [], border: [], compact: true },
    head: ['vectors', 'of vectors: memory', 'resident', 'peak', 'each process', 'write', 'start', 'start, cold disk'],
  });
  for (const one of results) {
    const few = [one.overTwenty[1], one.overTwenty[8], one.overTwenty[19]].map(ratio);
    const rows = count(one.rowCount);
    speed.push([
      rows,
      one.processes,
      ratio(one.indexOverGemm),
      milliseconds(one.indexMs),
      milliseconds(one.gemmMs),
      ...few,
      one.agreement.toFixed(3),
    ]);
    const { memory } = one;
    size.push([
      rows,
      ratio(memory.proportionalOverVectors),
      ratio(memory.residentOverVectors),
      ratio(memory.peakResidentOverVectors),
      memory.eachResidentBytes.map((bytes) => `${Math.round(bytes / 1e6)} MB`).join(' + '),
      milliseconds(one.writeMs),
      milliseconds(one.startMs),
      one.coldStartMs === null ? 'not measured' : milliseconds(one.coldStartMs),
    ]);
  }
  const core = results[0]?.openblasCore ?? 'not OpenBLAS, or it does not say';
  return [
    `Search of ${chunks} x ${dimensions}, top ${k}; OpenBLAS kernels: ${core} (its own choice), 1 thread a process`,
    speed.toString(),
    'Memory of the index processes together over the bytes of the vectors: shared pages once / in each / at its peak',
    size.toString(),
  ].join('\n');
}

async function timed<T>(work: () => Promise<T>): Promise<[ms: number, result: T]> {
  const start = performance.now();
  const result = await work();
  return [performance.now() - start, result];
}

const ratio = (value: number): string => `${value.toFixed(2)} x`;
const milliseconds = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const count = (value: number): string => value.toLocaleString('en-US');

/** @throws {RangeError} unless all values are whole numbers from 1 */
function parseSizes(text: string): number[] {
  const sizes = text.split(',').map(Number);
  if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 1)) {
    throw new RangeError(`Cannot run the benchmark: expected sizes such as 10000,100000, got "${text}"`);
  }
  return sizes;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sizes: { type: 'string', default: '10000,100000,400000' },
      rounds: { type: 'string', default: '9' },
      shards: { type: 'string', default: '2' },
      folder: { type: 'string', default: tmpdir() },
      json: { type: 'boolean', default: false },
    },
  });
  const results = await benchSearch({
    sizes: parseSizes(values.sizes),
    rounds: Number(values.rounds),
    shards: Number(values.shards),
    folder: values.folder,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  process.stdout.write(`${values.json ? JSON.stringify(results, null, 2) : renderSearchBench(results)}\n`);
}

if (process.argv[1] === import.meta.filename) await main();
