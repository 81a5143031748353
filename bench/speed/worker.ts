/** The speed of the embedding worker compared with ffmpeg decoding the same files on the same cores, and its response times
 *  meanwhile.
 *
 *      node bench/speed/worker.ts [DIR] [--rounds 3] [--json]
 *
 *  Both alternate within one run, and wall time and processor time are printed as ratios: other work on the machine slows the
 *  first and hardly affects the second.
 */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import PQueue from 'p-queue';
import { EmbeddingClient } from '../../src/embedding/client.ts';
import { type LocalWorker, startLocalWorker } from '../../src/embedding/local-worker.ts';
import { childrenOf, type ProcessFigures, processFigures } from '../process-figures.ts';
import { median } from '../statistics.ts';
import { table } from '../table.ts';

export interface WorkerBenchOptions {
  /** Recordings; all are decoded and embedded once a round. */
  readonly files: readonly string[];
  readonly rounds: number;
  readonly cores: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: (line: string) => void;
}

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly count: number;
}

export interface WorkerBenchResult {
  readonly cores: number;
  readonly audioSec: number;
  /** Medians over the rounds. */
  readonly decodeWallSec: number;
  readonly embedWallSec: number;
  readonly decodeCpuSec: number;
  readonly embedCpuSec: number;
  /** Median of the ratios of each round, so that both sides have the same machine load. */
  readonly wallRatio: number;
  readonly cpuRatio: number;
  readonly healthIdle: Latency;
  readonly healthBusy: Latency;
  /** The worker first, then its inference processes, after the last round. */
  readonly memory: readonly ProcessFigures[];
}

interface Round {
  readonly wallSec: number;
  readonly cpuSec: number;
  readonly audioSec: number;
}

const root = path.resolve(import.meta.dirname, '../..');
const never = new AbortController().signal;
const idleMs = 3_000;
const probeEveryMs = 5;

export async function benchWorker(options: WorkerBenchOptions): Promise<WorkerBenchResult> {
  const worker = await startLocalWorker({
    entry: path.join(root, 'embedding-worker/main.ts'),
    environment: options.environment,
    startTimeoutMs: 60_000,
    worker: {
      modelsDirs: [path.join(root, 'embedding-worker/models')],
      device: 'cpu',
      models: ['builtin'],
      windowSec: 10,
      inferenceProcesses: options.cores,
      concurrencyMax: options.cores + 1,
      queueMax: 16,
      requestDeadlineMs: 900_000,
      audioLimits: { deadlineMs: 900_000, durationMaxSec: 21_600, bytesMax: 2e9, memoryMaxBytes: 2 ** 31 },
      logLevel: 'warn',
    },
  });
  const prober = new Worker(new URL('../healthz-prober.ts', import.meta.url), {
    workerData: { socketPath: worker.socketPath, everyMs: probeEveryMs },
  });
  try {
    return await measure(worker, prober, options);
  } finally {
    await prober.terminate();
    await worker.close();
  }
}

async function measure(worker: LocalWorker, prober: Worker, options: WorkerBenchOptions): Promise<WorkerBenchResult> {
  const { rounds, log, cores } = options;
  await new Promise((resolve) => setTimeout(resolve, idleMs));
  const healthIdle = latencyOf(await probed(prober));
  const busyMs: number[] = [];
  const decoded: Round[] = [];
  const embedded: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    decoded.push(await decodeAll(options));
    await probed(prober);
    embedded.push(await embedAll(worker, options));
    busyMs.push(...(await probed(prober)));
    log(
      `round ${round}: decode ${decoded.at(-1)?.wallSec.toFixed(1)} s, embed ${embedded.at(-1)?.wallSec.toFixed(1)} s`,
    );
  }
  const ratio = (of: (round: Round) => number): number =>
    median(embedded.map((round, i) => of(round) / of(decoded[i] ?? round)));
  const pid = worker.pid ?? 0;
  return {
    cores,
    audioSec: embedded[0]?.audioSec ?? 0,
    decodeWallSec: median(decoded.map(({ wallSec }) => wallSec)),
    embedWallSec: median(embedded.map(({ wallSec }) => wallSec)),
    decodeCpuSec: median(decoded.map(({ cpuSec }) => cpuSec)),
    embedCpuSec: median(embedded.map(({ cpuSec }) => cpuSec)),
    wallRatio: ratio(({ wallSec }) => wallSec),
    cpuRatio: ratio(({ cpuSec }) => cpuSec),
    healthIdle,
    healthBusy: latencyOf(busyMs),
    memory: [pid, ...childrenOf(pid)].flatMap((each) => processFigures(each) ?? []),
  };
}

