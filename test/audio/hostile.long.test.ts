import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cutWindows } from '../../src/audio/chunk.ts';
import type { DecodeOptions } from '../../src/audio/decode-job.ts';
import { decodeAll } from './decode-all.ts';
import { ffmpeg, limits, makeSound, makeTempDir, makeTone, never, type TempDir, writeFloatWav } from './make-audio.ts';

let dir: TempDir;
beforeAll(async () => {
  dir = await makeTempDir();
});
afterAll(() => dir[Symbol.asyncDispose]());

async function codeOf(file: string, options: Partial<DecodeOptions> = {}): Promise<string> {
  const failure = await decodeAll(file, options).then(
    () => ({ code: 'none', message: '' }),
    (error) => error,
  );
  expect(failure.message).not.toMatch(/ @ 0x|libav|\/tmp|ffmpeg version/); // ffmpeg's log is in `cause`.
  return failure.code;
}

describe('refuses with one sentence and no log of ffmpeg', () => {
  test('an empty file', async () => {
    await writeFile(dir.file('empty.mp3'), '');
    expect(await codeOf(dir.file('empty.mp3'))).toBe('audio-empty');
  });

  test('a text file named .mp3', async () => {
    await writeFile(dir.file('text.mp3'), 'Not a note in it.\n'.repeat(500));
    expect(await codeOf(dir.file('text.mp3'))).toBe('audio-unreadable');
  });

  test('a picture', async () => {
    await ffmpeg('-f', 'lavfi', '-i', 'testsrc=d=1', '-frames:v', '1', dir.file('picture.png'));
    expect(['audio-refused', 'audio-unreadable']).toContain(await codeOf(dir.file('picture.png')));
  });

  test('a video without sound', async () => {
    await ffmpeg('-f', 'lavfi', '-i', 'testsrc=d=1:s=64x64', '-c:v', 'mpeg4', dir.file('mute.mp4'));
    expect(await codeOf(dir.file('mute.mp4'))).toBe('audio-no-sound');
  });

  test('a folder, a missing file, a named pipe, and a name with a zero byte', async () => {
    await mkdir(dir.file('folder.mp3'));
    execFileSync('mkfifo', [dir.file('pipe.mp3')]);
    for (const name of ['folder.mp3', 'missing.mp3', 'pipe.mp3', 'zero\0.mp3']) {
      expect(await codeOf(dir.file(name))).toBe('file-unreadable');
    }
  });

  test.skipIf(process.getuid?.() === 0)('a file without read permission', async () => {
    const file = await makeTone(dir.file('locked.flac'), 1);
    await chmod(file, 0);
    expect(await codeOf(file)).toBe('file-unreadable');
  });

  test('a file over the limits of size, duration or time', async () => {
    const file = await makeTone(dir.file('limits.flac'), 20);
    expect(await codeOf(file, { limits: { ...limits, bytesMax: 1000 } })).toBe('audio-too-large');
    expect(await codeOf(file, { limits: { ...limits, durationMaxSec: 19 } })).toBe('audio-too-long');
    expect(await codeOf(file, { limits: { ...limits, durationMaxSec: 20 } })).toBe('none');
    expect(await codeOf(file, { limits: { ...limits, deadlineMs: 1 } })).toBe('audio-timeout');
    // A static build is killed by the kernel; a dynamic one cannot load its libraries.
    const tight = await codeOf(file, { limits: { ...limits, memoryMaxBytes: 30_000_000 } });
    expect(['audio-too-large', 'decode-failed']).toContain(tight);
  });

  test('a range after the end of the recording', async () => {
    expect(await codeOf(await makeTone(dir.file('short.flac'), 2), { fromSec: 60 })).toBe('audio-no-sound');
  });
});

