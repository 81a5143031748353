/** Queries with several library tracks, over a real library, index and worker. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FolderLibrary } from '../../src/library/folder.ts';
import { type Answer, plusTrackAt } from '../../src/query/answer.ts';
import type { TracksRequest } from '../../src/query/find-by-tracks.ts';
import { libraryRecording } from '../../src/query/library-recording.ts';
import { makeLibrary, never, type TestLibrary } from '../support/library.ts';
import { writePiece } from '../support/pieces.ts';

let library: TestLibrary;
const idOf = (key: string): number => library.app.catalog.tracks.byKey(key)?.id ?? 0;
const keysOf = ({ results }: Answer) => results.map(({ track }) => track.key);

beforeAll(async () => {
  library = await makeLibrary();
  // A copy of piece 1 in another format.
  writePiece(path.join(library.music, 'copy-of-1.mp3'), 1, 47);
  await library.app.indexing.index({ library: new FolderLibrary(library.music), signal: never });
});
afterAll(() => library[Symbol.asyncDispose]());

function byTracks(plus: string[], minus: string[] = [], options: Partial<TracksRequest> = {}): Promise<Answer> {
  return library.app.queries.byTracks({
    tracks: { plus: plus.map(idOf), minus: minus.map(idOf) },
    ...{ neighbours: 5, fusion: 'parts', resultsMax: 10, includeNonMusic: false, signal: never },
    ...options,
  });
}

describe('a query with several tracks', () => {
  test('excludes the query tracks and their duplicates, and names the moments of each plus track', async () => {
    const answer = await byTracks(['piece-1.ogg', 'piece-2.ogg'], ['piece-3.ogg']);
    expect(keysOf(answer).toSorted()).toEqual(['below/piece-6.mp3', 'piece-4.ogg', 'piece-5.ogg']);
    expect(answer.query.name).toBe('piece-1 + piece-2 − piece-3');
    const [first, second] = answer.query.tracks?.plus ?? [];
    expect([first?.startSec, second?.startSec]).toEqual([0, first?.durationSec]);
    expect(answer.query.durationSec).toBeCloseTo((first?.durationSec ?? 0) + (second?.durationSec ?? 0), 6);
    const seen = new Set<number>();
    for (const { hits } of answer.results) {
      for (const hit of hits) {
        const found = plusTrackAt(answer.query, hit.queryStartSec);
        expect(found?.atSec).toBeLessThan(found?.track.durationSec ?? 0);
        seen.add(found?.track.trackId ?? 0);
        const chunk = answer.query.chunks.find(({ index }) => index === hit.queryChunk);
        expect(chunk?.startSec).toBe(hit.queryStartSec);
      }
    }
    expect(seen).toEqual(new Set([idOf('piece-1.ogg'), idOf('piece-2.ogg')]));
  });

  test('gives the same results in any order of its tracks', async () => {
    const there = await byTracks(['piece-1.ogg', 'piece-2.ogg'], ['piece-3.ogg', 'piece-4.ogg']);
    const back = await byTracks(['piece-2.ogg', 'piece-1.ogg'], ['piece-4.ogg', 'piece-3.ogg']);
    const facts = ({ results }: Answer) => results.map(({ track, score, match }) => [track.key, score, match]);
    expect(facts(back)).toEqual(facts(there));
  });

  test('with one plus track alone is the query with that track', async () => {
    const one = await byTracks(['piece-2.ogg']);
    const { recording } = libraryRecording(library.app.catalog, one.spaceId, idOf('piece-2.ogg'));
    const other = await library.app.queries.similar({
      ...{ path: '', name: 'piece-2', neighbours: 5, fusion: 'parts', resultsMax: 10, includeNonMusic: false },
      ...{ signal: never, storedEmbedding: recording, excludedTracks: new Set([idOf('piece-2.ogg')]) },
    });
    expect({ ...one, timingsMs: null }).toEqual({ ...other, timingsMs: null });
  });

  test('scores by the mean of the rankings of its plus tracks minus that of its minus tracks', async () => {
    const [plus, minus] = [
      ['piece-2.ogg', 'piece-3.ogg'],
      ['piece-4.ogg', 'copy-of-1.mp3'],
    ];
    const answer = await byTracks(plus, minus);
    const excludedTracks = new Set([...plus, ...minus].map(idOf));
    const scoresOf = async (key: string) => {
      const { recording } = libraryRecording(library.app.catalog, answer.spaceId, idOf(key));
      const own = await library.app.queries.similar({
        ...{ path: '', neighbours: 5, fusion: 'parts', resultsMax: 10, includeNonMusic: false, excludedTracks },
        ...{ signal: never, storedEmbedding: recording },
      });
      return new Map(own.results.map(({ track, score }) => [track.key, score]));
    };
    const [liked, disliked] = await Promise.all([plus, minus].map((keys) => Promise.all(keys.map(scoresOf))));
    // A minus track is excluded too, under every name.
    expect(keysOf(answer).toSorted()).toEqual(['below/piece-6.mp3', 'piece-5.ogg']);
    for (const { track, score } of answer.results) {
      const sum = (side: typeof liked, of = (one: number) => one) =>
        (side ?? []).reduce((total, scores) => total + of(scores.get(track.key) ?? 0), 0) / 2;
      expect(score).toBeCloseTo(sum(liked) - sum(disliked, (one) => Math.max(0, one)), 6);
    }
  });

  test('finds a recording under one name that different tracks found under two', async () => {
    const answer = await byTracks(['piece-2.ogg', 'piece-3.ogg']);
    const copies = answer.results.filter(({ track }) => ['piece-1.ogg', 'copy-of-1.mp3'].includes(track.key));
    expect(copies).toHaveLength(1);
    expect(copies[0]?.alsoAs).toHaveLength(1);
  });

  test.each([
    [[], [], 'bad-request'],
    [['piece-1.ogg'], ['piece-1.ogg'], 'bad-request'],
    [['missing.ogg'], [], 'track-unknown'],
    [['piece-1.ogg'], ['missing.ogg'], 'track-unknown'],
  ])('with plus %j and minus %j is refused', async (plus, minus, code) => {
    await expect(byTracks(plus, minus)).rejects.toMatchObject({ code });
  });
});
