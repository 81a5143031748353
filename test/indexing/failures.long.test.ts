import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.ts';
import { WorkerLostError } from '../../src/embedding/retries.ts';
import { type ErrorCode, LeitmotifError } from '../../src/errors.ts';
import type { Embed } from '../../src/indexing/index-track.ts';
import { rebuildGeneration } from '../../src/indexing/update-generation.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import { keepTemporaryInMemory } from '../support/temporary-in-memory.ts';
import { Bench, embedBytes } from './helpers.ts';

keepTemporaryInMemory();

function benchOf(files: Record<string, string>): Bench {
  const bench = new Bench();
  for (const [key, content] of Object.entries(files)) bench.put(key, content);
  return bench;
}

function fails(code: ErrorCode, message = /./) {
  return expect.objectContaining({ code, message: expect.stringMatching(message) });
}

const three = { 'a.mp3': 'one', 'b.mp3': 'two', 'c.mp3': 'three' };

test('indexes good files and lists bad ones, each with its reason', async () => {
  const bench = benchOf({ ...three, 'bad.mp3': 'audio-unreadable', 'empty.mp3': 'audio-empty' });
  mkdirSync(path.join(bench.music, 'folder.mp3'));
  symlinkSync('nowhere', path.join(bench.music, 'link.mp3'));
  execFileSync('mkfifo', [path.join(bench.music, 'pipe.mp3')]);
  const { files, failures } = await bench.run();
  expect(files).toMatchObject({ listed: 5, embedded: 3, failed: 2, notListed: 2 });
  const codes = Object.fromEntries(failures.map(({ key, code }) => [key, code]));
  expect(codes).toEqual({
    'bad.mp3': 'audio-unreadable',
    'empty.mp3': 'audio-empty',
    'link.mp3': 'file-unreadable',
    'pipe.mp3': 'file-unreadable',
  });
  expect(bench.catalog.tracks.failures().map(({ key }) => key)).toEqual(Object.keys(codes).toSorted());
  expect(Object.keys(bench.rows())).toEqual(Object.keys(three));
});

test('does not retry a bad file until it changes or on request', async () => {
  const bench = benchOf({ 'bad.mp3': 'audio-unreadable' });
  await bench.run();
  expect((await bench.run()).files).toMatchObject({ failedBefore: 1, failed: 0 });
  expect(bench.embedded).toEqual([]);
  expect((await bench.run({ retryFailed: true })).files).toMatchObject({ failed: 1 });
  bench.put('bad.mp3', 'good now');
  expect((await bench.run()).files).toMatchObject({ embedded: 1 });
  expect(bench.catalog.tracks.failures()).toEqual([]);
});

test('retries a temporary failure with growing delays, and at once when the clock was set back', async () => {
  const minuteMs = 60_000;
  let nowMs = Date.UTC(2026, 1, 1);
  const bench = new Bench({ now: () => nowMs });
  bench.put('bad.mp3', 'inference-failed');
  bench.put('good.mp3', 'good');
  const after = async (waitMs: number) => {
    nowMs += waitMs;
    return (await bench.run()).files;
  };
  expect(await after(0)).toMatchObject({ failed: 1, embedded: 1 });
  expect(await after(4 * minuteMs)).toMatchObject({ failed: 0, failedBefore: 1 });
  expect(await after(1 * minuteMs)).toMatchObject({ failed: 1 });
  expect(await after(19 * minuteMs)).toMatchObject({ failed: 0, failedBefore: 1 });
  expect(await after(1 * minuteMs)).toMatchObject({ failed: 1 });
  expect(bench.catalog.tracks.failures()).toMatchObject([
    { code: 'inference-failed', tries: 3, atMs: nowMs, retryAtMs: nowMs + 80 * minuteMs },
  ]);
  expect(await after(-365 * 24 * 60 * minuteMs)).toMatchObject({ failed: 1 });
  bench.put('bad.mp3', 'good now');
  expect(await after(0)).toMatchObject({ embedded: 1, failedBefore: 0 });
});

test('deletes a failure with its file', async () => {
  const bench = benchOf({ 'a.mp3': 'one', 'bad.mp3': 'audio-unreadable' });
  await bench.run();
  rmSync(path.join(bench.music, 'bad.mp3'));
  await bench.run();
  expect(bench.catalog.tracks.failures()).toEqual([]);
});

