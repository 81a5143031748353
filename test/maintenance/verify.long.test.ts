import { existsSync, mkdirSync, readdirSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { faissEngine } from '../../src/index/faiss-engine.ts';
import { readCurrent, spaceFolder } from '../../src/index/generation-folder.ts';
import { manifestName, readManifest } from '../../src/index/manifest.ts';
import { makeMap } from '../../src/index/map/make-map.ts';
import { readMap, writeMap } from '../../src/index/map/map-file.ts';
import { updateGeneration } from '../../src/indexing/update-generation.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import { FolderClips } from '../../src/library/folder-clips.ts';
import { type VerifyOptions, verifyIndex } from '../../src/maintenance/verify.ts';
import { Bench, tempFolder } from '../indexing/helpers.ts';
import { keepTemporaryInMemory } from '../support/temporary-in-memory.ts';

keepTemporaryInMemory();

const never = new AbortController().signal;

async function indexed() {
  const bench = new Bench();
  bench.put('a.mp3', 'one');
  bench.put('b.mp3', 'three');
  await bench.run();
  const verify = (changes: Partial<VerifyOptions> = {}) =>
    verifyIndex({
      catalog: bench.catalog,
      indexDir: bench.indexDir,
      deep: true,
      library: new FolderLibrary(bench.music),
      clips: null,
      rebuild: (spaceId) =>
        updateGeneration({ catalog: bench.catalog, generations: bench.generations, spaceId, signal: never }),
      nowMs: Date.now(),
      signal: never,
      ...changes,
    });
  const folder = spaceFolder(bench.indexDir, 'space-a');
  const shard = async () => path.join(folder, (await readCurrent(folder))[0] ?? '', 'shard-0.faiss');
  const sql = (statement: string) => {
    const database = new DatabaseSync(bench.catalog.path);
    database.exec('PRAGMA foreign_keys = OFF');
    const track = bench.catalog.tracks.byKey('a.mp3')?.id ?? 0;
    database.exec(statement.replaceAll('$a', String(track)));
    database.close();
  };
  return { bench, verify, folder, shard, sql };
}

test('finds and changes nothing in a correct index', async () => {
  const { bench, verify } = await indexed();
  const before = bench.rows();
  expect(await verify()).toEqual([]);
  expect(bench.rows()).toEqual(before);
});

describe('repairs', () => {
  test.each(['cut off', 'one byte other', 'gone', 'CURRENT gone', 'CURRENT names nothing', 'CURRENT is no list'])(
    'an index that is %s',
    async (damage) => {
      const { verify, folder, shard } = await indexed();
      const file = await shard();
      if (damage === 'cut off') truncateSync(file, statSync(file).size - 4);
      if (damage === 'one byte other') overwriteLastByte(file);
      if (damage === 'gone') rmSync(path.dirname(file), { recursive: true });
      if (damage === 'CURRENT gone') rmSync(path.join(folder, 'CURRENT'));
      if (damage === 'CURRENT names nothing') writeFileSync(path.join(folder, 'CURRENT'), 'nothing\n');
      if (damage === 'CURRENT is no list') writeFileSync(path.join(folder, 'CURRENT'), '../../etc\n');
      const findings = await verify({ deep: false });
      expect(findings.at(-1)).toMatchObject({ where: 'index', remedy: 'mended' });
      expect(findings.at(-1)?.what).toMatch(/built again as generation/);
      expect(existsSync(await shard())).toBe(true);
      expect(await verify()).toEqual([]);
    },
  );

  test('a damaged generation that is kept for roll-back', async () => {
    const { bench, verify, folder, shard } = await indexed();
    const old = await shard();
    bench.put('c.mp3', 'two');
    await bench.run();
    truncateSync(old, 10);
    const findings = await verify();
    expect(findings).toEqual([
      { where: 'index', what: expect.stringMatching(/generation \w+ is gone: Cannot/), remedy: 'mended' },
    ]);
    expect(await readCurrent(folder)).toHaveLength(1);
    expect(existsSync(old)).toBe(false);
  });

  test('a damaged map, and the map of a space that has no generation', async () => {
    const { bench, verify, folder } = await indexed();
    const generation = path.join(folder, (await readCurrent(folder))[0] ?? '');
    const manifest = await readManifest(path.join(generation, manifestName));
    const map = await makeMap({ engine: faissEngine, folder: generation, manifest, previous: null, signal: never });
    const maps = path.join(bench.indexDir, 'maps');
    const own = path.join(maps, path.basename(folder));
    for (const place of [own, path.join(maps, 'space-gone')]) {
      mkdirSync(place, { recursive: true });
      await writeMap(path.join(place, 'map.bin'), map);
      writeFileSync(path.join(place, 'view-1.json.gz'), 'what clients get');
    }
    const finding = (what: RegExp) => ({ where: 'index', what: expect.stringMatching(what), remedy: 'mended' });
    expect(await verify()).toEqual([finding(/maps\/space-gone is gone: its space has no generation/)]);
    expect(readdirSync(maps)).toEqual([path.basename(folder)]);
    expect(await readMap(path.join(own, 'map.bin'))).toEqual(map);
    expect(await verify()).toEqual([]);
    overwriteLastByte(path.join(own, 'map.bin'));
    expect(await verify()).toEqual([finding(/maps\/.* is gone: .*checksum/)]);
    // With what was made from it, so that the next request makes both again.
    expect(readdirSync(maps)).toEqual([]);
    expect(await verify()).toEqual([]);
  });

  test('counts that differ from the chunks', async () => {
    const { verify, sql } = await indexed();
    sql('UPDATE track_spaces SET chunks = 77');
    expect(await verify()).toEqual([
      { where: 'catalog', what: 'the count of chunks was wrong for 2 tracks', remedy: 'mended' },
    ]);
    expect(await verify()).toEqual([]);
  });

  test('half a generation and other unreferenced files', async () => {
    const { verify, folder } = await indexed();
    mkdirSync(path.join(folder, 'half.partial'));
    expect(await verify()).toMatchObject([{ where: 'files', remedy: 'mended' }]);
  });
});

describe('leaves to the next index run', () => {
  test.each([
    ['a truncated vector', 'UPDATE chunks SET vector = substr(vector, 1, 9) WHERE track_id = $a AND idx = 0'],
    ['a vector of zeros', 'UPDATE chunks SET vector = zeroblob(32) WHERE track_id = $a AND idx = 0'],
    [
      'a vector of NaN',
      "UPDATE chunks SET vector = unhex('0000c07f' || substr(hex(vector), 9)) WHERE track_id = $a AND idx = 0",
    ],
    ['a missing chunk', 'UPDATE chunks SET idx = 9 WHERE track_id = $a AND idx = 0'],
    ['times that go backwards', 'UPDATE chunks SET end_sec = start_sec - 1 WHERE track_id = $a'],
  ])('a track to embed again: %s', async (_, damage) => {
    const { bench, verify, sql } = await indexed();
    const before = bench.rows();
    sql(damage);
    const findings = await verify();
    expect(findings.filter(({ remedy }) => remedy === 'next-run')).toHaveLength(1);
    expect(findings[0]?.what).toMatch(/^a\.mp3: chunk .* its vectors were dropped/);
    expect(Object.keys(bench.rows())).toEqual(['b.mp3']);
    expect((await bench.run()).files).toMatchObject({ embedded: 1, unchanged: 1 });
    expect(bench.rows()).toEqual(before);
    expect(await verify()).toEqual([]);
  });

  test('a recording whose bytes changed under the same size and time, and a missing one', async () => {
    const { bench, verify } = await indexed();
    const file = path.join(bench.music, 'a.mp3');
    const { mtimeMs } = statSync(file);
    writeFileSync(file, 'eno');
    utimesSync(file, mtimeMs / 1000, mtimeMs / 1000);
    rmSync(path.join(bench.music, 'b.mp3'));
    expect((await verify()).map(({ what, remedy }) => [what, remedy])).toEqual([
      ['a.mp3: it holds other bytes than were indexed', 'next-run'],
      ['b.mp3: its file is gone', 'next-run'],
    ]);
    expect((await bench.run()).files).toMatchObject({ embedded: 1, removed: 1 });
    expect(await verify()).toEqual([]);
  });
});

test('missing clips to store again; it reports those of another catalog and keeps them', async () => {
  const { bench, verify } = await indexed();
  const folder = tempFolder();
  const clips = new FolderClips(folder);
  const [a, b, foreign] = ['a', 'b', 'f'].map((digit) => digit.repeat(64)) as [string, string, string];
  for (const [content, count] of [
    [a, 2],
    [b, 1],
    [foreign, 1],
  ] as const) {
    mkdirSync(path.join(folder, content));
    for (let at = 0; at < count; at++) writeFileSync(path.join(folder, content, `${at}.mp3`), 'sound');
  }
  const set = (contentSha256: string) => ({ store: clips.location, contentSha256, windowMs: 10_000 });
  bench.catalog.clips.stored(set(a), { clips: 2, bytes: 10 });
  bench.catalog.clips.stored(set(b), { clips: 3, bytes: 15 });
  expect(await verify({ clips })).toEqual([
    { where: 'clips', what: `clips of 1 recording are missing in ${clips.location}`, remedy: 'next-run' },
    {
      where: 'clips',
      what: `${clips.location} holds clips of 1 recording that this catalog never stored there`,
      remedy: 'yours',
    },
  ]);
  expect([set(a), set(b)].map((each) => bench.catalog.clips.isStored(each))).toEqual([true, false]);
  rmSync(path.join(folder, foreign), { recursive: true });
  expect(await verify({ clips })).toEqual([]);
});

test('keeps a catalog that SQLite finds damaged, for a restore from a backup', async () => {
  const { bench, verify, sql } = await indexed();
  sql('INSERT INTO marked_chunks VALUES (99, 99, 0, 99)');
  expect(await verify()).toEqual([
    { where: 'catalog', what: expect.stringMatching(/refers to a row that is not in/), remedy: 'yours' },
    { where: 'catalog', what: expect.stringMatching(/refers to a row that is not in/), remedy: 'yours' },
  ]);
  expect(await verify({ deep: false })).toEqual([]);
  expect(Object.keys(bench.rows())).toHaveLength(2);
});

function overwriteLastByte(file: string): void {
  const { size } = statSync(file);
  truncateSync(file, size - 1);
  writeFileSync(file, Buffer.from([0x5a]), { flag: 'a' });
}
