/** The total cost of a query against a large library, from a 5-minute mp3 to the ranked answer.
 *
 *      node bench/speed/query.ts [--chunks 400000] [--rounds 5]
 *
 *  The library is synthetic (vectors drawn around track centres, in the built-in model's own space), and goes through the real
 *  catalog, the real generation and the real program; the query is real sound through the real worker. "Cold" is the terminal
 *  command: program, worker and index start. "Warm" is a program with running worker and index, like the bot.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { buildApp } from '../../src/app.ts';
import { fingerprintItemSec } from '../../src/audio/fingerprint.ts';
import { readConfig } from '../../src/config/config.ts';
import type { Chunk } from '../../src/domain.ts';
import type { IndexedRow } from '../../src/index/row-writer.ts';
import { makeLog } from '../../src/io/log.ts';
import type { Answer } from '../../src/query/answer.ts';
import { defaultFusion } from '../../src/query/query-request.ts';
import { processFigures } from '../process-figures.ts';
import { noiseFingerprint } from '../scale/library.ts';
import { median } from '../statistics.ts';
import { table } from '../table.ts';
import { syntheticVectors } from './synthetic-vectors.ts';

export interface QueryBenchOptions {
  readonly chunks: number;
  readonly rounds: number;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
}

export interface QueryBenchResult {
  readonly chunks: number;
  /** Duration of the command, and its own timings. */
  readonly coldMs: number;
  readonly warmMs: number;
  readonly warmTimingsMs: Answer['timingsMs'];
  /** The same without the correction of hubs: medians of both, search and fusion together. */
  readonly searchAndFuseMs: { readonly corrected: number; readonly uncorrected: number };
  /** From the catalog to a generation that answers. */
  readonly generationMs: { readonly withHubs: number; readonly withoutHubs: number };
  /** Peak resident memory of the asking process (not of its children), cold. */
  readonly askerPeakBytes: number;
}

const root = path.resolve(import.meta.dirname, '../..');
const never = new AbortController().signal;
const queryMinutes = 5;

