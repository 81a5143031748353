/** Index runs that add a delta to the current generation instead of writing a whole one. */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { currentManifest } from '../../src/index/generation.ts';
import { rollBack, spaceFolder } from '../../src/index/generation-folder.ts';
import { IndexHost } from '../../src/index/index-host.ts';
import { filesOf, formatManifest, liveRowCount } from '../../src/index/manifest.ts';
import { FolderGenerations } from '../../src/indexing/folder-generations.ts';
import { rebuildGeneration } from '../../src/indexing/update-generation.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import { verifyIndex } from '../../src/maintenance/verify.ts';
import { keepTemporaryInMemory } from '../support/temporary-in-memory.ts';
import { Bench, embedBytes } from './helpers.ts';

keepTemporaryInMemory();

const never = new AbortController().signal;
const spaceId = 'space-a';

async function indexed(tracks = 40) {
  const bench = new Bench();
  const { indexDir, catalog } = bench;
  const options = { indexDir, catalogId: catalog.id, shardsMax: 2, hubs: true, baseRowsMin: 1 };
  const generations = new FolderGenerations(options);
  // Each of four bytes more than a multiple of four: one chunk.
  const put = (at: number, version = 0) =>
    bench.put(`${at}.mp3`, `piece ${version} of ${String(at).padStart(4, '0')}  `.padEnd(20));
  for (let at = 0; at < tracks; at++) put(at);
  const run = () => bench.run({ generations });
  const place = { indexDir, spaceId, catalogId: catalog.id };
  const current = () => currentManifest(place);
  const host = new IndexHost(place);
  onTestFinished(() => host.close());
  /** The keys of the nearest tracks to a file's own sound. */
  const find = async (content: string, k = 1) => {
    await host.reloadIfChanged();
    const { perQuery } = await host.neighbours(
      [embedBytes(Buffer.from(content)).chunks[0]?.vector ?? new Float32Array(8)],
      k,
      never,
    );
    const ids = perQuery[0]?.map(({ chunk }) => chunk.trackId) ?? [];
    const byId = catalog.tracks.byIds(ids);
    return ids.map((id) => byId.get(id)?.key);
  };
  const contentOf = (at: number) => readFileSync(path.join(bench.music, `${at}.mp3`), 'utf8');
  await run();
  return { bench, generations, put, run, current, find, contentOf, folder: spaceFolder(indexDir, spaceId) };
}

test('adds new tracks, drops removed ones and replaces changed ones without writing the rest', async () => {
  const { bench, put, run, current, find, contentOf, folder } = await indexed();
  const base = await current();
  expect(base.base).toBeUndefined();
  const gone = contentOf(3);
  const old = contentOf(4);
  put(40);
  put(41);
  put(4, 1);
  rmSync(path.join(bench.music, '3.mp3'));
  expect((await run()).generation).toMatchObject({ kind: 'written', rows: 41 });
  const delta = await current();
  expect(delta.base).toEqual({ content: base.content, rowCount: 40, shards: 1, droppedRows: 2 });
  expect(delta.shards.map(({ rowCount }) => rowCount)).toEqual([40, 3]);
  const inode = (id: string) => statSync(path.join(folder, id, 'shard-0.faiss')).ino;
  expect(inode(delta.id)).toBe(inode(base.id));
  for (const at of [40, 41, 4, 0]) expect(await find(contentOf(at))).toEqual([`${at}.mp3`]);
  expect(await find(gone)).not.toEqual(['3.mp3']);
  expect(await find(old)).not.toEqual(['4.mp3']);
  expect((await find(gone, 100)).sort()).toEqual(Object.keys(bench.rows()).sort());
  expect((await run()).generation).toEqual({ kind: 'unchanged' });
});

test('leaves nothing for the next run to read: the record of checks knows the links, also after older generations went', async () => {
  const { put, run, current, folder } = await indexed();
  for (const at of [40, 41, 42]) {
    put(at);
    await run();
    const manifest = await current();
    const states = JSON.parse(readFileSync(path.join(folder, 'verified.json'), 'utf8'));
    for (const { file } of filesOf(manifest)) {
      const { ctimeNs } = statSync(path.join(folder, manifest.id, file), { bigint: true });
      expect(states[`${manifest.id}/${file}`].ctimeNs).toBe(String(ctimeNs));
    }
  }
});

test('writes a new base when a tenth changed', async () => {
  const { put, run, current, find, contentOf } = await indexed();
  for (const at of [40, 41, 42]) put(at);
  await run();
  expect((await current()).base?.rowCount).toBe(40);
  for (const at of [43, 44]) put(at);
  await run();
  expect(await current()).toMatchObject({ rowCount: 45 });
  expect((await current()).base).toBeUndefined();
  expect(await find(contentOf(44))).toEqual(['44.mp3']);
});

