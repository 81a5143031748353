import { cpSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderAnswer } from '../../src/cli/render-answer.ts';
import { whyReply } from '../../src/discord/replies/why.ts';
import { textsOf } from '../../src/discord/texts/texts.ts';
import type { RankedTrack, Track } from '../../src/domain.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import type { Answer } from '../../src/query/answer.ts';
import { answerJson } from '../../src/query/answer-json.ts';
import { DuplicateFinder, duplicatesOf, mergeDuplicates } from '../../src/query/duplicates.ts';
import { ask, makeLibrary, never, type TestLibrary } from '../support/library.ts';
import { ffmpeg } from '../support/pieces.ts';

/** Of a track that nothing is known of: no hit proposes anything. */
const evidence: RankedTrack = {
  ...{ trackId: 0, score: 1, votes: 0, totalSimilarity: 0, agreeingChunks: 0, longestRunSec: 0 },
  ...{ bestDistance: 2, meanDistance: 2, hits: [] },
};

describe('a library with duplicates', () => {
  let library: TestLibrary;
  const music = (name: string) => path.join(library.music, name);
  const keys = (answer: Answer) => answer.results.map(({ track }) => track.key);
  const others = (answer: Answer, key: string) =>
    answer.results.find(({ track }) => track.key === key)?.alsoAs?.map((track) => track.key);
  const idOf = (key: string) => library.app.catalog.tracks.byKey(key)?.id ?? 0;

  beforeAll(async () => {
    library = await makeLibrary();
    cpSync(music('piece-2.ogg'), music('bytes-of-2.ogg'));
    const quieter = ['-af', 'volume=-6dB', '-b:a', '64k', '-metadata', 'title=Three, Remastered'];
    ffmpeg('-i', music('piece-3.ogg'), ...quieter, music('sound-of-3.mp3'));
    await library.app.indexing.index({ library: new FolderLibrary(library.music), signal: never });
  });

  afterAll(() => library[Symbol.asyncDispose]());

  test('shows a recording once with its other name, and the next piece takes the free place', async () => {
    const answer = await ask(library.app, music('piece-3.ogg'), { neighbours: 20, resultsMax: 3 });
    expect(answer.verdict.kind).toBe('this-is');
    expect(keys(answer)[0]).toBe('piece-3.ogg');
    expect(others(answer, 'piece-3.ogg')).toEqual(['sound-of-3.mp3']);
    expect(answer.results.map(({ rank }) => rank)).toEqual([1, 2, 3]);
    expect(new Set(keys(answer)).size).toBe(3);
  });

  test('detects equal bytes and other encodings at any rank', async () => {
    const answer = await ask(library.app, music('piece-5.ogg'), { neighbours: 40 });
    const shown = new Set([...keys(answer), ...answer.results.flatMap(({ alsoAs = [] }) => alsoAs.map((t) => t.key))]);
    expect(answer.results).toHaveLength(6);
    expect(shown.size).toBe(8);
    const merged = answer.results.filter(({ alsoAs }) => alsoAs).map(({ track, alsoAs }) => [track, ...(alsoAs ?? [])]);
    expect(merged.map((tracks) => tracks.map(({ key }) => key).sort()).sort()).toEqual([
      ['bytes-of-2.ogg', 'piece-2.ogg'],
      ['piece-3.ogg', 'sound-of-3.mp3'],
    ]);
  });

  test('does not merge tracks in the catalog', () => {
    const indexed = library.app.catalog.tracks.search('', 100);
    expect(indexed).toHaveLength(8);
  });

  test('excludes the duplicates of an excluded track, and returns the verdict "sounds like" for the others', async () => {
    const excludedTracks = new Set([idOf('piece-3.ogg')]);
    const answer = await ask(library.app, music('piece-3.ogg'), { excludedTracks });
    expect(answer.verdict.kind).not.toBe('this-is');
    expect(keys(answer)).not.toContain('piece-3.ogg');
    expect(keys(answer)).not.toContain('sound-of-3.mp3');
    const votes = answer.results.reduce((sum, result) => sum + result.votes, 0);
    const music3 = answer.query.chunks.filter(({ kind }) => kind === 'music').length;
    // Each chunk has all its neighbours again; a tail counts with the chunk before it.
    expect(votes).toBeGreaterThan(5 * (music3 - 2));
  });

  test('does not list the name of a removed duplicate', async () => {
    library.app.catalog.removals.remove(['sound-of-3.mp3'], 'request');
    const answer = await ask(library.app, music('piece-3.ogg'));
    expect(others(answer, 'piece-3.ogg')).toBeUndefined();
    library.app.catalog.removals.restore('sound-of-3.mp3');
  });

  test('lists the names in the terminal, in --json and in the bot in each language', async () => {
    const answer = await ask(library.app, music('piece-3.ogg'));
    expect(renderAnswer(answer)).toMatch(/^.*This is piece-3, from 0:00 \(also as Three, Remastered\)/);
    expect(renderAnswer(answer)).toMatch(/^ {5}also as Three, Remastered$/m);
    expect(answerJson(answer).results[0]?.alsoAs).toEqual(['sound-of-3.mp3']);
    const bytes = await ask(library.app, music('piece-2.ogg'));
    const other = bytes.results[0]?.track.key === 'piece-2.ogg' ? 'bytes-of-2' : 'piece-2';
    expect(renderAnswer(bytes)).toContain(`also as ${other}`);
    const view = { answerId: 'abcdefghij12', answer, page: 0, perPage: 10, picture: null, attachmentLimitBytes: 1e6 };
    for (const [locale, words] of [
      ['en-GB', 'also as'],
      ['de', 'auch als'],
    ] as const) {
      const reply = whyReply(textsOf(locale), view);
      expect(reply.embeds?.[0]?.description).toContain(`-# ${words} Three, Remastered`);
    }
  });

  test('does not count duplicates towards the limit per artist or the number of results', async () => {
    const { catalog } = library.app;
    const tracks = [...catalog.tracks.byIds(['piece-3.ogg', 'sound-of-3.mp3', 'piece-1.ogg'].map(idOf)).values()];
    const found = tracks.map((track) => ({ track, evidence }));
    const asked: string[] = [];
    const mayShow = ({ key }: Track) => asked.push(key) > 0;
    const merged = await mergeDuplicates(found, new DuplicateFinder(catalog), { max: 2, mayShow });
    expect(merged).toHaveLength(2);
    expect(asked).toHaveLength(2);
  });

  test('treats tracks without a fingerprint as duplicates only when their bytes are equal', async () => {
    const { catalog } = library.app;
    const track = (id: number): Track => ({
      ...{ id, key: `${id}`, title: null, artist: null, album: null, durationSec: 10, status: 'indexed' },
    });
    const copies = new DuplicateFinder(catalog);
    expect(await copies.isSameRecording(track(1e6), track(1e6 + 1), () => true)).toBe(false);
    expect(await duplicatesOf([track(1e6)], [{ track: track(1e6 + 1), evidence }], copies)).toEqual([]);
  });
});