describe('opens no other file and no address', () => {
  const secret = () => dir.file('secret.wav');
  beforeAll(async () => {
    await makeTone(secret(), 3);
  });

  const scripts: [name: string, text: (url: string) => string][] = [
    ['list.m3u8', (url) => `#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n${url}\n#EXT-X-ENDLIST\n`],
    ['list.mp3', (url) => `#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n${url}\n#EXT-X-ENDLIST\n`],
    ['list.ffconcat', (url) => `ffconcat version 1.0\nfile '${url}'\n`],
    ['concat.flac', (url) => `ffconcat version 1.0\nfile '${url}'\n`],
    ['plain.pls', (url) => `[playlist]\nFile1=${url}\n`],
    [
      'dash.mpd',
      (url) => `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>${url}</BaseURL></MPD>`,
    ],
    ['live.sdp', () => 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n'],
  ];

  test.each(scripts)('named in %s', async (name, text) => {
    let visits = 0;
    const server = createServer((_request, response) => {
      visits += 1;
      readFile(secret()).then((body) => response.end(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret.wav`;
      for (const url of [address, secret(), `file:${secret()}`, 'secret.wav']) {
        await writeFile(dir.file(name), text(url));
        expect(['audio-refused', 'audio-unreadable']).toContain(await codeOf(dir.file(name)));
      }
      expect(visits).toBe(0);
    } finally {
      server.close();
    }
  });

  test.each([
    'http://127.0.0.1:9/a.mp3',
    'concat:a.wav|b.wav',
    'lavfi:sine',
    'data:audio/wav;base64,AAAA',
    'pipe:0',
    '-',
  ])('and treats a path that looks like an address as a path: %s', async (path) => {
    expect(await codeOf(path)).toBe('file-unreadable');
  });
});

describe('reads', () => {
  const names = [
    `it's "quoted".mp3`,
    'two\nlines.mp3',
    '🎻 Ouvertüre.mp3',
    '-dash.mp3',
    'percent%03d.mp3',
    'a:b|c;d,e=[f].mp3',
    '$(touch x) `y` \\.mp3',
    ' blank .mp3',
  ];
  test.each(names)('a file named %j', async (name) => {
    const file = await makeTone(dir.file(name), 1, ['-f', 'mp3']);
    expect((await decodeAll(file)).decodedSec).toBeCloseTo(1, 0);
  });

  test('a truncated mp3 up to its end', async () => {
    const file = await makeTone(dir.file('truncated.mp3'), 10, ['-b:a', '128k']);
    await truncate(file, 60_001);
    const { decodedSec } = await decodeAll(file);
    expect(decodedSec).toBeGreaterThan(3);
    expect(decodedSec).toBeLessThan(4);
  });

  test('an mp3 with a damaged stretch', async () => {
    const file = await makeTone(dir.file('holed.mp3'), 10);
    const bytes = await readFile(file);
    for (let i = 30_000; i < 40_000; i += 1) bytes[i] = (i * 7919) & 255;
    await writeFile(file, bytes);
    expect((await decodeAll(file)).decodedSec).toBeGreaterThan(5);
  });

  test('silence', async () => {
    const file = await makeSound(dir.file('silence.mp3'), 'anullsrc=d=12');
    const { samples, decodedSec, fingerprint } = await decodeAll(file);
    expect(decodedSec).toBeCloseTo(12, 0);
    expect(samples.every((sample) => Math.abs(sample) < 1e-4)).toBe(true);
    expect(fingerprint.items.length).toBeGreaterThan(0);
  });

  test('20 ms of sound, which is too short for a window', async () => {
    const file = await writeFloatWav(dir.file('click.wav'), new Float32Array(320).fill(0.1), 16_000);
    const { samples, fingerprint } = await decodeAll(file);
    expect(samples.length).toBe(320);
    expect(fingerprint.items.length).toBe(0);
    const windows = cutWindows(pieces(samples), { sampleRateHz: 16_000, windowSec: 10, startSec: 0 });
    await expect(windows.next()).rejects.toMatchObject({ code: 'audio-too-short' });
  });
});

test('starts no process when the signal is already aborted', async () => {
  const file = await makeTone(dir.file('closed.flac'), 1);
  expect(await codeOf(file, { signal: AbortSignal.abort() })).toBe('cancelled');
  expect(await codeOf(file, { signal: never })).toBe('none');
});

async function* pieces(samples: Float32Array) {
  yield samples;
}
