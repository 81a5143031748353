import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openModel } from '../../embedding-worker/engines/opened-model.ts';
import { kindByHead, type MusicHead, readMusicHead, scoresOf } from '../../embedding-worker/music-head.ts';
import { classifyWindow } from '../../src/audio/gate/gate.ts';
import { encodeArray } from '../../src/embedding/packed-arrays.ts';
import { type Model, readModel } from '../../src/models/manifest.ts';
import { makeApplause } from '../support/applause.ts';
import { builtinModels } from './running-worker.ts';

/** Two inputs, passed on: the odds against music are what the second value has over the first. */
const head: MusicHead = {
  kinds: ['music', 'applause', 'noise'],
  rejectAbove: 2,
  confirmAbove: 0.5,
  hidden: Float32Array.of(1, 0, 0, 1),
  hiddenBias: Float32Array.of(0, 0),
  out: Float32Array.of(1, 0, 0, 1, 0, 0),
  outBias: Float32Array.of(0, 0, -20),
};
const loud = { loudDb: -20 } as const;

describe('by the odds of the head', () => {
  test('rejects a window above the first limit, though the gate took it for music', () => {
    expect(kindByHead({ kind: 'music', ...loud }, Float32Array.of(0, 1.9), head)).toBe('music');
    expect(kindByHead({ kind: 'music', ...loud }, Float32Array.of(0, 2.1), head)).toBe('applause');
  });

  test('calls it noise when that is likelier than applause', () => {
    const noisy = { ...head, outBias: Float32Array.of(0, -20, 0), out: Float32Array.of(1, 0, 0, 0, 0, 1) };
    expect(kindByHead({ kind: 'music', ...loud }, Float32Array.of(0, 3), noisy)).toBe('noise');
  });

  test('confirms what the gate rejected above the second limit, and returns the rest to music', () => {
    for (const kind of ['applause', 'noise'] as const) {
      expect(kindByHead({ kind, ...loud }, Float32Array.of(0, 0.6), head)).toBe(kind);
      expect(kindByHead({ kind, ...loud }, Float32Array.of(0, 0.4), head)).toBe('music');
    }
  });

  test('leaves silence and quiet windows to the gate', () => {
    expect(kindByHead({ kind: 'silence', ...loud }, Float32Array.of(9, 0), head)).toBe('silence');
    expect(kindByHead({ kind: 'music', loudDb: -56 }, Float32Array.of(0, 9), head)).toBe('music');
  });

  test('gives probabilities', () => {
    const value = fc.float({ min: -50, max: 50, noNaN: true });
    fc.assert(
      fc.property(value, value, (a, b) => {
        const sum = scoresOf(head, Float32Array.of(a, b)).reduce((all, score) => all + Math.exp(score), 0);
        expect(sum).toBeCloseTo(1, 9);
      }),
    );
  });
});

describe('the head of the built-in model', () => {
  let builtin: Model;
  beforeAll(async () => {
    builtin = await readModel(path.join(builtinModels, 'builtin/model.json'));
  });

  test('belongs to the network that it was trained on', async () => {
    const { trainedOn } = JSON.parse(await readFile(path.join(builtin.folder, 'music-head.json'), 'utf8'));
    expect(trainedOn).toBe(builtin.manifest.network.sha256);
  });

  test('keeps out a motor that the gate takes for music, and lets a melody through', async () => {
    const network = await openModel(builtin, builtin.manifest.network, 'cpu');
    const musicHead = await readMusicHead(builtin);
    if (!musicHead) throw new Error('Cannot judge: expected the built-in model to have a head');
    const judged = async (samples: Float32Array) => {
      const [vector] = await network.run([samples]);
      const bySound = classifyWindow(samples, 16_000);
      return { bySound: bySound.kind, byBoth: kindByHead(bySound, vector ?? new Float32Array(), musicHead) };
    };
    expect(await judged(makeApplause(16_000, 10))).toEqual({ bySound: 'applause', byBoth: 'applause' });
    expect(await judged(melody())).toEqual({ bySound: 'music', byBoth: 'music' });
    expect(await judged(motor())).toEqual({ bySound: 'music', byBoth: 'noise' });
    await network.close();
  });
});

describe('a head that does not fit its model', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'leitmotif-head-'));
    await cp(path.join(builtinModels, 'builtin'), folder, { recursive: true });
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function modelWith(text: string): Promise<Model> {
    await writeFile(path.join(folder, 'music-head.json'), text);
    const { folder: _, manifest } = await readModel(path.join(folder, 'model.json'));
    const musicHead = { file: 'music-head.json', sha256: sumOf(text), bytes: text.length };
    return { folder, manifest: { ...manifest, musicHead } };
  }

  test('is refused when it was changed', async () => {
    const { manifest } = await modelWith('{}');
    await writeFile(path.join(folder, 'music-head.json'), '{ }');
    await expect(readMusicHead({ folder, manifest })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(/music-head\.json of .*model\.json: expected sha256/),
    });
  });

  test('is refused when its layers have other sizes', async () => {
    const packed = (count: number) => encodeArray(new Float32Array(count));
    const form = {
      kinds: ['music', 'noise'],
      rejectAbove: 2,
      confirmAbove: 1,
      hiddenBias: packed(3),
      outBias: packed(2),
    };
    const other = JSON.stringify({ ...form, hidden: packed(30), out: packed(6) });
    await expect(readMusicHead(await modelWith(other))).rejects.toThrow(/expected weights for 384 values, got 10/);
    const broken = JSON.stringify({ ...form, hidden: packed(30), out: packed(5) });
    await expect(readMusicHead(await modelWith(broken))).rejects.toThrow(/sizes of the layers/);
  });

  test('is not read for a model that names none', async () => {
    const { manifest } = await readModel(path.join(folder, 'model.json'));
    expect(await readMusicHead({ folder, manifest: { ...manifest, musicHead: undefined } as never })).toBeNull();
  });
});

function sumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Notes with partials, four a second. */
function melody(): Float32Array {
  const steps = [0, 4, 7, 12, 7, 4, 2, 5, 9, 5];
  return Float32Array.from({ length: 160_000 }, (_, i) => {
    const sec = i / 16_000;
    const hz = 220 * 2 ** ((steps[Math.floor(sec * 4) % steps.length] as number) / 12);
    let sum = 0;
    for (let partial = 1; partial <= 8; partial += 1) sum += Math.sin(2 * Math.PI * hz * partial * sec) / partial;
    return 0.1 * sum * Math.exp(-4 * (sec % 0.25));
  });
}

/** A saw at 110 Hz whose strength trembles. */
function motor(): Float32Array {
  return Float32Array.from({ length: 160_000 }, (_, i) => {
    const sec = i / 16_000;
    return 0.2 * (((sec * 110) % 1) - 0.5) * (0.6 + 0.4 * Math.sin(2 * Math.PI * 7 * sec));
  });
}
