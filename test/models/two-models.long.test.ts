/** The indexes of two models: each has its own vectors, generation and answers. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { App } from '../../src/app.ts';
import type { IndexSummary } from '../../src/indexing/summary.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import type { Answer } from '../../src/query/answer.ts';
import { writeTinyModels } from '../embedding-worker/tiny-models.ts';
import { ask, never, openLibrary } from '../support/library.ts';
import { writePiece } from '../support/pieces.ts';

describe('two models', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-two-'));
  const place = { folder, music: path.join(folder, 'music'), indexDir: path.join(folder, 'index') };
  const modelsDir = path.join(folder, 'models');
  const library = openLibrary(place);
  const query = path.join(place.music, 'piece-2.ogg');
  /** The state before, for comparison. */
  let first: { answer: string; files: Record<string, string>; summary: IndexSummary };
  let second: { answer: string; summary: IndexSummary };

  async function withModel<T>(model: string, use: (app: App) => Promise<T>): Promise<T> {
    const app = await library.open({ EMBEDDING_MODEL: model, MODELS_DIR: modelsDir });
    return await use(app).finally(() => app.close());
  }
  const index = (app: App) => app.indexing.index({ library: new FolderLibrary(place.music), signal: never });
  const bytesOf = ({ timingsMs: _, ...answer }: Answer) => JSON.stringify(answer);
  const answerOf = async (app: App, file = query) => bytesOf(await ask(app, file));
  /** A synthetic model need not find the track among the nearest of another. */
  const newcomer = path.join(place.music, 'piece-4.ogg');

  /** Every file of the generations, with its content and time of change. */
  function generationFiles(): Record<string, string> {
    const root = path.join(place.indexDir, 'generations');
    const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return Object.fromEntries(
      files.map(({ parentPath, name }) => {
        const file = path.join(parentPath, name);
        return [path.relative(root, file), `${statSync(file).mtimeMs} ${readFileSync(file, 'base64')}`];
      }),
    );
  }

  beforeAll(async () => {
    mkdirSync(place.music);
    for (const seed of [1, 2, 3]) writePiece(path.join(place.music, `piece-${seed}.ogg`), seed, 21);
    writeTinyModels(modelsDir, [
      { name: 'one', kind: 'levels' },
      { name: 'two', kind: 'levels', manifest: { version: '2.0.0' } },
      { name: 'three', kind: 'levels', manifest: { version: '3.0.0' } },
    ]);
    first = await withModel('one', async (app) => {
      const summary = await index(app);
      return { summary, answer: await answerOf(app), files: generationFiles() };
    });
    second = await withModel('two', async (app) => ({ summary: await index(app), answer: await answerOf(app) }));
  });

  afterAll(async () => {
    await library[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test('each embed the library once, into a space and a generation of their own', () => {
    expect(first.summary.files).toMatchObject({ embedded: 3 });
    expect(second.summary.files).toMatchObject({ embedded: 3, reused: 0 });
    expect(second.summary.spaceId).not.toBe(first.summary.spaceId);
    expect(readdirSync(path.join(place.indexDir, 'generations'))).toHaveLength(2);
    expect(JSON.parse(second.answer).results.length).toBeGreaterThan(0);
  });

  test("leave the other's files unchanged, byte for byte", () => {
    expect(generationFiles()).toMatchObject(first.files);
  });

  test('are switched back without embedding or building anything, and give the same answers, byte for byte', async () => {
    const before = generationFiles();
    // Queried at once, without an index run in between.
    await withModel('one', async (app) => expect(await answerOf(app)).toBe(first.answer));
    await withModel('one', async (app) => {
      const { files, generation } = await index(app);
      expect(files).toMatchObject({ unchanged: 3, embedded: 0, reused: 0 });
      expect(generation).toEqual({ kind: 'unchanged' });
      expect(await answerOf(app)).toBe(first.answer);
    });
    await withModel('two', async (app) => expect(await answerOf(app)).toBe(second.answer));
    expect(generationFiles()).toEqual(before);
  });

  test('refuse a third whose space has no index, by name, with the commands that help', async () => {
    await withModel('three', async (app) => {
      const refused = ask(app, query);
      await expect(refused).rejects.toMatchObject({ code: 'space-mismatch' });
      const message = await refused.catch((error: Error) => error.message);
      expect(message).toContain(await app.worker.spaceId());
      expect(message).toContain(first.summary.spaceId);
      expect(message).toContain('npm run index -- ');
      expect(message).toContain('EMBEDDING_MODEL=one or EMBEDDING_MODEL=two');
    });
  });

  test('name a window of another length too', async () => {
    const app = await library.open({ EMBEDDING_MODEL: 'one', MODELS_DIR: modelsDir, WINDOW_SEC: '5' });
    await expect(ask(app, query)).rejects.toMatchObject({
      code: 'space-mismatch',
      message: expect.stringContaining('EMBEDDING_MODEL=one WINDOW_SEC=10'),
    });
  });

  test('each embed only the changes made while the other was in use', async () => {
    rmSync(path.join(place.music, 'piece-3.ogg'));
    writePiece(newcomer, 4, 21);
    await withModel('two', async (app) => {
      expect((await index(app)).files).toMatchObject({ embedded: 1, removed: 1, unchanged: 2 });
    });
    await withModel('one', async (app) => {
      // The generation still contains the removed track; the answers do not.
      expect(await answerOf(app)).not.toContain('piece-3.ogg');
      const { files, generation } = await index(app);
      expect(files).toMatchObject({ embedded: 1, unchanged: 2 });
      expect(generation.kind).toBe('written');
      expect(await answerOf(app, newcomer)).toContain('"key":"piece-4.ogg"');
    });
  });

  test('keep a recording that the other cannot embed', async () => {
    writeTinyModels(modelsDir, [{ name: 'broken', kind: 'nan', manifest: { version: '4.0.0' } }]);
    await withModel('broken', async (app) => {
      await index(app).catch(() => {});
    });
    await withModel('one', async (app) => {
      expect((await index(app)).files).toMatchObject({ unchanged: 3, embedded: 0, failed: 0 });
      expect(await answerOf(app, newcomer)).toContain('"key":"piece-4.ogg"');
    });
  });

  test('are named when the manifest of another is damaged', async () => {
    mkdirSync(path.join(modelsDir, 'damaged'), { recursive: true });
    writeFileSync(path.join(modelsDir, 'damaged', 'model.json'), '{');
    await withModel('three', async (app) => {
      await expect(ask(app, query)).rejects.toMatchObject({ message: expect.stringContaining('EMBEDDING_MODEL=one') });
    });
  });
});
