import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePcm } from '../../src/audio/decode.ts';
import { decodeAll } from './decode-all.ts';
import { ffmpeg, limits, makeSound, makeTempDir, makeTone, never, type TempDir, writeFloatWav } from './make-audio.ts';
import { probeAudio } from './probe-audio.ts';

let dir: TempDir;
beforeAll(async () => {
  dir = await makeTempDir();
});
afterAll(() => dir[Symbol.asyncDispose]());

const tagged = ['-metadata', 'title=A "Swell"', '-metadata', 'artist=Zoë', '-metadata', 'album=Tones'];

describe('decodes to mono samples at the requested rate', () => {
  const formats: [name: string, codec: string, encoding: string[]][] = [
    ['tone.mp3', 'mp3', ['-b:a', '96k']],
    ['tone.m4a', 'aac', []],
    ['tone.flac', 'flac', []],
    ['tone.wav', 'pcm_s16le', []],
    ['tone.ogg', 'vorbis', ['-c:a', 'libvorbis']],
    ['tone.opus', 'opus', ['-c:a', 'libopus']],
    ['tone.webm', 'opus', ['-c:a', 'libopus']],
    ['tone.mka', 'flac', ['-c:a', 'flac']],
    ['tone.aiff', 'pcm_s16be', ['-write_id3v2', '1']],
  ];
  test.each(formats)('%s', async (name, codec, encoding) => {
    const file = await makeTone(dir.file(name), 3, [...encoding, ...tagged]);
    const { probed, samples, decodedSec } = await decodeAll(file);
    expect(probed.codec).toBe(codec);
    expect(probed.tags).toEqual({ title: 'A "Swell"', artist: 'Zoë', album: 'Tones' });
    expect(probed.channels).toBe(1);
    expect(decodedSec).toBeCloseTo(3, 0);
    expect(Math.abs(decodedSec - 3)).toBeLessThan(0.1);
    expect(samples.length).toBe(Math.round(decodedSec * 16_000));
    expect(zeroCrossingsPerSec(samples)).toBeCloseTo(880, -1.5);
  });

  test('the sound of a video, without decoding its picture', async () => {
    const file = dir.file('video.mp4');
    const picture = ['-f', 'lavfi', '-i', 'testsrc=d=2:s=160x120:r=5'];
    await ffmpeg(...picture, '-f', 'lavfi', '-i', 'sine=440:d=2', '-c:v', 'mpeg4', '-c:a', 'aac', file);
    const { probed, decodedSec } = await decodeAll(file);
    expect(probed.codec).toBe('aac');
    expect(Math.abs(decodedSec - 2)).toBeLessThan(0.1);
  });

  test.each([
    ['8 kHz', 8000, 'mono', 1],
    ['192 kHz', 192_000, 'stereo', 2],
    ['8 channels', 48_000, '7.1', 8],
  ])('%s', async (name, rate, layout, channels) => {
    const source = `sine=440:d=2:r=${rate},aformat=channel_layouts=${layout}`;
    const { probed, samples, decodedSec } = await decodeAll(await makeSound(dir.file(`${name}.wav`), source));
    expect(probed).toMatchObject({ sampleRateHz: rate, channels });
    expect(decodedSec).toBeCloseTo(2, 2);
    expect(zeroCrossingsPerSec(samples)).toBeCloseTo(880, -1.5);
  });

  test('a file with cover art and many tags', async () => {
    const cover = dir.file('cover.png');
    await ffmpeg('-f', 'lavfi', '-i', 'testsrc=d=1:s=300x300', '-frames:v', '1', cover);
    const tone = await makeTone(dir.file('plain.mp3'), 2, tagged);
    const file = dir.file('cover.mp3');
    await ffmpeg('-i', tone, '-i', cover, '-map', '0', '-map', '1', '-c', 'copy', '-id3v2_version', '3', file);
    expect((await decodeAll(file)).probed.tags.title).toBe('A "Swell"');
  });
});