test.each(['worker-unavailable', 'unauthorized', 'disk-full', 'tool-missing'] as const)(
  'stops at %s with no track marked as failed, and continues there',
  async (code) => {
    const bench = benchOf(three);
    const embed: Embed = async (file, options) => {
      if (file.endsWith('a.mp3')) return await bench.embed(file, options);
      throw new LeitmotifError(code, 'It is not there');
    };
    // Longest first: the short a.mp3 waits unless it is the longest.
    bench.put('a.mp3', 'the longest of all');
    await expect(bench.run({ embed, concurrency: 1 })).rejects.toEqual(
      fails(code, /after 1 of 3 tracks.*run it again/),
    );
    expect(bench.catalog.counts().tracks).toEqual({ indexed: 1, failed: 0, removed: 0 });
    expect(bench.catalog.jobs.last('index')).toMatchObject({ state: 'failed', error: { code } });

    expect((await bench.run()).files).toMatchObject({ unchanged: 1, embedded: 2 });
    expect(bench.embedded.toSorted()).toEqual(['b.mp3', 'c.mp3']);
  },
);

test('finds the one track that kills the worker, indexes the tracks next to it, and fails only that one', async () => {
  const bench = benchOf({ ...three, 'd.mp3': 'four', 'e.mp3': 'fifth' });
  let deaths = 0;
  const embed: Embed = async (file, options) => {
    const before = deaths;
    if (file.endsWith('c.mp3')) deaths += 1;
    await new Promise((resolve) => setImmediate(resolve));
    if (file.endsWith('c.mp3') || before !== deaths) throw new WorkerLostError('It died', { cause: null });
    return await bench.embed(file, options);
  };
  const { files, failures } = await bench.run({ embed, concurrency: 3 });
  expect(files).toMatchObject({ embedded: 4, failed: 1 });
  expect(failures).toMatchObject([{ key: 'c.mp3', code: 'worker-unavailable' }]);
  expect(Object.keys(bench.rows())).toEqual(['a.mp3', 'b.mp3', 'd.mp3', 'e.mp3']);
});

test('blames the worker when it dies over one track after another', async () => {
  const bench = benchOf({ ...three, 'd.mp3': 'four', 'e.mp3': 'fifth' });
  const embed: Embed = async () => {
    throw new WorkerLostError('It died', { cause: null });
  };
  await expect(bench.run({ embed, concurrency: 2 })).rejects.toEqual(
    fails('worker-unavailable', /after 1 of 5 tracks/),
  );
  expect((await bench.run()).files).toMatchObject({ embedded: 5, failed: 0 });
});

test('finishes or drops the tracks in flight on cancel, keeps the rest, and continues later', async () => {
  const bench = benchOf({ ...three, 'd.mp3': 'four', 'e.mp3': 'fifth' });
  const stop = new AbortController();
  const embed: Embed = async (file, { signal }) => {
    if (bench.embedded.length === 2) {
      stop.abort();
      signal.throwIfAborted();
    }
    return await bench.embed(file, { signal });
  };
  const run = bench.run({ embed, concurrency: 1, signal: stop.signal });
  await expect(run).rejects.toEqual(fails('cancelled', /after 2 of 5 tracks/));
  expect(bench.catalog.jobs.last('index')?.state).toBe('cancelled');
  expect(bench.catalog.counts().tracks).toEqual({ indexed: 2, failed: 0, removed: 0 });
  expect((await bench.run()).files).toMatchObject({ unchanged: 2, embedded: 3 });
});

test('stops when the worker answers in another space than requested', async () => {
  const bench = benchOf(three);
  const embed: Embed = async (file) => embedBytes(readFileSync(file), 'space-x');
  await expect(bench.run({ embed })).rejects.toEqual(fails('space-mismatch', /space-a.*space-x/));
  expect(bench.catalog.counts().tracks.failed).toBe(0);
});

test('does not store an invalid answer', async () => {
  const bench = benchOf({ 'a.mp3': 'one' });
  const embed: Embed = async (file) => {
    const recording = embedBytes(readFileSync(file));
    return { ...recording, chunks: recording.chunks.map((chunk) => ({ ...chunk, vector: chunk.vector.fill(NaN) })) };
  };
  expect((await bench.run({ embed })).failures).toMatchObject([{ key: 'a.mp3', code: 'worker-protocol' }]);
});

