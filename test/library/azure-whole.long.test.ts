/** End to end with a library in Azurite: indexed by the real worker, queried, played, and queried again without Azure. */
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { App } from '../../src/app.ts';
import { classifyWindow } from '../../src/audio/gate/gate.ts';
import { RangeServer } from '../../src/library/range-server.ts';
import { decodeAll } from '../audio/decode-all.ts';
import { Azurite } from '../support/azurite.ts';
import { allClips } from '../support/clips.ts';
import { freePort } from '../support/free-port.ts';
import { ask, never, openLibrary, type TestLibrary } from '../support/library.ts';
import { writePiece } from '../support/pieces.ts';

let azurite: Azurite;
let place: Omit<TestLibrary, 'app'>;
let app: App;

const location = 'azure://devstoreaccount1/music/albums';
const clipsAt = 'azure://devstoreaccount1/clips';

beforeAll(async () => {
  azurite = await Azurite.start();
  const folder = await mkdtemp(path.join(tmpdir(), 'leitmotif-azure-'));
  place = openLibrary({ folder, music: path.join(folder, 'music'), indexDir: path.join(folder, 'index') });
  const music = await azurite.container('music');
  await azurite.container('clips');
  for (let seed = 1; seed <= 4; seed++) {
    const file = path.join(folder, `piece-${seed}.ogg`);
    writePiece(file, seed, 47);
    const metadata = seed === 2 ? { title: 'N%C3%A4chtliche%20Heerschau', artist: 'Loewe' } : {};
    await music.getBlockBlobClient(`albums/one/piece-${seed}.ogg`).uploadFile(file, { metadata });
  }
  await music.getBlockBlobClient('albums/one/cover.jpg').upload('x', 1);
  app = await place.open({ LIBRARY: location, CLIPS: clipsAt, ...azurite.environment });
});
afterAll(async () => {
  await place[Symbol.asyncDispose]();
  await azurite[Symbol.asyncDispose]();
});

const index = () => app.indexing.index({ library: app.libraries.open(location), signal: never });
const query = () => path.join(place.folder, 'piece-2.ogg');

async function clipNames(): Promise<string[]> {
  const blobs = azurite.service.getContainerClient('clips').listBlobsFlat();
  return await Array.fromAsync(blobs, ({ name }) => name);
}

async function expectMusic(file: string | undefined): Promise<void> {
  const { samples, decodedSec } = await decodeAll(file ?? '');
  expect(decodedSec).toBeCloseTo(10, 0);
  const { kind, loudnessDb } = classifyWindow(samples.subarray(0, 9.5 * 16_000), 16_000);
  expect(kind).toBe('music');
  expect(loudnessDb).toBeGreaterThan(-26);
  expect(loudnessDb).toBeLessThan(-14);
}

test('indexes a container with the clip of every chunk, and leaves nothing in the spool', async () => {
  let estimated = { files: 0, bytes: 0 };
  const summary = await app.indexing.index({
    ...{ library: app.libraries.open(location), signal: never },
    onClipsEstimated: (estimate) => {
      estimated = estimate;
    },
  });
  expect(summary.failures).toEqual([]);
  expect(summary.files).toMatchObject({ listed: 4, embedded: 4 });
  expect(summary.clips).toMatchObject({ stored: 4, clips: 20, failed: 0, reason: null });
  expect(await clipNames()).toHaveLength(20);
  expect(await Array.fromAsync(app.libraries.clipStore?.names({ signal: never }) ?? [])).toEqual(await clipNames());
  expect(
    (await app.maintenance.verify({ deep: true, signal: never })).filter(({ where }) => where === 'clips'),
  ).toEqual([]);
  // Only the sizes of the four recordings are known: at least the tails, and at most their audio.
  expect(estimated.files).toBeGreaterThan(4);
  expect(estimated.files).toBeLessThan(40);
  const bytes = summary.clips?.bytes ?? 0;
  expect(Math.abs(bytes / 20 - 161_500)).toBeLessThan(2000);
  expect(app.catalog.libraryLocation).toBe(location);
  for (const part of ['fetched', 'clips']) {
    expect(readdirSync(path.join(place.indexDir, 'spool', part))).toEqual([]);
  }
});

test('names a track by its metadata when its file has no tags', () => {
  expect(app.catalog.tracks.byKey('one/piece-2.ogg')).toMatchObject({ title: 'Nächtliche Heerschau', artist: 'Loewe' });
  expect(app.catalog.tracks.byKey('one/piece-1.ogg')).toMatchObject({ title: null, artist: null });
});

test('finds nothing to do in a second run', async () => {
  const summary = await index();
  expect(summary.files).toMatchObject({ listed: 4, unchanged: 4, embedded: 0 });
  expect(summary.generation).toEqual({ kind: 'unchanged' });
  expect(summary.clips).toMatchObject({ stored: 0, removed: 0, failed: 0 });
});

