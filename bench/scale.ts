/** `npm run bench:scale -- [--sizes 400000,1000000] [--tracks 13171] [--folder DIR] [--no-indexing]
 *  [--changes-only] [--engine milvus] [--milvus FLAT,SCANN,HNSW,IVF_SQ8,DISKANN]`: the cost of a large library. `--changes-only` leaves out scans and
 *  cold starts; `--engine milvus` stores the vectors in a real Milvus on this machine; `--milvus` only compares the searches of Milvus and FAISS
 *  (bench/scale/engines.ts).
 *
 *  The vectors are drawn around track centres (512 dimensions, as CLAP has), the files have a few bytes each: it measures the
 *  effect of size, with the real commands, catalog and index processes. Ten real recordings are added, so that a run covers
 *  listing, worker, generation and swap. Times are for this machine; the report also shows ratios.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { buildApp } from '../src/app.ts';
import { readConfig } from '../src/config/config.ts';
import { spaceFolder } from '../src/index/generation-folder.ts';
import type { IndexType } from '../src/index/milvus/settings.ts';
import { folderBytes } from '../src/io/folder-bytes.ts';
import { makeLog } from '../src/io/log.ts';
import { scanAzure } from './scale/azure.ts';
import { benchEngines, startMilvus } from './scale/engines.ts';
import { measureIndexing, renderIndexing } from './scale/indexing.ts';
import { fillScaleLibrary, scaleKey } from './scale/library.ts';
import type { QueryOutcome } from './scale/load.ts';
import { scaleDimensions, scaleModelName, writeScaleModel } from './scale/model.ts';
import { Asker, type CommandRun, memoryOf, runCommand, runReindex, watchMemory } from './scale/processes.ts';
import { renderScale, type ScaleResult } from './scale/report.ts';
import { median, quantile } from './statistics.ts';

const root = path.resolve(import.meta.dirname, '..');
const never = new AbortController().signal;
const scans = 3;
const idleQueries = 40;
const addedTracks = 10;
const addedMinutes = 5;
const removedTracks = 1000;
/** From the end of a run to the first answer from its generation. The bot looks four times a second. */
const followWithinMs = 60_000;

interface Place {
  readonly folder: string;
  readonly music: string;
  readonly indexDir: string;
  readonly environment: NodeJS.ProcessEnv;
}

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '400000,1000000' },
    tracks: { type: 'string', default: '13171' },
    folder: { type: 'string', default: tmpdir() },
    cache: { type: 'string', default: path.join(root, '.cache') },
    'no-indexing': { type: 'boolean', default: false },
    'changes-only': { type: 'boolean', default: false },
    engine: { type: 'string', default: 'faiss' },
    milvus: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const tracks = Number(values.tracks);
const sizes = values.sizes.split(',').map(Number);
if (![tracks, ...sizes].every((count) => Number.isSafeInteger(count) && count >= 1) || tracks <= removedTracks) {
  throw new RangeError(`Cannot measure: expected whole numbers, and more than ${removedTracks} tracks`);
}
const log = (line: string) => process.stderr.write(`${line}\n`);

if (values.milvus !== undefined) {
  const types = values.milvus.split(',') as IndexType[];
  for (const chunks of sizes) process.stdout.write(`${await benchEngines(chunks, types, log)}\n`);
  process.exit(0);
}
const results: ScaleResult[] = [];
{
  await using server = values.engine === 'milvus' ? await startMilvus() : null;
  for (const chunks of sizes) results.push(await measure(chunks, server?.environment));
}
const indexing = values['no-indexing'] ? [] : await measureIndexing(values.cache, log);
if (values.json) process.stdout.write(`${JSON.stringify({ results, indexing }, null, 2)}\n`);
else process.stdout.write(`${renderScale(results)}\n${indexing.length > 0 ? renderIndexing(indexing) : ''}`);