test('does not treat equal vectors imported without files as proof', async () => {
  await using library = await makeLibrary();
  const { catalog } = library.app;
  const ids = ['piece-1.ogg', 'piece-2.ogg'].map((key) => catalog.tracks.byKey(key)?.id ?? 0);
  const [one, other] = [...catalog.tracks.byIds(ids).values()];
  if (!one || !other) throw new Error('expected two tracks');
  const recording = catalog.evidence.recordingOf(await library.app.worker.spaceId(), one.id);
  if (!recording) throw new Error('expected a recording');
  const imported = { ...recording, fingerprint: { items: new Uint32Array(), itemSec: recording.fingerprint.itemSec } };
  for (const key of ['imported-a', 'imported-b']) {
    const facts = { key, sizeBytes: null, mtimeMs: null, etag: null, contentSha256: `imported:${'a'.repeat(64)}` };
    catalog.embeddings.put(facts, imported);
  }
  const tracks = ['imported-a', 'imported-b'].map((key) => catalog.tracks.byKey(key) ?? one);
  const copies = new DuplicateFinder(catalog);
  expect(tracks[0]?.id).not.toBe(tracks[1]?.id);
  expect(await copies.isSameRecording(tracks[0] ?? one, tracks[1] ?? other, () => true)).toBe(false);
});
