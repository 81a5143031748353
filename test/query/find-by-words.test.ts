/** The library asked with words. Its pieces are made-up vectors, some of them silence; index, catalog and text side are real. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadTextModel, type TextModel } from '../../embedding-worker/text/text-model.ts';
import type { App } from '../../src/app.ts';
import { renderWords } from '../../src/cli/text-command.ts';
import type { ChunkKind } from '../../src/domain.ts';
import { findByWords, momentsMax } from '../../src/query/find-by-words.ts';
import { wordsJson } from '../../src/query/words-json.ts';
import { factsOf, recordingOf } from '../catalog/helpers.ts';
import { never, openLibrary } from '../support/library.ts';
import { floatsOf } from '../support/reference-fixtures.ts';
import { wholeTexts, writeTextModel } from '../support/text-models.ts';

const [phrase] = wholeTexts as [(typeof wholeTexts)[0]];
const pieces = 12;

describe('a text query', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-words-'));
  const inFolder = (name: string) => path.join(folder, name);
  const library = openLibrary({ folder, music: inFolder('music'), indexDir: inFolder('index') });
  let app: App;
  let model: TextModel;
  let spaceId: string;

  const ask = (text: string, resultsMax = 100) =>
    findByWords(
      {
        read: async (words) => ({ spaceId, vector: await model.embed(words) }),
        openIndex: (signal) => app.liveIndex.open(signal),
        catalog: app.catalog,
      },
      { text, resultsMax, signal: never },
    );
  /** Every piece by its nearest music, computed here. */
  const expected = () => {
    const vector = floatsOf(phrase.vector);
    const similarity = (other: Float32Array) => other.reduce((sum, value, at) => sum + value * (vector[at] ?? 0), 0);
    return app.catalog.tracks
      .search('Title', 100)
      .map(({ id, key }) => {
        const chunks = app.catalog.evidence.recordingOf(spaceId, id)?.chunks ?? [];
        const music = chunks.filter(({ kind }) => kind === 'music');
        return { key, best: Math.max(...music.map((chunk) => similarity(chunk.vector))) };
      })
      .sort((a, b) => b.best - a.best);
  };

  beforeAll(async () => {
    model = await loadTextModel(writeTextModel(inFolder('models')));
    app = await library.open({ MODELS_DIR: inFolder('models'), EMBEDDING_MODEL: 'clap-random' });
    spaceId = await app.worker.spaceId();
    for (let seed = 1; seed <= pieces; seed++) {
      const kinds = Array.from({ length: seed * 3 }, (_, at): ChunkKind => (at % 3 === 2 ? 'silence' : 'music'));
      app.catalog.embeddings.put(
        factsOf(`${String(seed).padStart(2, '0')}.ogg`),
        recordingOf(kinds, { spaceId, dimensions: 48, seed }),
      );
    }
    await app.generations.rebuild(never);
  });
  afterAll(() => library[Symbol.asyncDispose]());

  test('returns the tracks with the nearest chunks, as stored in the catalog', async () => {
    const { results } = await ask(phrase.text);
    const known = expected();
    expect(results.map(({ track }) => track.key)).toEqual(known.map(({ key }) => key));
    expect(results).toHaveLength(pieces);
    results.forEach(({ moments }, at) => {
      expect(moments[0]?.similarity).toBeCloseTo(known[at]?.best ?? Number.NaN, 4);
      expect(moments.length).toBeLessThanOrEqual(momentsMax);
      const similarities = moments.map((moment) => moment.similarity);
      expect(similarities).toEqual([...similarities].sort((a, b) => b - a));
    });
  });

  test.each([1, 2, 11])('returns the nearest %i on request', async (resultsMax) => {
    const { results } = await ask(phrase.text, resultsMax);
    const known = expected().slice(0, resultsMax);
    expect(results.map(({ track }) => track.key)).toEqual(known.map(({ key }) => key));
    expect(results.map(({ rank }) => rank)).toEqual(known.map((_, at) => at + 1));
  });

  test('reports the times of each match', async () => {
    const answer = await ask(phrase.text, 2);
    const shown = renderWords(answer);
    expect(shown).toContain(`Nearest to "${phrase.text}"`);
    expect(shown.split('\n').filter((line) => /^ *[12] +Title/.test(line))).toHaveLength(2);
    expect(JSON.parse(JSON.stringify(wordsJson(answer)))).toMatchObject({ text: phrase.text, results: { length: 2 } });
  });

  test('returns the same bytes for the same text', async () => {
    const once = async () => ({ ...wordsJson(await ask(phrase.text)), timingsMs: null });
    expect(JSON.stringify(await once())).toBe(JSON.stringify(await once()));
  });

  test('excludes tracks that were removed after indexing', async () => {
    const key = expected()[0]?.key ?? '';
    app.catalog.removals.remove([key], 'request');
    const { results } = await ask(phrase.text);
    app.catalog.removals.restore(key);
    expect(results).toHaveLength(pieces - 1);
    expect(results.map(({ track }) => track.key)).not.toContain(key);
  });

  test('refuses a text without words', async () => {
    await expect(ask('  ')).rejects.toMatchObject({ code: 'text-refused' });
  });
});
