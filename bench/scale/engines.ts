/** `npm run bench:scale -- --milvus FLAT,HNSW,IVF_SQ8 --sizes 100000`: the same vectors in FAISS and in a real Milvus on this machine, which take
 *  turns. The server comes from PyPI, as in `npm run test:milvus`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { faissEngine } from '../../src/index/faiss-engine.ts';
import { openCurrent } from '../../src/index/generation.ts';
import { MilvusEngine } from '../../src/index/milvus/milvus-engine.ts';
import { settledAfterMs } from '../../src/index/milvus/milvus-index.ts';
import type { IndexType } from '../../src/index/milvus/settings.ts';
import { MilvusServer } from '../../test/milvus/server.ts';
import { faissOf } from '../speed/faiss-of.ts';
import { syntheticVectors } from '../speed/synthetic-vectors.ts';
import { median, quantile } from '../statistics.ts';
import { table } from '../table.ts';
import { scaleDimensions } from './model.ts';
import { memoryOf, pidsOf } from './processes.ts';

const k = 5;
const chunks = 60;
const rounds = 20;
const space = { spaceId: 'synthetic', catalogId: 'synthetic' };
const signal = new AbortController().signal;

interface EngineFigures {
  readonly name: string;
  readonly buildMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Median of the ratios of neighbouring searches. */
  readonly overFaiss: number;
  /** Share of FAISS's neighbours that are the same rows. */
  readonly agreement: number;
  readonly recall: number;
  /** How much of the index a search visits (milvus/settings.ts). */
  readonly effort: number;
  readonly memoryBytes: number;
}

/** @throws {Error} without a server */
export async function benchEngines(
  rowCount: number,
  types: readonly IndexType[],
  log: (line: string) => void,
): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'leitmotif-engines-'));
  const server = await startMilvus();
  try {
    const figures: EngineFigures[] = [];
    for (const indexType of types) {
      log(`${rowCount} vectors: Milvus ${indexType} and FAISS`);
      figures.push(...(await race(rowCount, path.join(folder, indexType), server, indexType)));
    }
    return render(rowCount, figures);
  } finally {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The server from PyPI.
 *  @throws {Error} where it cannot be had */
export async function startMilvus(): Promise<MilvusServer> {
  const server = await MilvusServer.start('server');
  if ('missing' in server) throw new Error(`Cannot measure Milvus: ${server.missing}`);
  return server;
}

async function race(rowCount: number, indexDir: string, server: MilvusServer, indexType: IndexType) {
  const vectors = syntheticVectors(scaleDimensions, 1);
  const queries = vectors.queries(chunks);
  const milvus = new MilvusEngine(server.settings({ indexType }));
  const engines = { faiss: faissEngine, milvus };
  const shape = { dimensions: scaleDimensions, rowCount, shardsMax: 2, options: {}, createdAt: new Date(), signal };
  const build = async (engine: typeof faissEngine | MilvusEngine, dir: string) => {
    const startedMs = performance.now();
    const manifest = await engine.write({ indexDir: dir, ...space, ...shape, rows: vectors.rows(rowCount) });
    const buildMs = performance.now() - startedMs;
    return { manifest, buildMs, opened: await openCurrent({ indexDir: dir, ...space, engines }) };
  };
  const faiss = await build(faissEngine, `${indexDir}-faiss`);
  const ours = await build(milvus, `${indexDir}-milvus`);
  try {
    const times = { faiss: [] as number[], milvus: [] as number[], ratio: [] as number[] };
    await delay(settledAfterMs + 1_000);
    const [expected, found] = [await search(faiss.opened.index), await search(ours.opened.index)];
    for (let round = 0; round < rounds; round += 1) {
      const faissMs = (await search(faiss.opened.index)).tookMs;
      const milvusMs = (await search(ours.opened.index)).tookMs;
      times.faiss.push(faissMs);
      times.milvus.push(milvusMs);
      times.ratio.push(milvusMs / faissMs);
    }
    const same = found.rows.filter((row, at) => expected.rows[at] === row).length / expected.rows.length;
    const processes = await faissOf(faiss.opened).memory();
    const faissBytes = processes.reduce((sum, { proportionalBytes }) => sum + proportionalBytes, 0);
    const latencies = (list: readonly number[]) => ({ p50Ms: median(list), p95Ms: quantile(list, 0.95) });
    const exact = { name: 'FAISS', overFaiss: 1, agreement: 1, recall: 1, effort: 1, memoryBytes: faissBytes };
    return [
      { ...exact, buildMs: faiss.buildMs, ...latencies(times.faiss) },
      {
        ...{ name: `Milvus ${indexType}`, buildMs: ours.buildMs, ...latencies(times.milvus) },
        ...{ overFaiss: median(times.ratio), agreement: same, recall: ours.manifest.milvus?.recall ?? 1 },
        ...{ effort: ours.manifest.milvus?.effort ?? 1, memoryBytes: memoryOf(pidsOf('milvus')) },
      },
    ];
  } finally {
    await faiss.opened.index.close();
    await ours.opened.index.close();
    await milvus.close();
  }

  async function search(index: { search: typeof faiss.opened.index.search }) {
    const startedMs = performance.now();
    const answer = await index.search(queries, k, { signal });
    return { tookMs: performance.now() - startedMs, rows: answer.flatMap((list) => list.map(({ row }) => row)) };
  }
}

function render(rowCount: number, figures: readonly EngineFigures[]): string {
  const head = [
    `${rowCount} x ${scaleDimensions}, ${chunks} queries, top ${k}`,
    ...['built in', 'p50', 'p95', 'ratio to FAISS', "FAISS's neighbours", 'recall@5 at build', 'effort', 'memory'],
  ];
  const rows = figures.map((one) => [
    ...[one.name, `${(one.buildMs / 1000).toFixed(1)} s`, `${one.p50Ms.toFixed(0)} ms`, `${one.p95Ms.toFixed(0)} ms`],
    ...[one.overFaiss.toFixed(2), one.agreement.toFixed(3), one.recall.toFixed(3), String(one.effort)],
    `${(one.memoryBytes / 1e6).toFixed(0)} MB`,
  ]);
  return table(head, rows);
}
