import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChunkKind, EmbeddedRecording } from '../../src/domain.ts';
import { verdictSentence } from '../../src/query/answer-words.ts';
import { ask, makeLibrary, type TestLibrary } from '../support/library.ts';

let library: TestLibrary;
let embedded: EmbeddedRecording;

beforeAll(async () => {
  library = await makeLibrary();
  const onHeard = (recording: EmbeddedRecording) => {
    embedded = recording;
  };
  const file = path.join(library.music, 'piece-3.ogg');
  await library.app.queries.similar({
    ...{ path: file, neighbours: 5, fusion: 'parts', resultsMax: 10, includeNonMusic: false, onEmbedded: onHeard },
    signal: new AbortController().signal,
  });
});

afterAll(() => library[Symbol.asyncDispose]());

/** A query whose chunks the gate took for something else. */
const askAs = (kind: ChunkKind, changes: Partial<EmbeddedRecording> = {}) => {
  const chunks = embedded.chunks.map((chunk) => ({ ...chunk, kind }));
  return ask(library.app, 'gone.mp3', { storedEmbedding: { ...embedded, ...changes, chunks } } as object);
};

test('proves a recording although the gate classified all chunks as noise, and shows nothing else', async () => {
  const answer = await askAs('noise');
  expect(verdictSentence(answer)).toMatch(/^This is piece-3, from 0:00/);
  expect(answer.results.map(({ track }) => track.key)).toEqual(['piece-3.ogg']);
});

test('returns no results when the gate rejects all chunks and no fingerprint matches', async () => {
  const fingerprint = { ...embedded.fingerprint, items: embedded.fingerprint.items.map((item) => ~item >>> 0) };
  const answer = await askAs('noise', { fingerprint });
  expect(verdictSentence(answer)).toBe('Only noise: there is no music in it to compare');
  expect(answer.results).toEqual([]);
});

test('does not search silence', async () => {
  const answer = await askAs('silence');
  expect(answer.results).toEqual([]);
  expect(answer.verdict).toEqual({ kind: 'nothing-close' });
});