async function measure(chunks: number, engine: NodeJS.ProcessEnv = {}): Promise<ScaleResult> {
  const folder = await mkdtemp(path.join(values.folder, 'leitmotif-scale-'));
  const place = placeIn(folder, engine);
  try {
    await writeScaleModel(path.join(folder, 'models'));
    log(`${chunks} chunks: filling`);
    const filled = await fill(place, chunks);
    const start = values['changes-only'] ? null : await startFigures(place, chunks);
    log(`${chunks} chunks: asking`);
    return { chunks, tracks, ...filled, start, ...(await liveFigures(place, chunks)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function catalogOf({ indexDir }: Place): string {
  return path.join(indexDir, 'catalog.sqlite');
}

function placeIn(folder: string, engine: NodeJS.ProcessEnv): Place {
  const indexDir = path.join(folder, 'index');
  const environment = {
    ...process.env,
    ...{ INDEX_DIR: indexDir, MODELS_DIR: path.join(folder, 'models'), EMBEDDING_MODEL: scaleModelName },
    ...{ LOG_LEVEL: 'warn', EMBEDDING_DEVICE: 'cpu', ...engine },
  };
  return { folder, music: path.join(folder, 'music'), indexDir, environment };
}

async function fill(place: Place, chunks: number) {
  const config = readConfig(place.environment, root);
  const context = { root, environment: place.environment, log: makeLog('warn') };
  await using app = await buildApp(config, context);
  const spaceId = await app.worker.spaceId();
  mkdirSync(place.music, { recursive: true });
  const library = { catalog: app.catalog, music: place.music, spaceId, dimensions: scaleDimensions, tracks, chunks };
  fillScaleLibrary(library);
  app.catalog.libraryLocation = `file:${place.music}`;
  const startedMs = performance.now();
  await app.generations.rebuild(never);
  return {
    generationMs: performance.now() - startedMs,
    catalogBytes: statSync(app.catalog.path).size,
    generationBytes: await folderBytes(spaceFolder(place.indexDir, spaceId)),
    vectorBytes: chunks * scaleDimensions * Float32Array.BYTES_PER_ELEMENT,
  };
}

function index({ music, environment }: Place): Promise<CommandRun> {
  return runCommand(['index', music], environment);
}

async function startFigures(place: Place, chunks: number) {
  log(`${chunks} chunks: scanning`);
  const scanMs = await repeat(scans, async () => (await index(place)).wallMs);
  log(`${chunks} chunks: scanning the same in Azurite`);
  const scanned = { catalogPath: catalogOf(place), music: place.music, tracks };
  const azureScanMs = median(await scanAzure(scanned, scans, place.environment));
  log(`${chunks} chunks: cold start`);
  const query = await makeMusic(path.join(place.folder, 'query.mp3'), 1, 1);
  return { scanMs, azureScanMs, ...(await coldStarts(place, query)) };
}

/** Time of the whole command, including the start of program, worker and index. */
async function coldStarts(place: Place, query: string) {
  const ask = async () => (await runCommand(['similar', query, '--json'], place.environment)).wallMs;
  const startMs = await repeat(scans, ask);
  const coldStartMs = await repeat(scans, async () => {
    await dropFromPageCache(place.indexDir);
    return ask();
  });
  return { startMs, coldStartMs };
}

/** @see dd(1): with count=0, nocache drops the whole file from the page cache, without privileges */
async function dropFromPageCache(folder: string): Promise<void> {
  const files = "find . -type f -exec dd if={} iflag=nocache count=0 status=none ';'";
  await promisify(execFile)('sh', ['-c', `sync; ${files}`], { cwd: folder });
}

async function liveFigures(place: Place, chunks: number) {
  const asker = await Asker.start(place.environment, scaleDimensions);
  try {
    const idle = await asker.ask(idleQueries);
    const memory = { index: memoryOf(asker.indexProcesses()), asker: memoryOf([asker.pid]) };
    log(`${chunks} chunks: adding ${addedTracks} recordings, of ${addedMinutes} minutes each, while asking`);
    for (let at = 0; at < addedTracks; at++) {
      await makeMusic(path.join(place.music, 'new', `new ${at}.mp3`), addedMinutes, at + 2);
    }
    const added = await runBeside(asker, place);
    log(`${chunks} chunks: adding ${addedTracks} tracks that are embedded`);
    await addEmbedded(place, tracks);
    const alone = await runAlone(asker, place);
    log(`${chunks} chunks: adding ${addedTracks} tracks that are embedded, while asking`);
    await addEmbedded(place, tracks + addedTracks);
    const embedded = await runBeside(asker, place);
    log(`${chunks} chunks: removing ${removedTracks} tracks, while asking`);
    for (let track = 0; track < removedTracks; track++) rmSync(path.join(place.music, scaleKey(track)));
    const removed = await runBeside(asker, place);
    return { idle: latencies(idle), memory, added, alone, embedded, removed };
  } finally {
    await asker.stop();
  }
}

/** Tracks of five minutes in ten-second chunks. */
async function addEmbedded({ music, environment }: Place, firstTrack: number): Promise<void> {
  const config = readConfig(environment, root);
  await using app = await buildApp(config, { root, environment, log: makeLog('warn') });
  const spaceId = await app.worker.spaceId();
  fillScaleLibrary({
    ...{ catalog: app.catalog, music, spaceId, dimensions: scaleDimensions },
    ...{ tracks: addedTracks, chunks: addedTracks * addedMinutes * 6, firstTrack },
  });
}

/** An index run like that of the bot, without queries, and then queries until the first answer from the new generation. */
async function runAlone(asker: Asker, place: Place) {
  const before = (await asker.ask(1))[0]?.generation;
  const startedAtMs = Date.now();
  const run = await runReindex(catalogOf(place), place.environment);
  for (let asked = Date.now(); asked < startedAtMs + run.wallMs + followWithinMs; asked = Date.now()) {
    const [answer] = await asker.ask(1);
    if (answer?.generation !== before) return { ranMs: run.wallMs, answeredMs: Date.now() - startedAtMs };
  }
  throw new Error(`No answer came from the new generation within ${followWithinMs / 1000} s`);
}

/** An index run like that of the bot, with a query each second, until the first answer from the new generation. */
async function runBeside(asker: Asker, place: Place) {
  const before = (await asker.ask(1))[0]?.generation;
  const watch = watchMemory(() => asker.indexProcesses());
  const startedAtMs = Date.now();
  let endedAtMs = Number.POSITIVE_INFINITY;
  const isNew = ({ generation }: QueryOutcome) => generation !== null && generation !== before;
  const asking = asker.keepAsking((asked) => isNew(asked) || asked.atMs > endedAtMs + followWithinMs);
  const run = await runReindex(catalogOf(place), place.environment);
  endedAtMs = Date.now();
  const answers = await asking;
  const first = answers.find(isNew);
  if (!first) throw new Error(`No answer came from the new generation within ${followWithinMs / 1000} s`);
  return {
    ranMs: run.wallMs,
    answeredMs: first.atMs - startedAtMs,
    beside: latencies(answers),
    after: latencies(await asker.ask(idleQueries)),
    failures: answers.filter(({ failure }) => failure !== null).length,
    indexPeakBytes: watch.stop(),
    indexerPeakBytes: run.peakBytes,
    belowPeakBytes: Object.fromEntries(run.peakBytesBelow),
  };
}

function latencies(asked: readonly QueryOutcome[]) {
  const times = asked.filter(({ failure }) => failure === null).map(({ tookMs }) => tookMs);
  return { count: times.length, p50Ms: median(times), p95Ms: quantile(times, 0.95), maxMs: Math.max(...times) };
}

/** Moving chords that differ by seed. The gate accepts them as music, and they take as long to decode as any mp3. */
async function makeMusic(file: string, minutes: number, seed: number): Promise<string> {
  mkdirSync(path.dirname(file), { recursive: true });
  const hz = `${200 + 7 * seed}*pow(2,mod(floor(t*2)*${5 + (seed % 5)},12)/12)`;
  const sound = `aevalsrc=0.2*sin(2*PI*${hz}*t)+0.15*sin(3*PI*${hz}*t):s=44100:d=${minutes * 60}`;
  const source = sound.replaceAll(',', '\\,');
  const args = ['-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', source, '-b:a', '192k', file];
  await promisify(execFile)('ffmpeg', args);
  return file;
}

async function repeat(times: number, measureOnce: () => Promise<number>): Promise<number> {
  const taken: number[] = [];
  for (let round = 0; round < times; round++) taken.push(await measureOnce());
  return median(taken);
}