test('plays an answer from the stored clips, and the same from the recordings', async () => {
  const answer = await ask(app, query());
  expect(answer.results[0]?.track.key).toBe('one/piece-2.ogg');
  expect(answer.verdict.kind).toBe('this-is');
  const best = answer.results.slice(0, 3);
  const dir = path.join(place.folder, 'theirs');
  expect(best).toHaveLength(3);
  for (const result of best) await expectMusic(await app.queries.libraryClip(answer, result, { dir, signal: never }));

  const without = await place.open({ LIBRARY: location, ...azurite.environment });
  const cut = { dir: path.join(place.folder, 'cut'), signal: never };
  for (const result of best) await expectMusic(await without.queries.libraryClip(answer, result, cut));

  const all = await allClips(
    app.queries.clips(answer, { queryPath: query(), dir: path.join(place.folder, 'all'), signal: never }),
  );
  expect([...all.problems]).toEqual([]);
  expect(all.byRank.size).toBe(answer.results.length);
  await expectMusic(all.byRank.get(1)?.theirs);
  expect((await decodeAll(all.byRank.get(1)?.ab ?? '')).decodedSec).toBeCloseTo(20.5, 0);
});

test('fetches, plays and deletes the whole recording where ffmpeg cannot read parts', async () => {
  const answer = await ask(app, query());
  const without = await place.open({ LIBRARY: location, ...azurite.environment });
  const url = `http://127.0.0.1:${await freePort()}/00000000-0000-0000-0000-000000000000`;
  using serve = vi.spyOn(RangeServer.prototype, 'serve');
  serve.mockResolvedValue({ url, [Symbol.asyncDispose]: async () => {} });
  const [best] = answer.results;
  if (!best) throw new Error('Expected a result');
  const clip = await without.queries.libraryClip(answer, best, {
    dir: path.join(place.folder, 'whole'),
    signal: never,
  });
  expect(serve).toHaveBeenCalledOnce();
  await expectMusic(clip);
  expect(readdirSync(path.join(place.indexDir, 'spool', 'fetched'))).toEqual([]);
});

test('keeps the clips of a renamed recording, and deletes those of a deleted one', async () => {
  const music = azurite.service.getContainerClient('music');
  const before = (await clipNames()).length;
  const bytes = await music.getBlobClient('albums/one/piece-3.ogg').downloadToBuffer();
  await music.getBlockBlobClient('albums/two/three.ogg').uploadData(bytes);
  await music.getBlobClient('albums/one/piece-3.ogg').delete();
  const renamed = await index();
  expect(renamed.files).toMatchObject({ moved: 1, embedded: 0 });
  expect(renamed.clips).toMatchObject({ stored: 0, removed: 0 });

  await music.getBlobClient('albums/two/three.ogg').delete();
  const deleted = await index();
  expect(deleted.files).toMatchObject({ removed: 1 });
  expect(deleted.clips).toMatchObject({ removed: 1 });
  expect(await clipNames()).toHaveLength(before - 5);
});

test('continues when the clip store does not answer, and stores the missing clips in the next run', async () => {
  const file = path.join(place.folder, 'piece-5.ogg');
  writePiece(file, 5, 47);
  const music = azurite.service.getContainerClient('music');
  await music.getBlockBlobClient('albums/one/piece-5.ogg').uploadFile(file);
  await azurite.service.getContainerClient('clips').delete();
  const summary = await index();
  expect(summary.files).toMatchObject({ embedded: 1, failed: 0 });
  expect(summary.clips).toMatchObject({ stored: 0, failed: 1, reason: expect.stringMatching(/no such container/) });

  await azurite.container('clips');
  expect((await index()).clips).toMatchObject({ stored: 1, failed: 0, clips: 5 });
  expect(await clipNames()).toHaveLength(5);
});

test('answers stored queries without Azure, and says why they cannot be played', async () => {
  await azurite.kill();
  const answer = await ask(app, query());
  expect(answer.results[0]?.track.key).toBe('one/piece-2.ogg');
  const dir = path.join(place.folder, 'deaf');
  const { byRank, problems } = await allClips(app.queries.clips(answer, { queryPath: query(), dir, signal: never }));
  expect(byRank.size).toBe(0);
  expect(problems.get(1)).toMatchObject({ code: 'library-unavailable' });
  expect(problems.get(1)?.message).toMatch(/the service cannot be reached: ECONNREFUSED/);
  await expect(index()).rejects.toMatchObject({ code: 'library-unavailable' });
  await azurite.revive();
  // A killed Azurite loses its latest writes; the test records what it still has.
  expect((await index()).files).toMatchObject({ embedded: 0, failed: 0 });
  await rm(dir, { recursive: true, force: true });
});