export async function benchQuery(options: QueryBenchOptions): Promise<QueryBenchResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'leitmotif-bench-query-'));
  try {
    const indexDir = path.join(folder, 'index');
    const mp3 = await makeQuery(path.join(folder, 'query.mp3'));
    const generationMs = await fillLibrary(indexDir, options);
    const cold = [];
    for (let round = 0; round < options.rounds; round++) cold.push(await askCold(indexDir, mp3, options));
    const { corrected: warm, uncorrected } = await askWarm(indexDir, mp3, options);
    const searchAndFuse = (timings: readonly Answer['timingsMs'][]) => median(timings.map((ms) => ms.search + ms.fuse));
    return {
      chunks: options.chunks,
      coldMs: median(cold.map(({ wallMs }) => wallMs)),
      askerPeakBytes: median(cold.map(({ peakBytes }) => peakBytes)),
      warmMs: median(warm.map(({ total }) => total)),
      warmTimingsMs: warm[0] ?? { decode: 0, embed: 0, search: 0, fuse: 0, clips: 0, total: 0 },
      searchAndFuseMs: { corrected: searchAndFuse(warm), uncorrected: searchAndFuse(uncorrected) },
      generationMs,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Five minutes of changing chords: the gate accepts them as music, and decoding takes as long as for any mp3 of 320 kbit/s. */
async function makeQuery(file: string): Promise<string> {
  const hz = '220*pow(2,mod(floor(t*2)*7,12)/12)';
  const sound = `aevalsrc=0.2*sin(2*PI*${hz}*t)+0.15*sin(3*PI*${hz}*t)+0.1*sin(4*PI*${hz}*t):s=44100:d=${queryMinutes * 60}`;
  const source = sound.replaceAll(',', '\\,');
  await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', source, '-b:a', '320k', file]);
  return file;
}

/** Through the catalog, like an index run: one transaction per track, then the generation. */
async function fillLibrary(indexDir: string, { chunks, environment, log }: QueryBenchOptions) {
  await using app = await openApp(indexDir, { ...environment, HUB_CORRECTION: 'false' });
  const spaceId = await app.worker.spaceId();
  const { models } = await (await app.worker.client()).models();
  const dimensions = models.find((model) => model.spaceId === spaceId)?.dimensions ?? Number.NaN;
  const startedMs = performance.now();
  for (const [trackId, rows] of Map.groupBy(
    syntheticVectors(dimensions, 1).rows(chunks),
    ({ chunk }) => chunk.trackId,
  )) {
    app.catalog.embeddings.put(
      { key: `track-${trackId}.mp3`, sizeBytes: 1, mtimeMs: 0, etag: null, contentSha256: sha(trackId) },
      {
        spaceId,
        durationSec: rows.length * 10,
        tags: { title: null, artist: null, album: null },
        chunks: rows.map(toChunk),
        fingerprint: { items: noiseFingerprint(trackId, rows.length), itemSec: fingerprintItemSec },
      },
    );
  }
  const filledMs = performance.now();
  await app.generations.rebuild(never);
  const builtMs = performance.now();
  await using withHubs = await openApp(indexDir, environment);
  const beginMs = performance.now();
  await withHubs.generations.rebuild(never);
  const generationMs = { withoutHubs: builtMs - filledMs, withHubs: performance.now() - beginMs };
  log(`catalog of ${chunks} chunks: ${sec(filledMs - startedMs)}`);
  return generationMs;
}

function toChunk({ chunk, vector }: IndexedRow, index: number): Chunk {
  return { index, ...chunk, kind: 'music', loudnessDb: -20, vector };
}

function sha(trackId: number): string {
  return trackId.toString(16).padStart(64, '0');
}

async function askCold(indexDir: string, mp3: string, { environment }: QueryBenchOptions) {
  const startedMs = performance.now();
  const args = [path.join(root, 'src/cli.ts'), 'similar', mp3, '--json'];
  const child = spawn(process.execPath, args, {
    env: { ...environment, INDEX_DIR: indexDir },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  let peakBytes = 0;
  let code: number | null | undefined;
  ended.then((exit) => {
    code = exit;
  });
  while (code === undefined) {
    peakBytes = Math.max(peakBytes, processFigures(child.pid ?? 0)?.peakResidentBytes ?? 0);
    await Promise.race([ended, sleep(50)]);
  }
  if (code !== 0) throw new Error(`Cannot measure: the query ended with code ${code}`);
  return { wallMs: performance.now() - startedMs, peakBytes };
}

/** Alternating, so that other load on the machine affects both equally. */
async function askWarm(indexDir: string, mp3: string, options: QueryBenchOptions) {
  await using app = await openApp(indexDir, options.environment);
  const timings = { corrected: [] as Answer['timingsMs'][], uncorrected: [] as Answer['timingsMs'][] };
  for (let round = 0; round <= options.rounds; round++) {
    for (const way of ['corrected', 'uncorrected'] as const) {
      const answer = await app.queries.similar({
        ...{ path: mp3, neighbours: 5, fusion: defaultFusion, resultsMax: 10, includeNonMusic: false, signal: never },
        hubCorrection: way === 'corrected',
      });
      // The first query started the worker and the index.
      if (round > 0) timings[way].push(answer.timingsMs);
    }
  }
  const byTotal = (a: Answer['timingsMs'], b: Answer['timingsMs']) => a.total - b.total;
  return { corrected: timings.corrected.sort(byTotal), uncorrected: timings.uncorrected.sort(byTotal) };
}

function openApp(indexDir: string, environment: NodeJS.ProcessEnv) {
  const config = readConfig({ ...environment, INDEX_DIR: indexDir }, root);
  return buildApp(config, { root, environment, log: makeLog('warn') });
}

function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ended with code ${code}`))));
  });
}

function sec(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

export function renderQueryBench(result: QueryBenchResult): string {
  const { chunks, coldMs, warmMs, warmTimingsMs, askerPeakBytes, searchAndFuseMs, generationMs } = result;
  const { decode, embed, search, fuse } = warmTimingsMs;
  return table(
    [
      'a 5-minute mp3 against',
      'cold, from the terminal',
      'warm',
      'of it decode, embed, search, fuse',
      'asking process, peak',
      'search and fuse with hubs corrected, without',
      'a generation with hubs measured, without',
    ],
    [
      [
        `${chunks} chunks`,
        sec(coldMs),
        sec(warmMs),
        [decode, embed, search, fuse].map(sec).join(', '),
        `${Math.round(askerPeakBytes / 1e6)} MB`,
        [searchAndFuseMs.corrected, searchAndFuseMs.uncorrected].map(sec).join(', '),
        [generationMs.withHubs, generationMs.withoutHubs].map(sec).join(', '),
      ],
    ],
  );
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: { chunks: { type: 'string', default: '400000' }, rounds: { type: 'string', default: '5' } },
  });
  const options = { chunks: Number(values.chunks), rounds: Number(values.rounds), environment: process.env };
  const log = (line: string) => process.stderr.write(`${line}\n`);
  process.stdout.write(`${renderQueryBench(await benchQuery({ ...options, log }))}\n`);
}
