import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StereoMix } from '../../src/audio/stereo-mix.ts';
import { writePiece } from '../support/pieces.ts';
import { type Decoded, decodeAll } from './decode-all.ts';
import { errorRate } from './error-rate.ts';
import { ffmpeg, makeTempDir, type TempDir, writeFloatWav } from './make-audio.ts';

let dir: TempDir;
let plain: Decoded;
const file = (name: string) => path.join(dir.path, name);

beforeAll(async () => {
  dir = await makeTempDir();
  writePiece(file('piece.wav'), 3, 32);
  await ffmpeg('-i', file('piece.wav'), '-af', 'aresample=44100,pan=stereo|c0=c0|c1=c0', file('plain.wav'));
  plain = await decodeAll(file('plain.wav'));
});
afterAll(() => dir[Symbol.asyncDispose]());

function rms(samples: Float32Array, fromSec = 0, toSec = samples.length / 16_000): number {
  const part = samples.subarray(Math.round(fromSec * 16_000), Math.round(toSec * 16_000));
  return Math.sqrt(part.reduce((sum, sample) => sum + sample * sample, 0) / part.length);
}

describe('uses the difference of channels that cancel each other out', () => {
  test.each([
    ['exactly', '-1*c0', []],
    ['to a hundredth', '-0.99*c0', []],
    [
      'after lossy coding, with separate channels',
      '-1*c0',
      ['-c:a', 'libmp3lame', '-joint_stereo', '0', '-b:a', '128k'],
    ],
    ['in 24 bit, 60 dB down', '-1*c0', ['-c:a', 'pcm_s24le', '-af', 'volume=-60dB']],
  ])('when they cancel out %s', async (name, right, encoding) => {
    const lossy = encoding.includes('libmp3lame');
    const cancelled = file(`${name.replaceAll(/\W+/g, '-')}.${lossy ? 'mp3' : 'wav'}`);
    const stereo = file('cancelled.wav');
    await ffmpeg('-i', file('plain.wav'), '-af', `pan=stereo|c0=c0|c1=${right}`, '-c:a', 'pcm_f32le', stereo);
    await ffmpeg('-i', stereo, ...encoding, cancelled);
    const { samples, fingerprint } = await decodeAll(cancelled);
    const wantedDb = name.includes('60 dB') ? -60 : 0;
    expect(20 * Math.log10(rms(samples) / rms(plain.samples))).toBeCloseTo(wantedDb, 0);
    expect(fingerprint.items.length).toBeGreaterThan(200);
    expect(errorRate(fingerprint, plain.fingerprint)).toBeLessThan(0.05);
  });

  test('for the affected stretch only, with one fingerprint for the whole recording', async () => {
    const turned = file('turned.wav');
    const right = 'val(1)*if(between(t\\,10\\,20)\\,-1\\,1)';
    await ffmpeg('-i', file('plain.wav'), '-af', `aeval=val(0)|${right}:c=same`, turned);
    const { samples, fingerprint } = await decodeAll(turned);
    for (const [fromSec, toSec] of [
      [2, 9],
      [10.2, 19.8],
      [21, 30],
    ] as const) {
      const ratio = rms(samples, fromSec, toSec) / rms(plain.samples, fromSec, toSec);
      expect(20 * Math.log10(ratio)).toBeCloseTo(0, 1);
    }
    expect(errorRate(fingerprint, plain.fingerprint)).toBeLessThan(0.05);
    expect(largestStep(samples)).toBeLessThan(1.2 * largestStep(plain.samples));
  });

  test('in a recording with six channels', async () => {
    const surround = file('surround.flac');
    await ffmpeg(
      '-i',
      file('plain.wav'),
      '-af',
      'pan=5.1|FL=c0|FR=-1*c0|FC=0*c0|LFE=0*c0|BL=0.3*c0|BR=-0.3*c0',
      surround,
    );
    const { samples, fingerprint } = await decodeAll(surround);
    expect(rms(samples)).toBeGreaterThan(0.9 * rms(plain.samples));
    expect(errorRate(fingerprint, plain.fingerprint)).toBeLessThan(0.05);
  });
});

describe('mixes the sum of both channels', () => {
  test.each([
    ['one channel', 'aformat=channel_layouts=mono'],
    ['a silent channel', 'pan=stereo|c0=c0|c1=0*c0'],
    ['different channels', 'pan=stereo|c0=c0|c1=c0,aphaser=decay=0.7,haas'],
  ])('for %s', async (name, filter) => {
    const made = file(`${name}.wav`);
    await ffmpeg('-i', file('plain.wav'), '-af', filter, made);
    const raw = file('raw.f32');
    await ffmpeg(
      '-i',
      made,
      '-af',
      'aresample=16000:ochl=mono:osf=flt:filter_size=16:kaiser_beta=5',
      '-f',
      'f32le',
      raw,
    );
    const { samples } = await decodeAll(made);
    const { samples: expected } = await decodeAll(await asWav(raw));
    expect(samples.length).toBe(expected.length);
    const apart = samples.reduce((most, sample, i) => Math.max(most, Math.abs(sample - (expected[i] ?? 0))), 0);
    expect(apart).toBeLessThan(1e-6);
  });
});

describe('samples outside the range of a model', () => {
  test.each([
    ['NaN', (i: number, sample: number) => (i % 20_000 === 0 ? Number.NaN : sample)],
    ['40 dB over full scale', (_: number, sample: number) => 100 * sample],
  ])('computes embedding and fingerprint from the same cleaned sound: %s', async (name, change) => {
    const changed = Float32Array.from(plain.samples, (sample, i) => change(i, sample));
    const { fingerprint } = await decodeAll(await writeFloatWav(file(`${name}.wav`), changed, 16_000));
    expect(errorRate(fingerprint, plain.fingerprint)).toBeLessThan(0.1);
  });
});

test('gives the same samples however the input is split', () => {
  const stereo = Float32Array.from({ length: 2 * 16_000 }, (_, i) => Math.sin(i) * (i % 4 === 1 ? -1 : 1));
  const read = (partLength: number) => {
    const mix = new StereoMix(16_000);
    const parts: number[] = [];
    for (let at = 0; at < stereo.length; at += partLength)
      parts.push(...mix.read(stereo.subarray(at, at + partLength)));
    return [...parts, ...mix.end()];
  };
  const whole = read(stereo.length);
  expect(whole).toHaveLength(16_000);
  for (const partLength of [1, 7, 3200, 4999]) expect(read(partLength)).toEqual(whole);
});

function largestStep(samples: Float32Array): number {
  let largest = 0;
  for (let i = 1; i < samples.length; i++) {
    largest = Math.max(largest, Math.abs((samples[i] ?? 0) - (samples[i - 1] ?? 0)));
  }
  return largest;
}

async function asWav(raw: string): Promise<string> {
  const wav = `${raw}.wav`;
  await ffmpeg('-f', 'f32le', '-ar', '16000', '-ac', '1', '-i', raw, '-c:a', 'pcm_f32le', wav);
  return wav;
}
