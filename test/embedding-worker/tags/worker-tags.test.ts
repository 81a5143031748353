/** Tags from the file to the client's answer, through the real worker. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeTone, never } from '../../audio/make-audio.ts';
import { descendantsRunning, eventually } from '../processes.ts';
import { type RunningWorker, runWorker } from '../running-worker.ts';
import { id3v2, text } from './write-tags.ts';

let folder: string;
let worker: RunningWorker;
let mp3: Buffer;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'worker-tags-'));
  const file = await makeTone(path.join(folder, 'tone.mp3'), 11, ['-id3v2_version', '0', '-map_metadata', '-1']);
  mp3 = readFileSync(file);
  worker = await runWorker();
});
afterAll(async () => {
  await worker?.close();
  rmSync(folder, { recursive: true });
});

const tagsOf = async (...parts: readonly Buffer[]) => {
  const file = path.join(folder, crypto.randomUUID());
  writeFileSync(file, Buffer.concat(parts));
  return (await worker.client.embed(file, { signal: never })).tags;
};
const named = id3v2(
  [
    ['TIT2', text('Duet', 3)],
    ['TPE1', text('Ann\0Bob', 3)],
  ],
  { version: 4 },
);
const tagProcesses = () => descendantsRunning(process.pid, 'tag-child.ts');

test('returns all artists of a recording', async () => {
  expect(await tagsOf(named, mp3)).toEqual({ title: 'Duet', artist: 'Ann, Bob', album: null });
});

test('accepts a recording with a comment of 6 MB', async () => {
  const comment = Buffer.concat([Buffer.from('\0eng\0'), Buffer.alloc(6_000_000, 'la ')]);
  const tag = id3v2([
    ['COMM', comment],
    ['TIT2', text('Commented')],
  ]);
  expect(await tagsOf(tag, mp3)).toEqual({ title: 'Commented', artist: null, album: null });
});

test("uses ffmpeg's tags where the reader finds none", async () => {
  const file = path.join(folder, 'tone.oga');
  const tags = ['-metadata', 'title=Ogg', '-metadata', 'artist=Ann;Bob'];
  await makeTone(file, 11, ['-c:a', 'flac', '-f', 'ogg', ...tags]);
  expect((await worker.client.embed(file, { signal: never })).tags).toEqual({
    title: 'Ogg',
    artist: 'Ann, Bob',
    album: null,
  });
});

test('loses two seconds and the tags of a recording when a tag process hangs', async () => {
  const [reader] = tagProcesses();
  process.kill(reader?.pid as number, 'SIGSTOP');
  // Without the reader, ffmpeg's tags are used.
  expect((await tagsOf(named, mp3)).title).toBe('Duet');
  await eventually(async () => (await tagsOf(named, mp3)).artist === 'Ann, Bob');
  expect(tagProcesses().map(({ pid }) => pid)).not.toContain(reader?.pid);
});
