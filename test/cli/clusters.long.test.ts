/** Clusters of a library whose tracks all end with the same signal and applause: listed, written as clips, marked, unmarked. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { App } from '../../src/app.ts';
import { IndexLock } from '../../src/indexing/lock.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import type { Answer } from '../../src/query/answer.ts';
import { writeFloatWav } from '../audio/make-audio.ts';
import { makeApplause } from '../support/applause.ts';
import { ask, never, openLibrary, projectRoot } from '../support/library.ts';
import { composePiece } from '../support/pieces.ts';

const sampleRateHz = 22_050;
/** Two windows of music, then one window of the signal and one of applause. */
const signalAtSec = 20;
const applauseAtSec = 30;
const pieces = 6;

/** A two-tone radio signal. The gate classifies it as music. */
function signal(durationSec: number): Float32Array {
  return Float32Array.from({ length: durationSec * sampleRateHz }, (_, i) => {
    const sec = i / sampleRateHz;
    return 0.2 * Math.sin(2 * Math.PI * (sec % 1 < 0.5 ? 880 : 1320) * sec);
  });
}

async function writePieceWithEnd(file: string, seed: number): Promise<void> {
  const whole = new Float32Array(40 * sampleRateHz);
  whole.set(composePiece(seed, signalAtSec));
  whole.set(signal(10), signalAtSec * sampleRateHz);
  whole.set(makeApplause(sampleRateHz, 10, seed), applauseAtSec * sampleRateHz);
  await writeFloatWav(file, whole, sampleRateHz);
}

