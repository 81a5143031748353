import { cpSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { renderAnswer } from '../../src/cli/render-answer.ts';
import type { FusionName } from '../../src/domain.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import type { Answer, Result } from '../../src/query/answer.ts';
import { ask, makeLibrary, never, type TestLibrary } from '../support/library.ts';
import { ffmpeg } from '../support/pieces.ts';

/** Matches compare a result with the whole library, copies included. */
function withoutNamesAndMatches({ alsoAs: _, match: __, matchOfParts: ___, hits, ...result }: Result) {
  return { ...result, hits: hits.map(({ match: ____, ...hit }) => hit) };
}

const fusions: readonly FusionName[] = ['parts', 'votes'];

describe.each([
  { equalBytes: 3, codedAnew: 3 },
  { equalBytes: 17, codedAnew: 12 },
])(
  'a library with $equalBytes equal files and $codedAnew other encodings of one piece',
  ({ equalBytes, codedAnew }) => {
    let library: TestLibrary;
    const before = new Map<string, Answer>();
    const music = (name: string) => path.join(library.music, name);
    const copies: string[] = [];
    const question = (fusion: FusionName, hubCorrection = false) =>
      ask(library.app, music('piece-3.ogg'), { fusion, hubCorrection, resultsMax: 3 });

    beforeAll(async () => {
      library = await makeLibrary();
      for (const fusion of fusions) before.set(fusion, await question(fusion));
      for (let i = 1; i <= equalBytes; i++) copies.push(`bytes-${i}.ogg`);
      for (const name of copies) cpSync(music('piece-3.ogg'), music(name));
      for (let i = 1; i <= codedAnew; i++) {
        const name = `coded-${i}.mp3`;
        ffmpeg('-i', music('piece-3.ogg'), '-af', `volume=-${i / 4}dB`, '-b:a', `${64 + 8 * i}k`, music(name));
        copies.push(name);
      }
      await library.app.indexing.index({ library: new FolderLibrary(library.music), signal: never });
    });

    afterAll(() => library[Symbol.asyncDispose]());

    test.each(fusions)('gives the same %s results as without the duplicates', async (fusion) => {
      const answer = await question(fusion);
      const there = before.get(fusion)?.results ?? [];
      expect(answer.results.map(withoutNamesAndMatches)).toEqual(there.map(withoutNamesAndMatches));
      expect(answer.verdict).toEqual(before.get(fusion)?.verdict);
    });

    test('lists all names of the recording', async () => {
      const answer = await question('parts');
      const [first] = answer.results;
      expect(first?.track.key).toBe('piece-3.ogg');
      expect(first?.alsoAs?.map(({ key }) => key).sort()).toEqual([...copies].sort());
      const line =
        renderAnswer(answer)
          .split('\n')
          .find((text) => text.startsWith('     also as')) ?? '';
      expect(line.split(', ')).toHaveLength(copies.length);
    });

    test('lists all other pieces with distinct scores', async () => {
      const { results } = await ask(library.app, music('piece-3.ogg'));
      expect(results.map(({ track }) => track.key).sort()).toEqual(
        ['below/piece-6.mp3', ...[1, 2, 3, 4, 5].map((n) => `piece-${n}.ogg`)].sort(),
      );
      const scores = results.map(({ score }) => score);
      expect(new Set(scores).size).toBe(scores.length);
      expect(scores[1]).toBeGreaterThan(0.005);
    });

    test('excludes the query track and its duplicates, and finds the other pieces', async () => {
      const excludedTracks = new Set([library.app.catalog.tracks.byKey('piece-3.ogg')?.id ?? 0]);
      const { results } = await ask(library.app, music('piece-3.ogg'), { excludedTracks });
      const keys = results.map(({ track }) => track.key);
      expect(keys.filter((key) => key === 'piece-3.ogg' || copies.includes(key))).toEqual([]);
      expect(keys).toHaveLength(5);
    });
  },
);

test('searches the index once when there are no duplicates', async () => {
  await using library = await makeLibrary();
  const index = await library.app.liveIndex.open(never);
  const search = vi.spyOn(index, 'neighbours');
  await ask(library.app, path.join(library.music, 'piece-3.ogg'));
  expect(search).toHaveBeenCalledTimes(1);
});
