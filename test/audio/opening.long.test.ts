/** Reading up to the first sample: oversized tags are skipped, and tags that ffmpeg cannot read in time are refused. */
import { readFileSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { cutClips } from '../../src/audio/clip.ts';
import { watchOpening } from '../../src/audio/opening.ts';
import type { LeitmotifError } from '../../src/errors.ts';
import type { Usage } from '../../src/io/time-charged.ts';
import { runWorker } from '../embedding-worker/running-worker.ts';
import { decodeAll } from './decode-all.ts';
import { ffmpeg, limits, makeTempDir, makeTone, never, type TempDir } from './make-audio.ts';
import { commentFrame, lineBreaks, manyFrames, textFrame, withComments, withId3, withInfo } from './tag-bombs.ts';

let dir: TempDir;
let mp3: Buffer;
let flac: Buffer;
let wav: Buffer;
beforeAll(async () => {
  dir = await makeTempDir();
  mp3 = readFileSync(await makeTone(dir.file('plain.mp3'), 12, ['-id3v2_version', '0', '-write_xing', '0']));
  flac = readFileSync(await makeTone(dir.file('plain.flac'), 12));
  wav = readFileSync(await makeTone(dir.file('plain.wav'), 12, ['-bitexact']));
});
afterAll(() => dir[Symbol.asyncDispose]());

function put(name: string, bytes: Buffer): string {
  writeFileSync(dir.file(name), bytes);
  return dir.file(name);
}

const names = [textFrame('TIT2', 'A title'), textFrame('TPE1', 'An artist'), textFrame('TALB', 'An album')];
const named = ['TITLE=A title', 'artist=An artist', 'ALBUM=An album'];
const tags = { title: 'A title', artist: 'An artist', album: 'An album' };
const lyrics = 'la la la\n'.repeat(700_000);

describe('skips oversized tags and keeps the sound, title and artist', () => {
  const bombs: [name: string, bytes: () => Buffer, tags: object][] = [
    ['a comment of 6 MB.mp3', () => withId3(mp3, [...names, commentFrame(lyrics)]), tags],
    ['a comment of 6 MB first.mp3', () => withId3(mp3, [commentFrame(lyrics), ...names]), tags],
    ['a comment of 6 MB.flac', () => withComments(flac, [...named, `COMMENT=${lyrics}`]), tags],
    ['200,000 frames.mp3', () => withId3(mp3, [...names, ...manyFrames(200_000)]), tags],
    ['200,000 comments.flac', () => withComments(flac, [...named, ...Array(200_000).fill('KEY=value')]), tags],
    ['a title of 20 MB.mp3', () => withId3(mp3, [['TIT2', Buffer.concat([Buffer.from([3]), lineBreaks(2e7)])]]), {}],
    ['a title of 15 MB.flac', () => withComments(flac, [`TITLE=${lineBreaks(1.5e7)}`, 'ARTIST=An artist']), {}],
    ["it's | a name \\ to escape.flac", () => withComments(flac, [...named, `LYRICS=${lyrics}`]), tags],
    [
      'a comment of 6 MB.wav',
      () =>
        withInfo(wav, [
          ['INAM', Buffer.from('A title')],
          ['ICMT', Buffer.alloc(6e6, 'x')],
        ]),
      {},
    ],
    ['a title of 100 kB.flac', () => withComments(flac, [`TITLE=${'x'.repeat(100_000)}`, 'ARTIST=An artist']), {}],
  ];
  test.each(bombs)('%s', async (name, bytes, expected) => {
    const { probed, decodedSec } = await decodeAll(put(name, bytes()));
    expect(Math.abs(decodedSec - 12)).toBeLessThan(0.2);
    expect(probed.tags).toMatchObject(expected);
  });

  test.each(['m4a', 'ogg', 'opus', 'mka', 'aiff'])('with a comment of 6 MB in %s', async (ending) => {
    const text = `;FFMETADATA1\ntitle=A title\ncomment=${'la la la '.repeat(700_000)}\n`;
    writeFileSync(dir.file('meta.txt'), text);
    const file = dir.file(`comment.${ending}`);
    const aiff = ending === 'aiff' ? ['-write_id3v2', '1'] : [];
    await ffmpeg(
      '-i',
      dir.file('plain.wav'),
      '-i',
      dir.file('meta.txt'),
      '-map',
      '0:a',
      '-map_metadata',
      '1',
      ...aiff,
      file,
    );
    const { probed, decodedSec } = await decodeAll(file);
    expect(Math.abs(decodedSec - 12)).toBeLessThan(0.2);
    expect(probed.tags.title).toBe('A title');
  });

  test('so that equal sound gives equal samples with and without such tags', async () => {
    const [plain, tagged] = [put('bare.flac', flac), put('tagged.flac', withComments(flac, [`COMMENT=${lyrics}`]))];
    expect((await decodeAll(tagged)).samples).toEqual((await decodeAll(plain)).samples);
  });

  test('when it cuts a clip, and deletes the temporary head', async () => {
    const path = put('clip | of.flac', withComments(flac, [...named, `COMMENT=${lyrics}`]));
    const output = { path: dir.file('clip.mp3'), tags: { title: 't', artist: null, comment: 'c' } };
    await cutClips([{ source: { path, startSec: 3, durationSec: 2, loudnessDb: -20 }, output }], {
      limits,
      signal: never,
    });
    expect(Math.abs((await decodeAll(output.path)).decodedSec - 2)).toBeLessThan(0.1);
    expect((await readdir(tmpdir())).filter((name) => name.startsWith('leitmotif-head-'))).toEqual([]);
  });
});

describe('tags that ffmpeg cannot read in time', () => {
  const bomb = () => withInfo(wav, [['INAM', lineBreaks(2e7)]]);
  const costly = { code: 'audio-too-costly', message: expect.stringContaining('tags') };

  test('are refused after the processor time limit for opening, without leaving a process', async () => {
    const file = put('bomb.wav', bomb());
    const startedAt = performance.now();
    await expect(decodeAll(file, { limits: { ...limits, openCpuMaxMs: 500 } })).rejects.toMatchObject(costly);
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    await noneLeft(file);
  });

  test('are refused after the time limit for opening', async () => {
    const file = put('bomb.wav', bomb());
    const slow = { code: 'audio-timeout', message: expect.stringContaining('no sound came within 1 s') };
    await expect(decodeAll(file, { limits: { ...limits, openDeadlineMs: 500 } })).rejects.toMatchObject(slow);
    await noneLeft(file);
  });

  test('occupy a worker with two slots for no longer when sent twice at once', async () => {
    const file = put('bomb.wav', bomb());
    const audioLimits = { ...limits, openCpuMaxMs: 1000 };
    const worker = await runWorker({ audioLimits, concurrencyMax: 2, queueMax: 4, requestDeadlineMs: 600_000 });
    try {
      const patient = worker.clientWith({ deadlineMs: 600_000 });
      const bombs = [1, 2].map(() => patient.embed(file, { signal: never }));
      const third = patient.embed(dir.file('plain.wav'), { signal: never });
      for (const result of await Promise.allSettled(bombs)) {
        expect(result).toMatchObject({ status: 'rejected', reason: costly });
      }
      expect((await third).durationSec).toBeCloseTo(12, 0);
    } finally {
      await worker.close();
    }
  });
});

describe('a file whose sound does not come', () => {
  const openings: [what: string, usage: (sinceMs: number) => Usage | null, code: string | null][] = [
    ['is not blamed while ffmpeg waits for a processor', () => ({ processorMs: 100, isBusy: true }), null],
    ['is refused when ffmpeg waits for the file', () => ({ processorMs: 100, isBusy: false }), 'audio-timeout'],
    ['is refused where the system does not report what ffmpeg does', () => null, 'audio-timeout'],
    [
      'is refused when ffmpeg works for too long',
      (sinceMs) => ({ processorMs: sinceMs, isBusy: true }),
      'audio-too-costly',
    ],
  ];
  test.each(openings)('%s', async (_, usage, code) => {
    vi.useFakeTimers();
    try {
      const startedAt = performance.now();
      const run = { usage: () => usage(performance.now() - startedAt), describedBytes: () => 0 };
      const reasons: LeitmotifError[] = [];
      const watch = watchOpening(run, limits, (reason) => reasons.push(reason));
      await vi.advanceTimersByTimeAsync(120_000);
      watch.stop();
      expect(reasons.map((reason) => reason.code)).toEqual(code === null ? [] : [code]);
    } finally {
      vi.useRealTimers();
    }
  });
});

test('refuses a query longer than a query may be, and names the limit', async () => {
  const worker = await runWorker();
  try {
    const file = dir.file('plain.flac');
    const tooLong = { code: 'audio-too-long', message: expect.stringContaining('at most 10 seconds') };
    const asked = worker.client.embed(file, { signal: never, durationMaxSec: 10 });
    await expect(asked).rejects.toMatchObject(tooLong);
    const part = await worker.client.embed(file, { signal: never, durationMaxSec: 10, fromSec: 2, toSec: 12 });
    expect(part.chunks).toHaveLength(1);
    expect((await worker.client.embed(file, { signal: never })).durationSec).toBeCloseTo(12, 1);
  } finally {
    await worker.close();
  }
});

async function noneLeft(file: string): Promise<void> {
  while ((await processesOn(file)).length > 0) await wait(20);
}

async function processesOn(file: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(file));
}
