import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClipSource, type ClipTags, cutExcerpt, cutMatch } from '../../src/audio/clip.ts';
import { classifyWindow } from '../../src/audio/gate/gate.ts';
import { decodeAll } from './decode-all.ts';
import { limits, makeSound, makeTempDir, never, type TempDir } from './make-audio.ts';
import { probeAudio } from './probe-audio.ts';

let dir: TempDir;
let loud: ClipSource;
let soft: ClipSource;
beforeAll(async () => {
  dir = await makeTempDir();
  loud = await source('loud.flac', 440, 0.8);
  soft = await source(`it's "soft"\n🎻.ogg`, 660, 0.01);
});
afterAll(() => dir[Symbol.asyncDispose]());

const options = { limits, signal: never };
const tags: ClipTags = { title: 'Two words', artist: 'Zoë = "Z"', comment: 'yours 0:02 - theirs\n0:03' };

async function source(name: string, hertz: number, amplitude: number): Promise<ClipSource> {
  const path = await makeSound(dir.file(name), `aevalsrc=${amplitude}*sin(2*PI*${hertz}*t):d=12:s=44100`);
  const { samples } = await decodeAll(path, { fromSec: 2, toSec: 7 });
  return { path, startSec: 2, durationSec: 5, loudnessDb: classifyWindow(samples, 16_000).loudnessDb };
}

function outputs(name: string) {
  const output = (part: string) => ({ path: dir.file(`${name} ${part}.mp3`), tags });
  return { yours: output('yours'), theirs: output('theirs'), ab: output('ab') };
}

describe('the clips of a match', () => {
  const made = () => outputs('match');
  beforeAll(() => cutMatch({ yours: loud, theirs: soft, outputs: made() }, options));

  test('are tagged mp3 files as long as their windows', async () => {
    for (const { path } of Object.values(made())) {
      const probed = await probeAudio(path, options);
      expect(probed).toMatchObject({ codec: 'mp3', container: 'mp3', channels: 2, sampleRateHz: 44_100 });
      expect(probed.tags).toEqual({ title: tags.title, artist: tags.artist, album: null });
      expect((await readFile(path)).includes('yours 0:02')).toBe(true);
    }
    expect((await decodeAll(made().yours.path)).decodedSec).toBeCloseTo(5, 1);
    expect((await decodeAll(made().theirs.path)).decodedSec).toBeCloseTo(5, 1);
  });

  test('have equal loudness, also when the sources differ by 38 dB', async () => {
    expect(loud.loudnessDb - soft.loudnessDb).toBeCloseTo(38, 0);
    const levels = await Promise.all(
      [made().yours, made().theirs].map(async ({ path }) => {
        const { samples } = await decodeAll(path, { fromSec: 1, toSec: 4 });
        return classifyWindow(samples, 16_000).loudnessDb;
      }),
    );
    expect(Math.abs((levels[0] as number) - (levels[1] as number))).toBeLessThan(1);
  });

  test('are joined in the A/B clip with half a second of silence between them', async () => {
    const { samples, decodedSec } = await decodeAll(made().ab.path);
    expect(decodedSec).toBeCloseTo(10.5, 1);
    const kindAt = (sec: number, lengthSec: number) =>
      classifyWindow(samples.subarray(sec * 16_000, (sec + lengthSec) * 16_000), 16_000).kind;
    expect(kindAt(0.2, 4.5)).toBe('music');
    expect(kindAt(5.1, 0.3)).toBe('silence');
    expect(kindAt(5.7, 4.5)).toBe('music');
  });

  test('start and end without a click', async () => {
    const { samples } = await decodeAll(made().yours.path);
    const largest = (part: Float32Array) => part.reduce((max, sample) => Math.max(max, Math.abs(sample)), 0);
    expect(largest(samples.subarray(0, 60))).toBeLessThan(0.02);
    expect(largest(samples.subarray(-60))).toBeLessThan(0.02);
    expect(largest(samples)).toBeGreaterThan(0.1);
  });

  test('leave no other file behind', async () => {
    expect((await readdir(dir.path)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});

test('keeps peaks below full scale at any gain', async () => {
  const bursts = 'aevalsrc=if(lt(mod(t\\,0.5)\\,0.05)\\,0.9\\,0.005)*sin(2*PI*440*t):d=6:s=44100';
  const path = await makeSound(dir.file('bursts.flac'), bursts);
  const part = { path, startSec: 0, durationSec: 5, loudnessDb: -44 };
  const made = outputs('bursts');
  await cutMatch({ yours: part, theirs: part, outputs: made }, options);
  const { samples } = await decodeAll(made.yours.path, { sampleRateHz: 44_100 });
  // 24 dB more would be 14 times full scale. The limiter holds 0.95 in each channel; mp3 may overshoot a little.
  const mixed = Math.SQRT2 * 0.95;
  expect(samples.reduce((max, sample) => Math.max(max, Math.abs(sample)), 0)).toBeLessThan(1.1 * mixed);
});

test('cuts an excerpt at the requested position', async () => {
  const path = dir.file('excerpt.mp3');
  await cutExcerpt({ path: loud.path, startSec: 3, durationSec: 2 }, { path, tags }, { ...options, bitrateKbps: 96 });
  expect((await decodeAll(path)).decodedSec).toBeCloseTo(2, 1);
});

describe('leaves no clip files behind', () => {
  test('when the source is not audio', async () => {
    const path = dir.file('text.mp3');
    await writeFile(path, 'Not a note in it.\n'.repeat(500));
    const made = outputs('broken');
    const cut = cutMatch({ yours: loud, theirs: { ...loud, path }, outputs: made }, options);
    await expect(cut).rejects.toMatchObject({ code: 'audio-unreadable' });
    await expectNone('broken');
  });

  test('when the request is cancelled', async () => {
    const cut = cutMatch(
      { yours: loud, theirs: soft, outputs: outputs('late') },
      { limits, signal: AbortSignal.abort() },
    );
    await expect(cut).rejects.toMatchObject({ code: 'cancelled' });
    await expectNone('late');
  });

  async function expectNone(name: string) {
    expect((await readdir(dir.path)).filter((file) => file.startsWith(name))).toEqual([]);
    await access(loud.path);
  }
});

test.each([
  [-1, 5],
  [0, 0],
  [Number.NaN, 5],
])('throws a RangeError for the invalid times %f, %f', async (startSec, durationSec) => {
  const bad = { ...loud, startSec, durationSec };
  await expect(cutMatch({ yours: bad, theirs: soft, outputs: outputs('bad') }, options)).rejects.toThrow(RangeError);
});
