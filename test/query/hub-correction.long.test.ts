import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Hit } from '../../src/domain.ts';
import type { Answer } from '../../src/query/answer.ts';
import { answerJson } from '../../src/query/answer-json.ts';
import { ask, makeLibrary, never, type TestLibrary } from '../support/library.ts';

describe('with hubs corrected', () => {
  let library: TestLibrary;
  const music = (name: string) => path.join(library.music, name);
  const pieces = ['piece-1.ogg', 'piece-2.ogg', 'piece-3.ogg', 'piece-4.ogg', 'piece-5.ogg', 'below/piece-6.mp3'];
  const untimed = (answer: Answer) => ({ ...answerJson(answer), timingsMs: null });
  const neighbours = 2;

  beforeAll(async () => {
    library = await makeLibrary();
  });

  afterAll(() => library[Symbol.asyncDispose]());

  test('ranks a library file first, with an unchanged verdict', async () => {
    for (const key of pieces) {
      const plain = await ask(library.app, music(key), { neighbours });
      const corrected = await ask(library.app, music(key), { neighbours, hubCorrection: true });
      expect(corrected.results[0]?.track.key).toBe(key);
      expect(corrected.verdict).toEqual(plain.verdict);
      expect(corrected.results[0]?.bestDistance).toBeCloseTo(0, 5);
    }
  });

  test('returns other neighbours with unchanged distances', async () => {
    const answers = await Promise.all(
      pieces.map(async (key) => ({
        plain: await ask(library.app, music(key), { neighbours }),
        corrected: await ask(library.app, music(key), { neighbours, hubCorrection: true }),
        all: await ask(library.app, music(key), { neighbours: 100 }),
      })),
    );
    const hits = ({ results }: Answer) => results.flatMap((result) => result.hits);
    expect(
      answers.some(({ plain, corrected }) => JSON.stringify(hits(plain)) !== JSON.stringify(hits(corrected))),
    ).toBe(true);
    const place = (hit: Hit) => `${hit.queryChunk} ${hit.trackId} ${hit.trackStartSec}`;
    for (const { corrected, all } of answers) {
      const distances = new Map(hits(all).map((hit) => [place(hit), hit.distance]));
      // Of a tail and the chunk before it one speaks, and which one may differ.
      const known = hits(corrected).filter((hit) => distances.has(place(hit)));
      expect(known.length).toBeGreaterThan(hits(corrected).length / 2);
      for (const hit of known) expect(hit.distance).toBe(distances.get(place(hit)));
    }
  });

  test('returns the same bytes for the same query on the same generation', async () => {
    const once = async () => untimed(await ask(library.app, music('piece-4.ogg'), { neighbours, hubCorrection: true }));
    expect(JSON.stringify(await once())).toBe(JSON.stringify(await once()));
  });

  test('does not correct hubs in the fusion of the original system', async () => {
    const votes = { neighbours, fusion: 'votes' } as const;
    const plain = await ask(library.app, music('piece-1.ogg'), votes);
    expect(untimed(await ask(library.app, music('piece-1.ogg'), { ...votes, hubCorrection: true }))).toEqual(
      untimed(plain),
    );
  });

  test('answers uncorrected from a generation without hub data until the next is written', async () => {
    rmSync(path.join(library.indexDir, 'generations'), { recursive: true });
    const old = await library.open({ HUB_CORRECTION: 'false' });
    const before = await ask(old, music('piece-2.ogg'), { neighbours });
    const now = await library.open();
    const after = await ask(now, music('piece-2.ogg'), { neighbours, hubCorrection: true });
    expect(untimed(after)).toEqual(untimed(before));
    expect(await old.generations.rebuild(never)).toEqual({ kind: 'unchanged' });
    expect(await now.generations.rebuild(never)).toMatchObject({ kind: 'written' });
    expect(await now.generations.rebuild(never)).toEqual({ kind: 'unchanged' });
    // The new generation is opened in the background, while the old one answers.
    const next = () => ask(now, music('piece-2.ogg'), { neighbours, hubCorrection: true });
    await expect.poll(async () => (await next()).generation, { timeout: 100_000 }).not.toBe(before.generation);
    expect((await next()).results[0]?.track.key).toBe('piece-2.ogg');
    // One that knows them is as good for whoever does not want them.
    expect(await old.generations.rebuild(never)).toEqual({ kind: 'unchanged' });
  });
});
