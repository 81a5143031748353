import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { App } from '../../src/app.ts';
import { renderWords, wordsJson } from '../../src/terminal/words-command.ts';
import { makeLibrary, never, type TestLibrary } from '../support/library.ts';
import { floatsOf } from '../support/reference-fixtures.ts';
import { wholeTexts, writeTextModel } from '../support/text-models.ts';

const [phrase] = wholeTexts as [(typeof wholeTexts)[0]];

describe('a library asked with words', () => {
  const models = mkdtempSync(path.join(tmpdir(), 'words-models-'));
  let library: TestLibrary;
  const ask = (app: App, text: string, resultsMax = 10) => app.byWords({ text, resultsMax, signal: never });

  beforeAll(async () => {
    writeTextModel(models);
    // The weights are random, and so is what they find near to what; but it is the nearest.
    library = await makeLibrary({ MODELS_DIR: models, EMBEDDING_MODEL: 'clap-random' });
  });
  afterAll(async () => {
    await library[Symbol.asyncDispose]();
    rmSync(models, { recursive: true });
  });

  test('answers with the tracks whose moments are nearest, as the catalog has them', async () => {
    const { app } = library;
    const answer = await ask(app, phrase.text);
    const vector = floatsOf(phrase.vector);
    const similarity = (other: Float32Array) => other.reduce((sum, value, at) => sum + value * (vector[at] ?? 0), 0);
    const expected = app.catalog.tracks
      .search('piece', 100)
      .map(({ id, key }) => {
        const { chunks = [] } = app.catalog.evidence.recordingOf(answer.spaceId, id) ?? {};
        const music = chunks.filter(({ kind }) => kind === 'music');
        return { key, best: Math.max(...music.map((chunk) => similarity(chunk.vector))) };
      })
      .sort((a, b) => b.best - a.best);
    expect(expected).toHaveLength(6);
    expect(answer.results.map(({ track }) => track.key)).toEqual(expected.map(({ key }) => key));
    answer.results.forEach(({ moments }, at) => {
      expect(moments[0]?.similarity).toBeCloseTo(expected[at]?.best ?? Number.NaN, 4);
      const similarities = moments.map((moment) => moment.similarity);
      expect(similarities).toEqual([...similarities].sort((a, b) => b - a));
    });
  });

  test('shows as many as were wanted, the nearest of them, and says where', async () => {
    const all = await ask(library.app, phrase.text);
    const two = await ask(library.app, phrase.text, 2);
    expect(two.results).toEqual(all.results.slice(0, 2));
    const shown = renderWords(two);
    expect(shown).toContain(`Nearest to "${phrase.text}"`);
    expect(shown.split('\n').filter((line) => /^ *[12] /.test(line))).toHaveLength(2);
    expect(JSON.parse(JSON.stringify(wordsJson(two)))).toMatchObject({ text: phrase.text, results: { length: 2 } });
  });

  test('gives the same bytes for the same words', async () => {
    const once = async () => ({ ...wordsJson(await ask(library.app, phrase.text)), timingsMs: null });
    expect(JSON.stringify(await once())).toBe(JSON.stringify(await once()));
  });

  test('leaves out what was removed since it was indexed', async () => {
    const [nearest] = (await ask(library.app, phrase.text)).results;
    const key = nearest?.track.key ?? '';
    library.app.catalog.removals.remove([key], 'request');
    const after = await ask(library.app, phrase.text);
    library.app.catalog.removals.restore(key);
    expect(after.results).toHaveLength(5);
    expect(after.results.map(({ track }) => track.key)).not.toContain(key);
  });

  test('refuses words that are none', async () => {
    await expect(ask(library.app, '  ')).rejects.toMatchObject({ code: 'text-refused' });
  });

  test('refuses a model that knows no words by name, before it looks for an index', async () => {
    const app = await library.open({ EMBEDDING_MODEL: 'builtin' });
    await expect(ask(app, phrase.text)).rejects.toMatchObject({
      code: 'model-without-text',
      message: expect.stringMatching(/builtin.*npm run models -- get clap --text/),
    });
  });
});
