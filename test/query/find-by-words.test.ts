import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { App } from '../../src/app.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import { renderWords, wordsJson } from '../../src/terminal/words-command.ts';
import { never, openLibrary } from '../support/library.ts';
import { writePiece } from '../support/pieces.ts';
import { floatsOf } from '../support/reference-fixtures.ts';
import { wholeTexts, writeTextModel } from '../support/text-models.ts';

const [phrase] = wholeTexts as [(typeof wholeTexts)[0]];

describe('a library asked with words', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-words-'));
  const inFolder = (name: string) => path.join(folder, name);
  const library = openLibrary({ folder, music: inFolder('music'), indexDir: inFolder('index') });
  const ask = (asked: App, text: string, resultsMax = 10) => asked.byWords({ text, resultsMax, signal: never });
  let app: App;

  beforeAll(async () => {
    writeTextModel(inFolder('models'));
    mkdirSync(library.music);
    for (const seed of [1, 2, 3]) writePiece(path.join(library.music, `piece-${seed}.ogg`), seed, 20);
    // The weights are random, and so is what they find near to what; but it is the nearest.
    app = await library.open({ MODELS_DIR: inFolder('models'), EMBEDDING_MODEL: 'clap-random' });
    await app.index({ library: new FolderLibrary(library.music), signal: never });
    // CLAP's front-end is the work of a second on an idle core, and of minutes where a model is being trained.
  }, 600_000);
  afterAll(() => library[Symbol.asyncDispose]());

  test('answers with the tracks whose moments are nearest, as the catalog has them', async () => {
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
    expect(expected).toHaveLength(3);
    expect(answer.results.map(({ track }) => track.key)).toEqual(expected.map(({ key }) => key));
    answer.results.forEach(({ moments }, at) => {
      expect(moments[0]?.similarity).toBeCloseTo(expected[at]?.best ?? Number.NaN, 4);
      const similarities = moments.map((moment) => moment.similarity);
      expect(similarities).toEqual([...similarities].sort((a, b) => b - a));
    });
  });

  test('shows as many as were wanted, the nearest of them, and says where', async () => {
    const all = await ask(app, phrase.text);
    const two = await ask(app, phrase.text, 2);
    expect(two.results).toEqual(all.results.slice(0, 2));
    const shown = renderWords(two);
    expect(shown).toContain(`Nearest to "${phrase.text}"`);
    expect(shown.split('\n').filter((line) => /^ *[12] /.test(line))).toHaveLength(2);
    expect(JSON.parse(JSON.stringify(wordsJson(two)))).toMatchObject({ text: phrase.text, results: { length: 2 } });
  });

  test('gives the same bytes for the same words', async () => {
    const once = async () => ({ ...wordsJson(await ask(app, phrase.text)), timingsMs: null });
    expect(JSON.stringify(await once())).toBe(JSON.stringify(await once()));
  });

  test('leaves out what was removed since it was indexed', async () => {
    const [nearest] = (await ask(app, phrase.text)).results;
    const key = nearest?.track.key ?? '';
    app.catalog.removals.remove([key], 'request');
    const after = await ask(app, phrase.text);
    app.catalog.removals.restore(key);
    expect(after.results).toHaveLength(2);
    expect(after.results.map(({ track }) => track.key)).not.toContain(key);
  });

  test('refuses words that are none', async () => {
    await expect(ask(app, '  ')).rejects.toMatchObject({ code: 'text-refused' });
  });

  test('refuses a model that knows no words by name, before it looks for an index', async () => {
    const wordless = await library.open({ EMBEDDING_MODEL: 'builtin' });
    await expect(ask(wordless, phrase.text)).rejects.toMatchObject({
      code: 'model-without-text',
      message: expect.stringMatching(/builtin.*npm run models -- get clap --text/),
    });
  });
});
