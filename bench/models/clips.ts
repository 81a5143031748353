/** The clips for measuring all models: a minute from the middle of a few recordings, without re-encoding. */
import { execFile } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { findSampleLibrary } from '../../src/cli/sample-library.ts';

const run = promisify(execFile);

/** Six whole windows and a tail that overlaps the last one. Codecs add samples at the end; with this tail, both sides still
 *  cut the same windows. */
const clipSec = 65;
const startSec = 20;

export interface Clips {
  readonly files: readonly string[];
  remove(): Promise<void>;
}

/** @param musicDir recordings; null: the sample library, or the part of it that the benchmarks have fetched
 *  @throws {Error} when there are none */
export async function cutBenchClips(musicDir: string | null, cacheDir: string, count: number): Promise<Clips> {
  const source = musicDir ?? findSampleLibrary() ?? fetchedSampleLibrary(cacheDir);
  const all = source ? globSync(path.join(source, '**/*.{ogg,mp3,flac,opus,m4a,wav}')).sort() : [];
  // Spread over the list, which is sorted by name: neighbours are often of one composer.
  const chosen = Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]);
  if (all.length < count) {
    throw new Error(
      'Cannot measure: expected the sample library (npm run demo installs it), or a folder of recordings with --music DIR',
    );
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'leitmotif-clips-'));
  const files: string[] = [];
  for (const [i, file] of chosen.entries()) {
    const clip = path.join(folder, `${i}${path.extname(file ?? '')}`);
    const range = ['-ss', String(startSec), '-t', String(clipSec)];
    await run('ffmpeg', [
      '-v',
      'error',
      '-nostdin',
      ...range,
      '-i',
      `file:${file}`,
      '-map',
      '0:a:0',
      '-c',
      'copy',
      clip,
    ]);
    files.push(clip);
  }
  return { files, remove: () => rm(folder, { recursive: true, force: true }) };
}

function fetchedSampleLibrary(cacheDir: string): string | undefined {
  const corpus = path.join(cacheDir, 'corpus');
  return existsSync(corpus)
    ? globSync(path.join(corpus, 'wesnoth-*/usr/share/games/wesnoth/*/data/core/music'))[0]
    : undefined;
}
