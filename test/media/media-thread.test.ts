import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inlineMedia } from '../../src/media/inline-media.ts';
import type { Media } from '../../src/media/media.ts';
import { MediaThread } from '../../src/media/media-thread.ts';
import { ffmpeg, writePiece } from '../support/pieces.ts';

const limits = { deadlineMs: 30_000, durationMaxSec: 3600, bytesMax: 1e9, memoryMaxBytes: 2 ** 31 };
const never = new AbortController().signal;

let folder: string;
let piece: string;
let thread: MediaThread;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-media-'));
  piece = writePiece(path.join(folder, 'piece.ogg'), 1, 30);
  thread = new MediaThread();
});
afterAll(async () => {
  await thread.close();
  rmSync(folder, { recursive: true });
});

function clipTo(name: string, source = piece, durationSec = 5) {
  const tags = { title: 'a clip', artist: null, comment: 'of a test' };
  return {
    source: { path: source, startSec: 2, durationSec, loudnessDb: -20 },
    output: { path: path.join(folder, name), tags },
  };
}

test('gives the same bytes as the main thread', async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="40"><text x="2" y="30">Test</text></svg>';
  const both: readonly Media[] = [inlineMedia, thread];
  const [here, there] = await Promise.all(both.map((media) => media.renderSvg(svg)));
  expect(Buffer.from(there ?? []).equals(Buffer.from(here ?? []))).toBe(true);
  await thread.cutClips([clipTo('one.mp3'), clipTo('two.mp3')], { limits, signal: never });
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(['one.mp3', 'two.mp3']));
});

test('rethrows a failure with its code', async () => {
  const cut = thread.cutClips([clipTo('none.mp3', path.join(folder, 'gone.ogg'))], { limits, signal: never });
  await expect(cut).rejects.toMatchObject({
    code: 'file-unreadable',
    message: expect.stringMatching(/^Cannot read the file/),
  });
});

test('ends the work on abort, and keeps the thread', async () => {
  const long = path.join(folder, 'long.wav');
  ffmpeg('-f', 'lavfi', '-i', 'sine=frequency=300:duration=3000', `file:${long}`);
  const abort = new AbortController();
  const cut = thread.cutClips([clipTo('long.mp3', long, 2900)], { limits, signal: abort.signal });
  setTimeout(() => abort.abort(), 200);
  await expect(cut).rejects.toMatchObject({ code: 'cancelled' });
  expect(readdirSync(folder).filter((name) => name.startsWith('long.mp3'))).toEqual([]);
  await thread.cutClips([clipTo('after.mp3')], { limits, signal: never });
});

test('rejects waiting work when it is closed, and starts again for the next', async () => {
  const cut = thread.cutClips([clipTo('closed.mp3')], { limits, signal: never });
  await Promise.all([expect(cut).rejects.toMatchObject({ code: 'cancelled' }), thread.close()]);
  await thread.cutClips([clipTo('again.mp3')], { limits, signal: never });
});
