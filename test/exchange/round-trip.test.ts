/** Export and import give equal data; a refused import leaves the catalog unchanged. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Catalog } from '../../src/catalog/catalog.ts';
import type { ChunkKind } from '../../src/domain.ts';
import { exportIndex } from '../../src/exchange/export-index.ts';
import { type ImportOptions, importIndex } from '../../src/exchange/import-index.ts';
import { factsOf, openCatalog, recordingOf, tempFolder } from '../catalog/helpers.ts';

const never = new AbortController().signal;
const sha = (digit: string) => digit.repeat(64);
const kinds: ChunkKind[] = ['music', 'silence', 'applause', 'noise', 'music'];

function fill(catalog: Catalog): void {
  const odd = recordingOf(kinds, { seed: 1, dimensions: 7 });
  const last = odd.chunks.at(-1);
  catalog.embeddings.put(factsOf('b/Nausicaä ♫ "1".mp3', { contentSha256: sha('a') }), {
    ...odd,
    // The tail overlaps the chunk before it; no time is a round number.
    chunks: [
      ...odd.chunks.slice(0, -1),
      { ...(last ?? never), startSec: 33.337, endSec: 43.337, overlapSec: 6.663 },
    ] as typeof odd.chunks,
    durationSec: 43.3371,
    tags: { title: 'Nausicaä', artist: 'C. Mantione', album: null },
    fingerprint: { items: Uint32Array.of(1, 0xffff_ffff, 7), itemSec: 1365 / 11025 },
  });
  catalog.embeddings.put(
    factsOf('a.ogg', { contentSha256: sha('b') }),
    recordingOf(['music', 'music'], { seed: 2, dimensions: 7 }),
  );
  catalog.embeddings.put(
    factsOf('gone.ogg', { contentSha256: sha('c') }),
    recordingOf(['music'], { seed: 3, dimensions: 7 }),
  );
  catalog.removals.remove(['gone.ogg'], 'request');
}

const everything = (catalog: Catalog) => {
  using view = catalog.exportView('space-a');
  return [...view.chunks()];
};

const importOf = (catalog: Catalog, file: string, changes: Partial<ImportOptions> = {}) =>
  importIndex({
    catalog,
    file,
    spaceFor: async (named) => ({ spaceId: named ?? 'space-a', windowSec: 10 }),
    noFingerprint: { items: new Uint32Array(), itemSec: 1365 / 11025 },
    replace: false,
    signal: never,
    ...changes,
  });

describe.each(['jsonl', 'parquet'])('%s', (extension) => {
  test('restores an exported library into an empty catalog, bit-equal', async () => {
    const from = openCatalog();
    fill(from);
    const file = path.join(tempFolder(), `index.${extension}`);
    const summary = await exportIndex({ catalog: from, spaceId: 'space-a', file, replace: false, signal: never });
    expect(summary).toMatchObject({ chunks: 7, tracks: 2, bytes: readFileSync(file).length });
    const to = openCatalog();
    expect(await importOf(to, file)).toMatchObject({
      spaceId: 'space-a',
      chunks: 7,
      tracks: { imported: 2, unchanged: 0, kept: 0, keptOut: 0 },
      guessedTimes: 0,
      normalised: 0,
    });
    expect(everything(to)).toEqual(everything(from));
    expect(to.tracks.byKey('gone.ogg')).toBeNull();

    const again = path.join(tempFolder(), `again.${extension}`);
    await exportIndex({ catalog: to, spaceId: 'space-a', file: again, replace: false, signal: never });
    expect(readFileSync(again).equals(readFileSync(file))).toBe(true);
    expect((await importOf(to, file)).tracks).toEqual({ imported: 0, unchanged: 2, kept: 0, keptOut: 0 });
  });

  test('does not overwrite an existing file unasked, and leaves no file after a cancelled export', async () => {
    const catalog = openCatalog();
    fill(catalog);
    const file = path.join(tempFolder(), `index.${extension}`);
    const options = { catalog, spaceId: 'space-a', file, replace: false };
    await expect(exportIndex({ ...options, signal: AbortSignal.abort() })).rejects.toThrow();
    expect(existsSync(file) || existsSync(`${file}.partial`)).toBe(false);
    writeFileSync(file, 'mine');
    await expect(exportIndex({ ...options, signal: never })).rejects.toThrow(/it is there already; --replace/);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    await exportIndex({ ...options, replace: true, signal: never });
    expect(readFileSync(file).length).toBeGreaterThan(100);
  });
});

test('refuses to export an empty space, and writes no pickle', async () => {
  const catalog = openCatalog();
  const options = { catalog, spaceId: 'space-a', replace: false, signal: never };
  const inFolder = (name: string) => path.join(tempFolder(), name);
  await expect(exportIndex({ ...options, file: inFolder('x.jsonl') })).rejects.toMatchObject({ code: 'index-empty' });
  await expect(exportIndex({ ...options, file: inFolder('x.pkl') })).rejects.toThrow(/expected \.jsonl or \.parquet/);
  await expect(exportIndex({ ...options, file: inFolder('x.csv') })).rejects.toThrow(/Cannot tell the format/);
});

describe('an import from elsewhere', () => {
  const line = (file: string, chunk: number, embedding: readonly unknown[], more: object = {}) =>
    JSON.stringify({ file_name: file, chunk_id: chunk, embedding, ...more });
  const fileOf = (...lines: string[]) => {
    const file = path.join(tempFolder(), 'theirs.jsonl');
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  };

  test('gets times from its chunk numbers, vectors of length 1, and a placeholder that matches no file', async () => {
    const catalog = openCatalog();
    const file = fileOf(line('a.mp3', 2, [0, 3]), line('a.mp3', 1, [3, 4]), line('b.mp3', 1, [1, 0]));
    expect(await importOf(catalog, file)).toMatchObject({ tracks: { imported: 2 }, guessedTimes: 3, normalised: 2 });
    expect(everything(catalog).map(({ track, chunk }) => [track.key, chunk.startSec, [...chunk.vector]])).toEqual([
      ['a.mp3', 0, [Math.fround(0.6), Math.fround(0.8)]],
      ['a.mp3', 10, [0, 1]],
      ['b.mp3', 0, [1, 0]],
    ]);
    expect(everything(catalog)[0]?.track.contentSha256).toMatch(/^imported:/);
    const out = path.join(tempFolder(), 'out.jsonl');
    await exportIndex({ catalog, spaceId: 'space-a', file: out, replace: false, signal: never });
    expect(readFileSync(out, 'utf8')).not.toContain('imported:');
  });

  test('does not replace existing tracks unless requested', async () => {
    const catalog = openCatalog();
    const recording = recordingOf(['music'], { dimensions: 2 });
    catalog.embeddings.put(factsOf('a.mp3'), recording);
    catalog.embeddings.put(factsOf('out.mp3'), recording);
    catalog.removals.remove(['out.mp3'], 'request');
    const file = fileOf(line('a.mp3', 0, [0, 1]), line('out.mp3', 0, [0, 1]));
    expect((await importOf(catalog, file)).tracks).toEqual({ imported: 0, unchanged: 0, kept: 1, keptOut: 1 });
    expect(everything(catalog).map(({ chunk }) => chunk.vector)).toEqual([recording.chunks[0]?.vector]);
    expect((await importOf(catalog, file, { replace: true })).tracks.imported).toBe(2);
    expect(everything(catalog).map(({ chunk }) => [...chunk.vector])).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  const good = line('a.mp3', 0, [1, 0]);
  test.each([
    ['a vector with NaN', [good, line('a.mp3', 1, [1, 0]).replace('[1,0]', '[1,NaN]')], /line 2: it is not JSON/],
    ['a value beyond float32', [good, line('a.mp3', 1, [1e39, 0])], /line 2: a value .* too large/],
    ['another dimension', [good, line('a.mp3', 1, [1, 0, 0])], /line 2: expected 2 values .* got 3/],
    ['zeros only', [good, line('a.mp3', 1, [0, 0])], /line 2: .* zeros only/],
    ['two spaces', [good, line('b.mp3', 0, [1, 0], { space_id: 'x' })], /line 2: expected the space none .* got x/],
    ['a duplicate chunk', [good, line('a.mp3', 0, [0, 1])], /line 2: chunk 0 of a\.mp3 is there twice/],
    [
      'a file whose chunks are not together',
      [good, line('b.mp3', 0, [0, 1]), line('a.mp3', 1, [0, 1])],
      /line 3: .* in two places/,
    ],
    ['nothing', [''], /no chunk is in it/],
  ])('refuses %s, and stores nothing of the file', async (_, lines, reason) => {
    const catalog = openCatalog();
    await expect(importOf(catalog, fileOf(...lines))).rejects.toThrow(reason);
    expect(everything(catalog)).toEqual([]);
  });

  test('refuses vectors of another length than the space, and a missing file', async () => {
    const catalog = openCatalog();
    catalog.embeddings.put(factsOf('x.mp3'), recordingOf(['music'], { dimensions: 4 }));
    await expect(importOf(catalog, fileOf(good))).rejects.toMatchObject({ code: 'space-mismatch' });
    const missing = path.join(tempFolder(), 'missing.jsonl');
    await expect(importOf(catalog, missing)).rejects.toMatchObject({ code: 'file-unreadable' });
    await expect(importOf(catalog, missing.replace('jsonl', 'pkl'))).rejects.toMatchObject({ code: 'file-unreadable' });
    await expect(importOf(catalog, missing.replace('jsonl', 'npy'))).rejects.toMatchObject({ code: 'import-refused' });
    await expect(importOf(catalog, missing.replace('jsonl', 'parquet'))).rejects.toMatchObject({
      code: 'file-unreadable',
    });
  });
});
