/** Unusual recordings: a rate that changes within the file, several streams, floats of any size. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cutClips } from '../../src/audio/clip.ts';
import { runWorker } from '../embedding-worker/running-worker.ts';
import { decodeAll } from './decode-all.ts';
import { ffmpeg, limits, makeSound, makeTempDir, never, type TempDir, writeFloatWav } from './make-audio.ts';

let dir: TempDir;
beforeAll(async () => {
  dir = await makeTempDir();
});
afterAll(() => dir[Symbol.asyncDispose]());

/** @param parts each a rate in Hz, a number of channels and seconds; the tone has 300 Hz in the first part, and 100 Hz more in each later one */
async function joined(
  name: string,
  encoding: readonly string[],
  parts: readonly (readonly number[])[],
): Promise<string> {
  const bytes: Buffer[] = [];
  for (const [i, [rate = 0, channels = 0, sec = 0]] of parts.entries()) {
    const source = `sine=${300 + 100 * i}:d=${sec}:r=${rate}`;
    const part = dir.file(`part-${i}-${name}`);
    bytes.push(readFileSync(await makeSound(part, source, ['-ac', String(channels), ...encoding])));
  }
  writeFileSync(dir.file(name), Buffer.concat(bytes));
  return dir.file(name);
}

describe('loses no sound where rate or channels change within a file, and keeps offsets right to 0.2 s', () => {
  const bare = ['-write_xing', '0', '-id3v2_version', '0'];
  const [cd, dat, fm] = [44_100, 48_000, 32_000];
  const files: [name: string, encoding: string[], parts: number[][]][] = [
    [
      'two-rates.mp3',
      bare,
      [
        [cd, 2, 8],
        [dat, 1, 8],
      ],
    ],
    [
      'six-parts.mp3',
      bare,
      [
        [cd, 2, 4],
        [fm, 2, 4],
        [cd, 1, 4],
        [fm, 1, 4],
        [dat, 2, 4],
        [cd, 2, 4],
      ],
    ],
    [
      'channels.aac',
      ['-f', 'adts'],
      [
        [cd, 2, 5],
        [cd, 1, 5],
        [cd, 2, 5],
      ],
    ],
    [
      'rates.aac',
      ['-f', 'adts'],
      [
        [cd, 2, 5],
        [22_050, 1, 5],
        [dat, 2, 5],
      ],
    ],
    [
      'chained.ogg',
      ['-c:a', 'libvorbis'],
      [
        [cd, 2, 7],
        [dat, 1, 7],
      ],
    ],
    [
      'chained.opus',
      ['-c:a', 'libopus'],
      [
        [dat, 2, 7],
        [dat, 1, 7],
      ],
    ],
  ];
  test.each(files)('%s', async (name, encoding, parts) => {
    const { decodedSec, samples } = await decodeAll(await joined(name, encoding, parts));
    // Encoders pad each part by up to two frames.
    const padSec = 0.06 * parts.length;
    const wholeSec = parts.reduce((sum, [, , sec = 0]) => sum + sec, 0);
    expect(decodedSec).toBeGreaterThan(wholeSec - 0.2);
    expect(decodedSec).toBeLessThan(wholeSec + 0.2 + padSec);
    let startSec = 0;
    for (const [i, [, , sec = 0]] of parts.entries()) {
      const [from, to] = [startSec + 0.2 + 0.06 * i, startSec + sec - 0.2];
      expect(Math.abs(frequencyOf(samples, from, to) - (300 + 100 * i))).toBeLessThan(10);
      startSec += sec;
    }
  });
});

