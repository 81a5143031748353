/** A clip of a remote recording of two hours, without downloading it: the same sound as from a local file. */
import { mkdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cutClips } from '../../src/audio/clip.ts';
import { decodeAll } from '../audio/decode-all.ts';
import { ffmpeg, limits, makeTempDir, never, type TempDir } from '../audio/make-audio.ts';
import { azureLibrary } from '../support/azure-library.ts';
import { AzureProxy } from '../support/azure-proxy.ts';
import { Azurite } from '../support/azurite.ts';
import { writePiece } from '../support/pieces.ts';

let azurite: Azurite;
let proxy: AzureProxy;
let dir: TempDir;
beforeAll(async () => {
  azurite = await Azurite.start();
  proxy = await AzureProxy.start(azurite.port);
  dir = await makeTempDir();
  await azurite.container('long');
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await azurite[Symbol.asyncDispose]();
  await dir[Symbol.asyncDispose]();
});

/** Two hours made of one repeated minute: realistic in size, and made in a second. */
async function longRecording(
  name: string,
  encoding: readonly string[],
  copying: readonly string[] = [],
): Promise<string> {
  mkdirSync(dir.path, { recursive: true });
  const minute = dir.file(`minute-${name}`);
  writePiece(dir.file('minute.wav'), 3, 60);
  await ffmpeg('-i', `file:${dir.file('minute.wav')}`, '-ar', '48000', '-ac', '2', ...encoding, `file:${minute}`);
  const long = dir.file(name);
  const again = copying[0] === '-c:a' ? copying : ['-c', 'copy', ...copying];
  await ffmpeg('-stream_loop', '119', '-i', `file:${minute}`, ...again, `file:${long}`);
  await azurite.service.getContainerClient('long').getBlockBlobClient(name).uploadFile(long);
  return long;
}

/** Samples, mono, 16 kHz. */
async function clipOf(input: { path: string; overLoopback?: boolean; hasConstantRate?: boolean }, startSec: number) {
  const { path: from, overLoopback = false, hasConstantRate = false } = input;
  const output = { path: dir.file('clip.mp3'), tags: { title: 't', artist: null, comment: '' } };
  const source = { path: from, overLoopback, hasConstantRate, startSec, durationSec: 10, loudnessDb: -20 };
  await cutClips([{ source, output }], { limits, signal: never });
  return (await decodeAll(output.path)).samples;
}

/** The largest similarity of two sounds when one is shifted by up to 60 ms; 1 means equal. */
function likeness(a: Float32Array, b: Float32Array): number {
  const most = 960;
  const length = Math.min(a.length, b.length) - 2 * most;
  let best = 0;
  for (let shift = -most; shift <= most; shift += 1) {
    let [ab, aa, bb] = [0, 0, 0];
    for (let at = most; at < most + length; at += 7) {
      const [x, y] = [a[at] ?? 0, b[at + shift] ?? 0];
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
    best = Math.max(best, ab / Math.sqrt(aa * bb));
  }
  return best;
}

const MB = 1_000_000;

test.each([
  { name: 'constant.mp3', encoding: ['-b:a', '128k'], copying: [] },
  { name: 'vorbis.ogg', encoding: ['-c:a', 'libvorbis', '-b:a', '128k'], copying: [] },
  { name: 'opus.opus', encoding: ['-c:a', 'libopus', '-b:a', '128k'], copying: [] },
  // Encoded as a whole, because FLAC frames are numbered.
  {
    name: 'lossless.flac',
    encoding: [],
    copying: ['-c:a', 'flac', '-compression_level', '0', '-ac', '1', '-ar', '16000'],
  },
  { name: 'index-at-the-end.m4a', encoding: ['-c:a', 'aac', '-b:a', '128k'], copying: [] },
  { name: 'index-in-front.m4a', encoding: ['-c:a', 'aac', '-b:a', '128k'], copying: ['-movflags', '+faststart'] },
])('$name: reads under 5 MB for ten seconds of two hours', async ({ name, encoding, copying }) => {
  const long = await longRecording(name, encoding, copying);
  const { size } = await stat(long);
  const expected = await clipOf({ path: long }, 5003);
  expect(expected.length).toBeGreaterThan(9.9 * 16_000);

  const { library } = azureLibrary('long', proxy.endpoint);
  proxy.bytes = 0;
  proxy.requests.length = 0;
  await using part = await library.seekable(path.basename(name));
  const got = await clipOf(part, 5003);
  console.info(
    `${name}: ${(proxy.bytes / MB).toFixed(2)} of ${(size / MB).toFixed(0)} MB, ${proxy.requests.length} requests`,
  );
  expect(proxy.bytes).toBeLessThan(5 * MB);
  expect(Math.abs(got.length - expected.length)).toBeLessThan(1600);
  expect(likeness(got, expected)).toBeGreaterThan(0.98);
});

test('reads an mp3 of variable rate up to the moment, because its position is unknown', async () => {
  const long = await longRecording('varying.mp3', ['-q:a', '6']);
  const expected = await clipOf({ path: long }, 1200);
  const { library } = azureLibrary('long', proxy.endpoint);
  proxy.bytes = 0;
  await using part = await library.seekable('varying.mp3');
  expect(part.hasConstantRate).toBe(false);
  const got = await clipOf(part, 1200);
  expect(likeness(got, expected)).toBeGreaterThan(0.99);
  const { size } = await stat(long);
  expect(proxy.bytes).toBeLessThan((size * 1210) / 7200 + 5 * MB);
});

test('serves ranges on this machine only, under a secret path, while it is open', async () => {
  const { library } = azureLibrary('long', proxy.endpoint);
  await azurite.service.getContainerClient('long').getBlockBlobClient('a.ogg').upload('0123456789', 10);
  const part = await library.seekable('a.ogg');
  const { origin, hostname } = new URL(part.path);
  expect(hostname).toBe('127.0.0.1');
  const ask = (range: string) => fetch(part.path, { headers: { range } });
  const answer = await ask('bytes=3-5');
  expect([answer.status, answer.headers.get('content-range'), await answer.text()]).toEqual([
    206,
    'bytes 3-5/10',
    '345',
  ]);
  expect(await (await ask('bytes=8-')).text()).toBe('89');
  expect((await ask('bytes=10-')).status).toBe(416);
  expect((await fetch(`${origin}/guessed`)).status).toBe(404);
  await part[Symbol.asyncDispose]();
  expect((await ask('bytes=0-')).status).toBe(404);
});

test('gives ffmpeg no other address', async () => {
  const away = clipOf({ path: 'http://192.0.2.1:80/00000000-0000-0000-0000-000000000000', overLoopback: true }, 0);
  await expect(away).rejects.toThrow(RangeError);
});
