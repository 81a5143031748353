/** The total cost of indexing compared with ffmpeg decoding the same files: the command from its start to the current
 *  generation, against one ffmpeg per core.
 *
 *      node bench/speed/indexing.ts [DIR] [--rounds 3]
 *
 *  Decoding is to a model's input (mono float32 at 16 kHz), and to no output. All alternate within one run.
 */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import PQueue from 'p-queue';
import { findSampleLibrary } from '../../src/cli/sample-library.ts';
import { median } from '../statistics.ts';
import { table } from '../table.ts';

export interface IndexingBenchOptions {
  readonly dir: string;
  readonly rounds: number;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
}

interface Round {
  readonly decodeSec: Readonly<Record<Output, number>>;
  readonly indexSec: number;
  readonly unchangedSec: number;
}

/** Medians over the rounds; ratios are computed within each round, so that both sides have the same machine load. */
export interface IndexingBenchResult extends Round {
  readonly over: Readonly<Record<Output, number>>;
}

const root = path.resolve(import.meta.dirname, '../..');
const samples = ['-ac', '1', '-ar', '16000', '-f', 'f32le'];
const outputs = {
  /** Through a pipe, like a program that uses ffmpeg. */
  pipe: [...samples, 'pipe:1'],
  file: [...samples, '-y', '/dev/null'],
  /** Without resampling and without output. */
  nothing: ['-f', 'null', '-'],
} as const;
type Output = keyof typeof outputs;

export async function benchIndexing({
  dir,
  rounds,
  environment,
  log,
}: IndexingBenchOptions): Promise<IndexingBenchResult> {
  const files = globSync(path.join(dir, '**/*.{ogg,mp3,flac,opus,m4a,wav}')).sort();
  const measured: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    const folder = await mkdtemp(path.join(tmpdir(), 'leitmotif-bench-index-'));
    try {
      const env = { ...environment, INDEX_DIR: folder };
      const pipe = await wallSec(() => decodeAll(files, outputs.pipe));
      const file = await wallSec(() => decodeAll(files, outputs.file));
      const indexSec = await wallSec(() => index(dir, env));
      const nothing = await wallSec(() => decodeAll(files, outputs.nothing));
      const unchangedSec = await wallSec(() => index(dir, env));
      measured.push({ decodeSec: { pipe, file, nothing }, indexSec, unchangedSec });
      log(`round ${round}: decode ${file.toFixed(1)} s, index ${indexSec.toFixed(1)} s`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  const middle = (of: (round: Round) => number): number => median(measured.map(of));
  const each = (of: (round: Round, output: Output) => number): Record<Output, number> => ({
    pipe: middle((round) => of(round, 'pipe')),
    file: middle((round) => of(round, 'file')),
    nothing: middle((round) => of(round, 'nothing')),
  });
  return {
    decodeSec: each((round, output) => round.decodeSec[output]),
    over: each((round, output) => round.indexSec / round.decodeSec[output]),
    indexSec: middle((round) => round.indexSec),
    unchangedSec: middle((round) => round.unchangedSec),
  };
}

/** Output through a pipe is read and dropped. */
async function decodeAll(files: readonly string[], output: readonly string[]): Promise<void> {
  const queue = new PQueue({ concurrency: availableParallelism() });
  await queue.addAll(files.map((file) => () => decode(file, output)));
}

function decode(file: string, output: readonly string[]): Promise<void> {
  const args = ['-nostdin', '-v', 'error', '-i', `file:${file}`, '-map', '0:a:0', ...output];
  return new Promise((resolve, reject) => {
    const ffmpeg = spawn('sh', ['-c', 'ffmpeg "$@" | cat >/dev/null', 'ffmpeg', ...args], { stdio: 'ignore' });
    ffmpeg.on('error', reject);
    ffmpeg.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`Cannot decode ${file}: code ${code}`))));
  });
}

function index(dir: string, env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', ['run', '-s', 'index', '--', dir], { cwd: root, env, stdio: 'ignore' });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`npm run index ended with code ${code}`))));
  });
}

async function wallSec(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1000;
}

export function renderIndexingBench({ decodeSec, over, indexSec, unchangedSec }: IndexingBenchResult): string {
  const sec = (value: number) => `${value.toFixed(2)} s`;
  const row = (name: string, output: Output) => [name, sec(decodeSec[output]), `${over[output].toFixed(2)} x`];
  return table(
    ['the same files, all cores', 'wall', 'indexing over it'],
    [
      row('ffmpeg, to mono float32 at 16 kHz, through a pipe', 'pipe'),
      row('ffmpeg, to mono float32 at 16 kHz, to /dev/null', 'file'),
      row('ffmpeg, to nothing at all (-f null)', 'nothing'),
      ['npm run index, whole', sec(indexSec), ''],
      ['npm run index, nothing changed', sec(unchangedSec), ''],
    ],
  );
}

if (process.argv[1] === import.meta.filename) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: 'string', default: '3' } },
  });
  const dir = positionals[0] ?? findSampleLibrary() ?? '';
  const log = (line: string) => process.stderr.write(`${line}\n`);
  const result = await benchIndexing({ dir, rounds: Number(values.rounds), environment: process.env, log });
  process.stdout.write(renderIndexingBench(result));
}
