/** What indexing costs, whole, beside ffmpeg decoding the same files: the command from a terminal, from its start to the
 *  generation that answers, against as many ffmpegs at once as there are cores.
 *
 *      node bench/speed-indexing.ts [DIR] [--rounds 3]
 *
 *  Decoding is to what a model hears, mono float32 at 16 kHz, and to nothing at all ("-f null"), which leaves the
 *  resampling out. All take turns within one run.
 */
import { execFile, spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import PQueue from 'p-queue';
import { median } from './statistics.ts';
import { table } from './table.ts';

export interface IndexingBenchOptions {
  readonly dir: string;
  readonly rounds: number;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
}

export interface IndexingBenchResult {
  /** Wall seconds, medians over the rounds. */
  readonly decodeSec: number;
  readonly decodeToNothingSec: number;
  readonly indexSec: number;
  readonly unchangedSec: number;
  /** Medians of the rounds' own ratios: neighbours in time share their machine's load. */
  readonly overDecode: number;
  readonly overDecodeToNothing: number;
}

interface Round {
  readonly decodeSec: number;
  readonly indexSec: number;
  readonly decodeToNothingSec: number;
  readonly unchangedSec: number;
}

const root = path.resolve(import.meta.dirname, '..');
const toSamples = ['-ac', '1', '-ar', '16000', '-f', 'f32le', '-y', '/dev/null'];
const toNothing = ['-f', 'null', '-'];

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
      const decodeSec = await wallSec(() => decodeAll(files, toSamples));
      const indexSec = await wallSec(() => index(dir, env));
      const decodeToNothingSec = await wallSec(() => decodeAll(files, toNothing));
      const unchangedSec = await wallSec(() => index(dir, env));
      measured.push({ decodeSec, indexSec, decodeToNothingSec, unchangedSec });
      log(`round ${round}: decode ${decodeSec.toFixed(1)} s, index ${indexSec.toFixed(1)} s`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  const middle = (of: (round: Round) => number): number => median(measured.map(of));
  return {
    decodeSec: middle((round) => round.decodeSec),
    decodeToNothingSec: middle((round) => round.decodeToNothingSec),
    indexSec: middle((round) => round.indexSec),
    unchangedSec: middle((round) => round.unchangedSec),
    overDecode: middle((round) => round.indexSec / round.decodeSec),
    overDecodeToNothing: middle((round) => round.indexSec / round.decodeToNothingSec),
  };
}

async function decodeAll(files: readonly string[], output: readonly string[]): Promise<void> {
  const queue = new PQueue({ concurrency: availableParallelism() });
  const run = promisify(execFile);
  await queue.addAll(
    files.map(
      (file) => () => run('ffmpeg', ['-nostdin', '-v', 'error', '-i', `file:${file}`, '-map', '0:a:0', ...output]),
    ),
  );
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

export function renderIndexingBench(result: IndexingBenchResult): string {
  const { decodeSec, decodeToNothingSec, indexSec, unchangedSec, overDecode, overDecodeToNothing } = result;
  const sec = (value: number) => `${value.toFixed(2)} s`;
  return table(
    ['the same files, all cores', 'wall', 'indexing over it'],
    [
      ['ffmpeg, to mono float32 at 16 kHz', sec(decodeSec), `${overDecode.toFixed(2)} x`],
      ['ffmpeg, to nothing (-f null)', sec(decodeToNothingSec), `${overDecodeToNothing.toFixed(2)} x`],
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
  const dir = positionals[0] ?? globSync('/usr/share/games/wesnoth/*/data/core/music').sort().at(-1) ?? '';
  const log = (line: string) => process.stderr.write(`${line}\n`);
  const result = await benchIndexing({ dir, rounds: Number(values.rounds), environment: process.env, log });
  process.stdout.write(renderIndexingBench(result));
}