describe('of several audio streams', () => {
  async function twoStreams(name: string, dispositions: readonly string[], first = ['-c:a', 'flac']): Promise<string> {
    const sines = [400, 700].flatMap((hz) => ['-f', 'lavfi', '-i', `sine=${hz}:d=12:r=44100`]);
    const marks = dispositions.flatMap((disposition, i) => [`-disposition:a:${i}`, disposition]);
    await ffmpeg(...sines, '-map', '0:a', '-map', '1:a', ...first, ...marks, dir.file(name));
    return dir.file(name);
  }
  const default2 = ['0', 'default'];

  test.each([
    ['second.mka', default2, 700, 1],
    ['first.mka', ['default', '0'], 400, 0],
    ['both.mka', ['default', 'default'], 400, 0],
    ['second.mkv', default2, 700, 1],
    ['second.m4a', default2, 700, 1, ['-c:a', 'aac']],
  ] as const)('%s: uses the default one', async (name, dispositions, hz, stream, encoding?: readonly string[]) => {
    const { samples, probed } = await decodeAll(await twoStreams(name, dispositions, encoding && [...encoding]));
    expect(frequencyOf(samples, 1, 11)).toBeCloseTo(hz, -1);
    expect(probed.audioStream).toEqual({ number: stream + 1, of: 2 });
  });

  test('uses the default one also when the first cannot be decoded', async () => {
    const file = await twoStreams('refused-first.mka', default2, [
      '-c:a:0',
      'sonic',
      '-strict',
      '-2',
      '-c:a:1',
      'flac',
    ]);
    const { samples } = await decodeAll(file);
    expect(frequencyOf(samples, 1, 11)).toBeCloseTo(700, -1);
  });

  test('cuts a clip from the default one', async () => {
    const path = await twoStreams('clip.mka', default2);
    const output = { path: dir.file('clip.mp3'), tags: { title: 't', artist: null, comment: 'c' } };
    await cutClips([{ source: { path, startSec: 2, durationSec: 5, loudnessDb: -20 }, output }], {
      limits,
      signal: never,
    });
    expect(frequencyOf((await decodeAll(output.path)).samples, 1, 4)).toBeCloseTo(700, -1);
  });

  test("names the stream used in the worker's answer and in a refusal", async () => {
    const worker = await runWorker();
    try {
      const heard = await worker.client.embed(await twoStreams('second.mka', default2), { signal: never });
      expect(heard.audioStream).toEqual({ number: 2, of: 2 });
      const one = await worker.client.embed(await makeSound(dir.file('one.mka'), 'sine=d=6'), { signal: never });
      expect(one.audioStream).toBeUndefined();
    } finally {
      await worker.close();
    }
    const refused = await twoStreams('refused.mka', ['default', '0'], ['-c:a', 'sonic', '-strict', '-2']);
    await expect(decodeAll(refused)).rejects.toMatchObject({
      code: 'audio-refused',
      message: expect.stringMatching(/container matroska,webm, codec sonic.*audio stream 1 of 2/),
    });
  });
});

describe('float samples of any size', () => {
  const music = (gain: number) =>
    Float32Array.from({ length: 20 * 16_000 }, (_, i) => {
      const sec = i / 16_000;
      const note = 220 * 2 ** (((Math.floor(sec * 2) * 5) % 12) / 12);
      return gain * 0.4 * (Math.sin(2 * Math.PI * note * sec) + 0.5 * Math.sin(4 * Math.PI * note * sec));
    });
  const write = (name: string, samples: Float32Array) => writeFloatWav(dir.file(name), samples, 16_000);

  test.each([10, 100, 800])('at %i times full scale give the same fingerprint and embedding', async (gain) => {
    const [plain, loud] = [
      await decodeAll(await write('plain.wav', music(1))),
      await decodeAll(await write('loud.wav', music(gain))),
    ];
    expect(bitErrorRate(plain.fingerprint.items, loud.fingerprint.items)).toBeLessThan(0.05);
    expect(loud.samples.every((sample) => Math.abs(sample) < 1.42)).toBe(true);
    expect(cosine(plain.samples.subarray(32_000), loud.samples.subarray(32_000))).toBeGreaterThan(0.99);
  });

  test('with NaN and damage between them give the same fingerprint and embedding', async () => {
    const wild = music(1);
    for (let i = 777; i < wild.length; i += 5000)
      wild[i] = [Number.NaN, Number.POSITIVE_INFINITY, 1e30][i % 3] as number;
    const [plain, odd] = [
      await decodeAll(await write('plain.wav', music(1))),
      await decodeAll(await write('nan.wav', wild)),
    ];
    expect(odd.samples.every(Number.isFinite)).toBe(true);
    expect(bitErrorRate(plain.fingerprint.items, odd.fingerprint.items)).toBeLessThan(0.05);
    expect(cosine(plain.samples, odd.samples)).toBeGreaterThan(0.99);
  });

  test('within full scale are unchanged', async () => {
    const samples = music(1);
    const decoded = (await decodeAll(await write('plain.wav', samples))).samples;
    expect(decoded.length).toBe(samples.length);
    // Mixing to two channels and back multiplies twice.
    expect(samples.every((sample, i) => Math.abs(sample - (decoded[i] ?? 0)) < 1e-6)).toBe(true);
  });
});

function frequencyOf(samples: Float32Array, fromSec: number, toSec: number): number {
  const part = samples.subarray(fromSec * 16_000, toSec * 16_000);
  let crossings = 0;
  for (let i = 1; i < part.length; i += 1) if ((part[i - 1] as number) < 0 && (part[i] as number) >= 0) crossings += 1;
  return crossings / (part.length / 16_000);
}

function bitErrorRate(a: Uint32Array, b: Uint32Array): number {
  const length = Math.min(a.length, b.length);
  let bits = 0;
  for (let i = 0; i < length; i += 1) {
    for (let x = ((a[i] as number) ^ (b[i] as number)) >>> 0; x !== 0; x &= x - 1) bits += 1;
  }
  return bits / (length * 32);
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    const [x, y] = [a[i] as number, b[i] as number];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}
