/** The benchmark's music. `soundtracks.json` names tracks inside Debian packages; their audio comes from apt, into a cache:
 *
 *    <cache>/corpus/<package>/<path>                     the package's files, unpacked, not installed: no root needed
 *    <cache>/corpus/<package>/<archive>!/<inner path>    a file of an archive inside the package
 *
 *  Idempotent: existing files are not fetched again, and a package is complete or missing. As a command it fetches everything:
 *  `node bench/quality/corpus.ts [--bench DIR] [--cache DIR]`.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { benchOptions } from '../options.ts';

const run = promisify(execFile);

const corpusTrack = z.object({
  package: z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/),
  path: z.string(),
  soundtrack: z.string(),
  durationSec: z.number(),
});
export type CorpusTrack = z.infer<typeof corpusTrack>;

const trackList = z.object({ tracks: z.array(corpusTrack) });

/** @param file `soundtracks.json` or `training.json` of the benchmark's folder */
export async function readTracks(file: string): Promise<CorpusTrack[]> {
  return trackList.parse(JSON.parse(await readFile(file, 'utf8'))).tracks;
}

/** The track's file on this machine; fetches it if missing.
 *
 *  @throws {Error} when apt does not know the package, or the package has no such file
 */
export async function locateTrack(track: CorpusTrack, cacheDir: string): Promise<string> {
  const file = join(cacheDir, 'corpus', track.package, track.path);
  if (existsSync(file)) return file;
  const folder = await fetchPackage(track.package, cacheDir);
  const [archive, inner] = track.path.split('!/');
  if (archive !== undefined && inner !== undefined) await extractMember(join(folder, archive), inner, file);
  if (existsSync(file)) return file;
  throw new Error(`Cannot find ${track.path}: package ${track.package} of this distribution does not hold it`);
}

async function fetchPackage(name: string, cacheDir: string): Promise<string> {
  const folder = join(cacheDir, 'corpus', name);
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const download = await mkdtemp(join(tmpdir(), 'leitmotif-corpus-'));
  try {
    await command('apt-get', ['download', name], download, `Cannot download package ${name}`);
    const deb = (await readdir(download)).find((entry) => entry.endsWith('.deb'));
    if (deb === undefined) throw new Error(`Cannot download package ${name}: apt-get left no .deb file`);
    const part = await mkdtemp(`${folder}.part-`);
    await command('dpkg', ['-x', join(download, deb), part], download, `Cannot unpack package ${name}`);
    await rename(part, folder);
  } finally {
    await rm(download, { recursive: true, force: true });
  }
  return folder;
}

async function command(program: string, args: readonly string[], cwd: string, failure: string): Promise<void> {
  try {
    await run(program, [...args], { cwd });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${failure}: expected ${program} of a Debian or Ubuntu machine to succeed, got: ${reason}`, {
      cause: error,
    });
  }
}

/** Largest file in an archive: an hour of CD audio. */
const memberBytesMax = 700 * 2 ** 20;

async function extractMember(archive: string, inner: string, file: string): Promise<void> {
  // Square brackets and stars are patterns to unzip.
  const pattern = inner.replace(/[[\]*?\\]/g, '\\$&');
  const { stdout } = await run('unzip', ['-p', archive, pattern], {
    encoding: 'buffer',
    maxBuffer: memberBytesMax,
  }).catch((error: unknown) => {
    throw new Error(`Cannot extract ${inner}: expected the program unzip and a zip archive at ${archive}`, {
      cause: error,
    });
  });
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.part`, stdout);
  await rename(`${file}.part`, file);
}

if (import.meta.main) {
  const { benchDir, cacheDir } = benchOptions(process.argv.slice(2));
  const lists = await Promise.all(
    ['soundtracks.json', 'training.json'].map((list) => readTracks(join(benchDir, list))),
  );
  let missing = 0;
  for (const track of lists.flat()) {
    await locateTrack(track, cacheDir).catch((error: Error) => {
      missing++;
      console.error(error.message);
    });
  }
  console.log(`${lists.flat().length - missing} of ${lists.flat().length} tracks are in ${join(cacheDir, 'corpus')}`);
  process.exitCode = missing > 0 ? 1 : 0;
}