describe('clusters of a library', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-clusters-'));
  const place = { folder, music: path.join(folder, 'music'), indexDir: path.join(folder, 'index') };
  const library = openLibrary(place);
  const lockPath = path.join(place.indexDir, 'index.lock');
  let app: App;

  function cli(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const env = { ...process.env, INDEX_DIR: place.indexDir, LOG_LEVEL: 'silent' };
    const argv = [path.join(projectRoot, 'src/cli.ts'), 'library', 'clusters', ...args];
    return new Promise((resolve) => {
      execFile(process.execPath, argv, { env }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
      });
    });
  }

  /** Start times in tracks of all hits of an answer, in seconds. */
  const places = ({ results }: Answer): Set<number> =>
    new Set(results.flatMap(({ hits }) => hits.map(({ trackStartSec }) => trackStartSec)));
  const withoutTimes = ({ timingsMs: _, ...answer }: Answer) => answer;
  /** Opens the newest generation first, because a program keeps using the old one while the next one loads. */
  const askWithPiece = async () => {
    await app.liveIndex.open(never, { newest: true });
    return ask(app, path.join(place.music, 'piece-1.wav'), { neighbours: pieces });
  };

  /** The cluster of exactly the windows that start at this time, one per track. */
  async function clusterAt(startSec: number): Promise<number> {
    const { clusters } = await app.indexing.clusters(never);
    const cluster = clusters.find(({ examples, chunks }) => chunks === pieces && examples[0]?.startSec === startSec);
    if (!cluster) throw new Error(`expected a cluster of the windows at ${startSec} s`);
    return cluster.id;
  }

  beforeAll(async () => {
    mkdirSync(place.music);
    for (let seed = 1; seed <= pieces; seed += 1) {
      await writePieceWithEnd(path.join(place.music, `piece-${seed}.wav`), seed);
    }
    app = await library.open();
    await app.indexing.index({ library: new FolderLibrary(place.music), signal: never });
  });

  afterAll(() => library[Symbol.asyncDispose]());

  test('refuses to mark before clusters were shown', async () => {
    const { code, stderr } = await cli('mark', '1');
    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot mark cluster 1: none was shown yet; npm run library -- clusters/);
    expect((await cli('marked')).stdout).toBe('There are no marks.\n');
  });

  test('lists applause first, with reasons, places and clips', async () => {
    const clips = path.join(folder, 'clips');
    const { code, stdout } = await cli('--clips', clips);
    expect(code).toBe(0);
    expect(stdout).toMatch(/24 chunks of 6 tracks in \d+ clusters/);
    const { clusters } = await app.indexing.clusters(never);
    expect(clusters[0]?.examples.map(({ startSec }) => startSec)).toEqual([
      applauseAtSec,
      applauseAtSec,
      applauseAtSec,
    ]);
    expect(stdout).toMatch(/the gate rejects 100 %/);
    expect(stdout).toMatch(/sounds like noise/);
    expect(stdout).toMatch(/in 6 of 6 tracks, 1\.0 chunks each/);
    expect(stdout).toMatch(/piece-\d 0:30/);
    const written = readdirSync(clips).sort();
    expect(written[0]).toMatch(/^cluster-01-1-piece-\d-0m30\.mp3$/);
    expect(written.every((name) => statSync(path.join(clips, name)).size > 10_000)).toBe(true);
  });

  test('prints the same list each time', async () => {
    const [first, second] = [await cli('--all'), await cli('--all')];
    expect(second.stdout).toBe(first.stdout);
  });

  test('excludes a marked cluster from answers at once, and gives the same answer as before after unmarking', async () => {
    const before = await askWithPiece();
    expect(places(before)).toContain(signalAtSec);
    const cluster = String(await clusterAt(signalAtSec));
    const marked = await cli('mark', cluster);
    expect(marked.stdout).toMatch(/Mark 1: 6 chunks of 6 tracks now count as not music/);
    const without = await askWithPiece();
    expect(places(without)).not.toContain(signalAtSec);
    expect(places(without)).toContain(0);
    expect(without.query.chunks[2]?.kind).toBe('noise');
    expect((await cli('marked')).stdout).toMatch(/Mark 1: 6 chunks of 6 tracks; made .* of cluster \d+, 6 chunks/);
    expect((await cli('--all')).stdout).toMatch(/100 % marked/);
    expect((await cli('unmark', '1')).stdout).toMatch(/Removed mark 1: 6 chunks of 6 tracks count as music again/);
    expect(withoutTimes(await askWithPiece())).toEqual(withoutTimes(before));
    expect((await cli('unmark', '1')).stderr).toMatch(/Cannot lift mark 1/);
  });

  test('applies a mark to tracks that are indexed or reindexed later', async () => {
    const [mark] = await app.indexing.markClusters([await clusterAt(signalAtSec)], never);
    await writePieceWithEnd(path.join(place.music, 'piece-7.wav'), 7);
    await app.indexing.index({
      library: new FolderLibrary(place.music),
      signal: never,
      embedAgainBeforeMs: Date.now(),
    });
    expect(app.catalog.marks.list(await app.worker.spaceId())).toMatchObject([{ chunks: 7, tracks: 7 }]);
    expect(places(await askWithPiece())).not.toContain(signalAtSec);
    await app.indexing.liftMark(mark?.id ?? 0, never);
    expect(places(await askWithPiece())).toContain(signalAtSec);
  });

  test('refuses to mark or to unmark while the library is being indexed, and changes nothing', async () => {
    await app.indexing.clusters(never);
    using _indexing = new IndexLock(lockPath);
    const { code, stderr } = await cli('mark', '1');
    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot change marks while the library is being indexed/);
    expect(stderr).toMatch(/try again when it is done/);
    expect((await cli('unmark', '1')).stderr).toMatch(/Cannot change marks while/);
    expect(app.catalog.marks.list(await app.worker.spaceId())).toEqual([]);
  });

  test('applies a mark at the next check when the process was killed before building the index', async () => {
    const spaceId = await app.worker.spaceId();
    const { clusters } = await app.indexing.clusters(never);
    const cluster = clusters.find(({ examples }) => examples[0]?.startSec === signalAtSec);
    const centres = app.catalog.marks.lastClustering(spaceId);
    if (!cluster || !centres) throw new Error('expected clusters');
    const { centre, minSimilarity } = cluster;
    const mark = app.catalog.marks.add(spaceId, { centres, centre, minSimilarity }, 'killed');
    expect(await app.generations.rebuild(never)).toMatchObject({ kind: 'written' });
    expect(places(await askWithPiece())).not.toContain(signalAtSec);
    await app.indexing.liftMark(mark.id, never);
  });

  test('refuses to mark everything, and marks nothing', async () => {
    const { clusters } = await app.indexing.clusters(never);
    const before = withoutTimes(await askWithPiece());
    const all = clusters.map(({ id }) => id);
    await expect(app.indexing.markClusters(all, never)).rejects.toThrow(/no music would be left/);
    expect(app.catalog.marks.list(await app.worker.spaceId())).toEqual([]);
    expect(withoutTimes(await askWithPiece())).toEqual(before);
  });

  test('refuses a cluster that was not shown, and one that is not a number', async () => {
    expect((await cli('mark', '99')).stderr).toMatch(/Cannot mark cluster 99: \d+ were shown/);
    expect((await cli('mark', 'first')).code).toBe(1);
  });
});