test('leaves a file that changed during embedding to the next run', async () => {
  const bench = benchOf(three);
  const embed: Embed = async (file, options) => {
    const recording = await bench.embed(file, options);
    if (file.endsWith('b.mp3')) bench.put('b.mp3', 'now it is longer');
    if (file.endsWith('c.mp3')) rmSync(file);
    return recording;
  };
  expect((await bench.run({ embed })).files).toMatchObject({ embedded: 1, moving: 2, failed: 0 });
  expect(Object.keys(bench.rows())).toEqual(['a.mp3']);
  expect((await bench.run()).files).toMatchObject({ unchanged: 1, embedded: 1, removed: 0 });
  const now = embedBytes(readFileSync(path.join(bench.music, 'b.mp3')));
  expect(bench.rows()['b.mp3']).toHaveLength(now.chunks.length);
});

test('allows one run at a time, and names the running one', async () => {
  const bench = benchOf(three);
  const entered = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  const embed: Embed = async (file, options) => {
    entered.resolve();
    await leave.promise;
    return await bench.embed(file, options);
  };
  const first = bench.run({ embed });
  await entered.promise;
  const who = new RegExp(`process ${process.pid} on .* is at it already`);
  await expect(bench.run()).rejects.toEqual(fails('index-locked', who));
  leave.resolve();
  expect((await first).files.embedded).toBe(3);
  expect((await bench.run()).files.unchanged).toBe(3);
});

test('treats a suddenly empty folder as a missing disk', async () => {
  const bench = benchOf(three);
  await bench.run();
  for (const key of Object.keys(three)) rmSync(path.join(bench.music, key));
  await expect(bench.run()).rejects.toEqual(fails('file-unreadable', /expected the 3 recordings/));
  expect(bench.catalog.counts().tracks.indexed).toBe(3);
  const emptied = await bench.run({ allowEmpty: true });
  expect(emptied.files.removed).toBe(3);
  expect(emptied.generation).toEqual({ kind: 'empty' });
});

test('refuses another folder in place of this one, unless requested', async () => {
  const bench = benchOf(three);
  await bench.run();
  const other = benchOf({ 'z.mp3': 'one' });
  const library = new FolderLibrary(other.music);
  await expect(bench.run({ library })).rejects.toEqual(fails('config-invalid', /this catalog holds file:/));
  expect(bench.catalog.counts().tracks.indexed).toBe(3);
  const replaced = await bench.run({ library, replaceLibrary: true });
  expect(replaced.files).toMatchObject({ moved: 1, removed: 2, embedded: 0 });
});

test('stops when the catalog is full, keeps what it has, and continues once there is room', async () => {
  const small = new Bench({ sizeMaxBytes: 16_384 * 60 });
  for (let at = 0; at < 100; at++) small.put(`${at}.mp3`, `number ${at}`);
  const embed: Embed = async (file, options) => {
    const recording = await small.embed(file, options);
    return { ...recording, fingerprint: { items: new Uint32Array(2000), itemSec: 0.125 } };
  };
  await expect(small.run({ embed })).rejects.toEqual(fails('disk-full'));
  const { indexed, failed } = small.catalog.counts().tracks;
  expect(indexed).toBeGreaterThan(10);
  expect(indexed).toBeLessThan(100);
  expect(failed).toBe(0);
  expect(Object.keys(small.rows())).toHaveLength(indexed);

  small.catalog.close();
  using roomy = new Catalog(small.catalog.path);
  expect((await small.run({ catalog: roomy })).files).toMatchObject({ unchanged: indexed, embedded: 100 - indexed });
});

test('rebuilds a deleted or damaged generation without embedding', async () => {
  const bench = benchOf(three);
  await bench.run();
  const rows = bench.rows();
  const generations = path.join(bench.indexDir, 'generations');
  rmSync(generations, { recursive: true });
  expect((await bench.run()).generation).toMatchObject({ kind: 'written' });

  const [space = ''] = readdirSync(generations);
  const id = readFileSync(path.join(generations, space, 'CURRENT'), 'utf8').split('\n')[0] ?? '';
  const folder = path.join(generations, space, id);
  const shard = readdirSync(folder).find((name) => name !== 'manifest.json' && name !== 'rows.bin') ?? '';
  const bytes = readFileSync(path.join(folder, shard));
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 9) ^ 1, bytes.length - 9);
  writeFileSync(path.join(folder, shard), bytes);
  const { catalog } = bench;
  const signal = new AbortController().signal;
  const lockPath = path.join(bench.indexDir, 'index.lock');
  const rebuild = () =>
    rebuildGeneration({ catalog, generations: bench.generations, spaceId: 'space-a', signal, lockPath });
  expect(await rebuild()).toMatchObject({ kind: 'written' });
  expect(await rebuild()).toEqual({ kind: 'unchanged' });
  expect(bench.embedded).toEqual([]);
  expect(bench.rows()).toEqual(rows);
});