/** The cost of decoding alone: plain ffmpeg without output, one per core. */
async function decodeAll({ files, cores }: WorkerBenchOptions): Promise<Round> {
  const queue = new PQueue({ concurrency: cores });
  const startedAt = performance.now();
  const cpuBefore = processFigures(process.pid)?.cpuSec ?? 0;
  const ownBefore = process.cpuUsage();
  await Promise.all(files.map((file) => queue.add(() => decodeOnly(file))));
  const own = process.cpuUsage(ownBefore);
  // Subtracts this process's own time (waiting, probing), which is not ffmpeg's.
  const cpuSec = (processFigures(process.pid)?.cpuSec ?? 0) - cpuBefore - (own.user + own.system) / 1e6;
  return { wallSec: (performance.now() - startedAt) / 1000, cpuSec, audioSec: 0 };
}

function decodeOnly(file: string): Promise<void> {
  const args = ['-v', 'error', '-nostdin', '-i', `file:${file}`, '-map', '0:a:0', '-f', 'null', '-'];
  return new Promise((resolve, reject) => {
    const ffmpeg = spawn('ffmpeg', args, { stdio: ['ignore', 'ignore', 'inherit'] });
    ffmpeg.on('error', reject);
    ffmpeg.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`Cannot decode ${file}: code ${code}`))));
  });
}

async function embedAll(worker: LocalWorker, { files, cores }: WorkerBenchOptions): Promise<Round> {
  const client = new EmbeddingClient({
    target: { socketPath: worker.socketPath },
    token: worker.token,
    model: null,
    deadlineMs: 900_000,
  });
  const queue = new PQueue({ concurrency: cores + 1 });
  const cpuBefore = familyCpuSec(worker);
  const startedAt = performance.now();
  let audioSec = 0;
  await Promise.all(
    files.map((file) =>
      queue.add(async () => {
        const { durationSec } = await client.embed(file, { signal: never });
        audioSec += durationSec;
      }),
    ),
  );
  const wallSec = (performance.now() - startedAt) / 1000;
  await client.close();
  return { wallSec, cpuSec: familyCpuSec(worker) - cpuBefore, audioSec };
}

/** The worker, its inference processes, and each ffmpeg that has ended. */
function familyCpuSec({ pid = 0 }: LocalWorker): number {
  return [pid, ...childrenOf(pid)].reduce((sum, each) => sum + (processFigures(each)?.cpuSec ?? 0), 0);
}

function probed(prober: Worker): Promise<number[]> {
  return new Promise((resolve) => {
    prober.once('message', resolve);
    prober.postMessage('tell');
  });
}

function latencyOf(measuredMs: readonly number[]): Latency {
  const sorted = [...measuredMs].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99), count: sorted.length };
}

export function printWorkerBench(result: WorkerBenchResult): string {
  const { audioSec, embedWallSec, decodeWallSec, embedCpuSec, decodeCpuSec } = result;
  const row = (name: string, wallSec: number, cpuSec: number): string[] => [
    name,
    `${wallSec.toFixed(2)} s`,
    `${cpuSec.toFixed(2)} s`,
    `${(audioSec / wallSec).toFixed(0)} x`,
  ];
  const health = (name: string, { p50Ms, p99Ms, count }: Latency): string[] => [
    name,
    `${p50Ms.toFixed(1)} ms`,
    `${p99Ms.toFixed(1)} ms`,
    String(count),
  ];
  const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  return [
    table(
      [`${(audioSec / 3600).toFixed(2)} h of audio, ${result.cores} cores`, 'wall', 'processor', 'times real time'],
      [
        row('ffmpeg, decoding only', decodeWallSec, decodeCpuSec),
        row('the worker, to vectors and fingerprint', embedWallSec, embedCpuSec),
        ['worker / ffmpeg', `${result.wallRatio.toFixed(2)} x`, `${result.cpuRatio.toFixed(2)} x`, ''],
      ],
    ),
    table(
      ['/healthz', 'p50', 'p99', 'asked'],
      [health('idle', result.healthIdle), health('all cores embedding', result.healthBusy)],
    ),
    table(
      ['memory', 'resident', 'peak'],
      result.memory.map(({ residentBytes, peakResidentBytes }, i) => [
        i === 0 ? 'worker' : `inference process ${i}`,
        mebibytes(residentBytes),
        mebibytes(peakResidentBytes),
      ]),
    ),
  ].join('\n');
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: 'string', default: '3' }, json: { type: 'boolean', default: false } },
  });
  const folder = positionals[0] ?? '/usr/share/games/wesnoth/1.16/data/core/music';
  const files = globSync('**/*.{ogg,mp3,flac,wav,m4a,opus}', { cwd: folder }).map((name) => path.join(folder, name));
  if (files.length === 0) throw new Error(`Cannot measure: expected recordings in ${folder}, got none`);
  const { PATH, HOME, TMPDIR } = process.env;
  const result = await benchWorker({
    files: files.sort(),
    rounds: Number(values.rounds),
    cores: availableParallelism(),
    environment: { PATH, HOME, TMPDIR },
    log: (line) => process.stderr.write(`${line}\n`),
  });
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : printWorkerBench(result));
}