describe('probes a file', () => {
  test('without decoding it', async () => {
    const file = await makeTone(dir.file('probed.flac'), 4, tagged);
    const probed = await probeAudio(file, { signal: never, limits });
    expect(probed).toEqual({
      durationSec: 4,
      container: 'flac',
      codec: 'flac',
      channels: 1,
      sampleRateHz: 44_100,
      tags: { title: 'A "Swell"', artist: 'Zoë', album: 'Tones' },
    });
  });

  test('and returns null for missing tags', async () => {
    const file = await makeTone(dir.file('untagged.wav'), 1);
    const { tags } = await probeAudio(file, { signal: never, limits });
    expect(tags).toEqual({ title: null, artist: null, album: null });
  });

  test('and keeps a title with a newline and fake fields in one piece', async () => {
    const title = 'Real\nartist=Fake\n  Duration: 99:00:00.00, start: 0';
    const file = await makeTone(dir.file('newline.flac'), 2, ['-metadata', `title=${title}`]);
    const probed = await probeAudio(file, { signal: never, limits });
    expect(probed.tags).toEqual({ title, artist: null, album: null });
    expect(probed.durationSec).toBe(2);
  });
});

describe('decoded samples', () => {
  test('are bit-equal for equal files, and so are their fingerprints', async () => {
    const file = await makeTone(dir.file('twice.mp3'), 8);
    const [first, second] = [await decodeAll(file), await decodeAll(file)];
    expect(first.samples).toEqual(second.samples);
    expect(first.fingerprint).toEqual(second.fingerprint);
    expect(first.fingerprint.items.length).toBeGreaterThan(30);
  });

  test('are the same with and without a fingerprint', async () => {
    const file = await makeTone(dir.file('with.flac'), 5);
    expect((await decodeAll(file)).samples).toEqual((await decodeAll(file, { fingerprint: false })).samples);
  });

  test('start and end at the requested range', async () => {
    const file = await makeSound(
      dir.file('range.flac'),
      'aevalsrc=if(lt(t\\,3)\\,0\\,0.5*sin(2*PI*300*t)):d=6:s=16000',
    );
    const { samples, decodedSec } = await decodeAll(file, { fromSec: 2, toSec: 5 });
    expect(decodedSec).toBeCloseTo(3, 2);
    const firstLoud = samples.findIndex((sample) => Math.abs(sample) > 0.1);
    expect(firstLoud / 16_000).toBeCloseTo(1, 1);
  });

  test('are 0 where the file has NaN, infinity or damage', async () => {
    const wild = Float32Array.from({ length: 16_000 }, (_, i) => 0.5 * Math.sin(i / 10));
    wild.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30], 8000);
    const { samples } = await decodeAll(await writeFloatWav(dir.file('nan.wav'), wild, 16_000));
    expect(samples.every(Number.isFinite)).toBe(true);
    expect(samples.every((sample) => Math.abs(sample) <= 1)).toBe(true);
    expect([...samples.subarray(8000, 8004)]).toEqual([0, 0, 0, 0]);
    expect(samples[100]).toBeCloseTo(0.5 * Math.sin(10), 5);
  });
});

test('has one fingerprint item each 0.1238 s', async () => {
  const file = await makeSound(dir.file('long.flac'), 'anoisesrc=d=600:r=8000:a=0.2:s=7');
  const { fingerprint } = await decodeAll(file);
  // The first item needs 16 + 3 further frames; a frame is three hops long.
  const expected = 600 / fingerprint.itemSec - 19 - 2;
  expect(Math.abs(fingerprint.items.length - expected)).toBeLessThan(2);
});

test.each([
  [{ sampleRateHz: 0 }],
  [{ sampleRateHz: Number.NaN }],
  [{ fromSec: -1 }],
  [{ fromSec: 5, toSec: 5 }],
  [{ fromSec: Number.NaN }],
])('throws a RangeError for an invalid rate or range: %o', (bad) => {
  const options = { sampleRateHz: 16_000, fingerprint: true, signal: never, limits, ...bad };
  expect(() => decodePcm('any', options)).toThrow(RangeError);
});

function zeroCrossingsPerSec(samples: Float32Array): number {
  let crossings = 0;
  for (let i = 1; i < samples.length; i += 1) {
    if ((samples[i] as number) >= 0 !== (samples[i - 1] as number) >= 0) crossings += 1;
  }
  return (crossings / samples.length) * 16_000;
}
