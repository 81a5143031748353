/** Damaged recordings among good ones: whatever fails for one, the others are indexed. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/errors.ts';
import { LeitmotifError } from '../../src/errors.ts';
import type { Embed } from '../../src/indexing/index-track.ts';
import { ffmpeg } from '../audio/make-audio.ts';
import { type RunningWorker, runWorker } from '../embedding-worker/running-worker.ts';
import { Bench } from './helpers.ts';

describe('when every third recording is damaged in a different way', () => {
  const noise = (bytes: Buffer, from: number, to: number) => {
    const copy = Buffer.from(bytes);
    for (let i = Math.floor(copy.length * from); i < copy.length * to; i += 1) copy[i] = (i * 7919 + 13) & 255;
    return copy;
  };
  const zeros = (bytes: Buffer, from: number) => {
    const copy = Buffer.from(bytes);
    copy.fill(0, Math.floor(copy.length * from));
    return copy;
  };
  const flips = (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    for (let i = Math.floor(copy.length * 0.12); i < copy.length; i += 997) copy[i] = (copy[i] ?? 0) ^ 0x55;
    return copy;
  };
  const kinds: [name: string, encoding: string[], damage: (bytes: Buffer) => Buffer][] = [
    ['head.flac', ['-c:a', 'flac'], (bytes) => bytes.subarray(0, 8800)],
    ['noise.tta', ['-c:a', 'tta'], (bytes) => noise(bytes, 0.12, 0.85)],
    ['flips.wv', ['-c:a', 'wavpack'], flips],
    ['flips.ogg', ['-c:a', 'libvorbis'], flips],
    ['noise.m4a', ['-c:a', 'alac'], (bytes) => noise(bytes, 0.12, 0.85)],
    ['zeros.flac', ['-c:a', 'flac'], (bytes) => zeros(bytes, 0.02)],
    ['noise.wma', ['-c:a', 'wmav2'], (bytes) => noise(bytes, 0.3, 1)],
    ['none.wav', ['-c:a', 'pcm_f32le'], (bytes) => bytes.subarray(0, 30)],
  ];
  let worker: RunningWorker;
  beforeAll(async () => {
    worker = await runWorker();
  }, 60_000);
  afterAll(() => worker.close());

  test('indexes the others and completes the run', async () => {
    const bench = new Bench();
    for (const [at, [name, encoding, damage]] of kinds.entries()) {
      for (const which of ['a', 'b', 'c']) {
        const file = path.join(bench.music, `${at}${which}-${name}`);
        const hz = 200 + 40 * at + (which === 'a' ? 7 : 0);
        const source = `aevalsrc=0.4*sin(2*PI*${hz}*t)*(0.6+0.4*sin(3*t))+0.01*random(${at}):d=12:s=44100`;
        await ffmpeg('-f', 'lavfi', '-i', source, ...encoding, file);
        if (which === 'c') writeFileSync(file, damage(readFileSync(file)));
      }
    }
    const spaceId = (await worker.client.models()).models[0]?.spaceId ?? '';
    const embed: Embed = (file, options) => worker.client.embed(file, options);
    const { files, failures } = await bench.run({ embed, spaceId, concurrency: 2 });
    expect(files.listed).toBe(kinds.length * 3);
    expect(files.embedded).toBeGreaterThanOrEqual(kinds.length * 2);
    expect(files.embedded + files.failed + files.reused).toBe(files.listed);
    expect(failures.every(({ key, code }) => key.includes('c-') && code.startsWith('audio-'))).toBe(true);
    expect(failures.map(({ key }) => key)).toContain('0c-head.flac');
  }, 180_000);
});

describe('an error that may concern all recordings', () => {
  const names = Array.from({ length: 12 }, (_, i) => `${String(i).padStart(2, '0')}.mp3`);
  const isThird = (name: string) => Number(name.slice(0, 2)) % 3 === 2;
  const benchOf = () => {
    const bench = new Bench();
    // Longest first, so that they are indexed in the order of their names.
    for (const [at, name] of names.entries()) bench.put(name, `${name}${'x'.repeat(100 - at)}`);
    return bench;
  };
  const codes: ErrorCode[] = ['tool-missing', 'disk-full', 'worker-unavailable', 'unauthorized', 'catalog-busy'];

  test.each(codes)('is the fault of single recordings when it is scattered: %s', async (code) => {
    const bench = benchOf();
    const embed: Embed = async (file, options) => {
      if (isThird(path.basename(file))) throw new LeitmotifError(code, 'It is not there');
      return bench.embed(file, options);
    };
    const { files, failures } = await bench.run({ embed, concurrency: 1 });
    expect(files).toMatchObject({ embedded: 8, failed: 4 });
    expect(failures.map(({ key }) => key).sort()).toEqual(names.filter(isThird));
    // Not a fault of the file, so it is retried without a request.
    expect(bench.catalog.tracks.failures().every(({ retryAtMs }) => retryAtMs !== null)).toBe(true);
  });

  test.each([1, 3])(
    'is found with %i recordings at once too, and when it is a programming error',
    async (concurrency) => {
      const bench = benchOf();
      const embed: Embed = async (file, options) => {
        if (path.basename(file) === names[5]) throw new RangeError('Offset is outside the bounds of the DataView');
        return bench.embed(file, options);
      };
      const { files, failures } = await bench.run({ embed, concurrency });
      expect(files).toMatchObject({ embedded: 11, failed: 1 });
      expect(failures).toMatchObject([{ key: names[5], code: 'internal' }]);
    },
  );

  test('is the fault of the recording when that is the last of the run', async () => {
    const bench = benchOf();
    const embed: Embed = async (file, options) => {
      if (path.basename(file) === names.at(-1)) throw new LeitmotifError('tool-missing', 'It is not there');
      return bench.embed(file, options);
    };
    expect((await bench.run({ embed, concurrency: 1 })).files).toMatchObject({ embedded: 11, failed: 1 });
  });

  test('stops the run when several in a row meet it, and marks none as failed', async () => {
    const bench = benchOf();
    const embed: Embed = async (file, options) => {
      if (Number(path.basename(file).slice(0, 2)) >= 6) throw new LeitmotifError('disk-full', 'The disk is full');
      return bench.embed(file, options);
    };
    await expect(bench.run({ embed, concurrency: 1 })).rejects.toMatchObject({
      code: 'disk-full',
      message: expect.stringMatching(/after 6 of 12 tracks/),
    });
    expect(bench.catalog.counts().tracks).toEqual({ indexed: 6, failed: 0, removed: 0 });
    expect((await bench.run()).files).toMatchObject({ unchanged: 6, embedded: 6 });
  });

  test('is rethrown unchanged when it is a programming error', async () => {
    const bench = benchOf();
    const embed: Embed = async () => {
      throw new RangeError('Cannot do it');
    };
    await expect(bench.run({ embed, concurrency: 1 })).rejects.toBeInstanceOf(RangeError);
  });
});