test('writes whole generations for a small library', async () => {
  const { bench, put, current } = await indexed();
  put(40);
  await bench.run();
  expect((await current()).base).toBeUndefined();
});

test('adds to an index that was written before there were tables of tracks', async () => {
  const { put, run, current, find, contentOf, folder } = await indexed();
  const { tracks: _, ...legacy } = await current();
  rmSync(path.join(folder, legacy.id, 'tracks.bin'));
  writeFileSync(path.join(folder, legacy.id, 'manifest.json'), formatManifest(legacy));
  expect((await run()).generation).toEqual({ kind: 'unchanged' });
  expect(await find(contentOf(3))).toEqual(['3.mp3']);
  put(40);
  put(4, 1);
  await run();
  expect((await current()).base).toMatchObject({ content: legacy.content, droppedRows: 1 });
  for (const at of [40, 4, 3]) expect(await find(contentOf(at))).toEqual([`${at}.mp3`]);
});

test('stays at a roll-back from a delta until the library changes, and adds to the generation of the roll-back', async () => {
  const { bench, put, run, current, find, contentOf } = await indexed();
  const base = await current();
  put(40);
  await run();
  expect(await rollBack(bench.indexDir, spaceId)).toBe(base.id);
  expect((await run()).generation).toEqual({ kind: 'held', id: base.id });
  expect(await find(contentOf(40))).not.toEqual(['40.mp3']);
  put(41);
  expect((await run()).generation).toMatchObject({ kind: 'written', endsRollBackTo: base.id });
  expect((await current()).base?.content).toBe(base.content);
  for (const at of [40, 41]) expect(await find(contentOf(at))).toEqual([`${at}.mp3`]);
});

test.each(['shard-0.faiss', 'shard-1.faiss', 'rows.bin', 'tracks.bin', 'hubs.bin', 'manifest.json'])(
  'heals an index whose %s is damaged, at the next run, changed or not',
  async (name) => {
    for (const isChanged of [false, true]) {
      const { bench, put, run, current, find, contentOf, folder } = await indexed();
      put(40);
      await run();
      damage(path.join(folder, (await current()).id, name));
      if (isChanged) put(41);
      expect((await run()).generation).toMatchObject({ kind: 'written' });
      expect(liveRowCount(await current())).toBe(Object.keys(bench.rows()).length);
      for (const at of isChanged ? [40, 41, 0] : [40, 0]) expect(await find(contentOf(at))).toEqual([`${at}.mp3`]);
      expect((await run()).generation).toEqual({ kind: 'unchanged' });
    }
  },
);

test('is verified with its base; a base that a silently failing disk damaged is found when every byte is read', async () => {
  const { bench, generations, put, run, current, folder } = await indexed();
  put(40);
  await run();
  const { catalog, indexDir } = bench;
  const lockPath = path.join(indexDir, 'index.lock');
  const rebuild = () => rebuildGeneration({ catalog, generations, spaceId, signal: never, lockPath });
  const library = new FolderLibrary(bench.music);
  const verify = () =>
    verifyIndex({ catalog, indexDir, deep: true, library, clips: null, rebuild, nowMs: Date.now(), signal: never });
  expect(await verify()).toEqual([]);
  damage(path.join(folder, (await current()).id, 'shard-0.faiss'));
  const findings = await verify();
  expect(findings.map(({ where, remedy }) => `${where} ${remedy}`)).toEqual([
    'index mended',
    'index mended',
    'index mended',
  ]);
  expect((await current()).base).toBeUndefined();
  expect(await verify()).toEqual([]);
  expect(readdirSync(folder).filter((entry) => entry.endsWith('.partial'))).toEqual([]);
});

test('checks a base by every byte before it is added to, when every byte is to be checked', async () => {
  const { bench, generations, put, run, current, folder } = await indexed();
  put(40);
  await run();
  const { id } = await current();
  const file = path.join(folder, id, 'shard-0.faiss');
  damage(file);
  const { ino, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  const record = path.join(folder, 'verified.json');
  const states = JSON.parse(readFileSync(record, 'utf8'));
  Object.assign(states[`${id}/shard-0.faiss`], {
    ...{ inode: String(ino), mtimeNs: String(mtimeNs), ctimeNs: String(ctimeNs) },
  });
  writeFileSync(record, JSON.stringify(states));
  put(41);
  // Embeds the track and ends before a generation is written.
  await bench
    .run({ generations: { current: () => Promise.resolve(null), write: () => Promise.reject(new Error('not now')) } })
    .catch(() => {});
  const { catalog, indexDir } = bench;
  const lockPath = path.join(indexDir, 'index.lock');
  await rebuildGeneration({ catalog, generations, spaceId, signal: never, lockPath });
  expect(await current()).toMatchObject({ rowCount: 42 });
  expect((await current()).base).toBeUndefined();
});

/** Flips a bit in the middle. */
function damage(file: string): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
  writeFileSync(file, bytes);
}
