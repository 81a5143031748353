import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { rollBack, spaceFolder } from '../../src/index/generation-folder.ts';
import { IndexHost } from '../../src/index/index-host.ts';
import type { IndexedRow } from '../../src/index/row-writer.ts';
import { indexedRows, openOptions, place, write } from './generations.ts';
import { isRunning, naiveSearch, never, testFolder } from './vectors.ts';

function host(indexDir: string): IndexHost {
  const opened = new IndexHost(openOptions(indexDir));
  onTestFinished(() => opened.close());
  return opened;
}

const older = indexedRows(30, 1);
const newer = indexedRows(40, 2);
const queries = older.slice(0, 25).map(({ vector }) => vector);
const naive = (rows: readonly IndexedRow[]) => {
  const vectors = rows.map(({ vector }) => vector);
  return queries.map((query) =>
    naiveSearch(vectors, query, 3).map((found) => ({ ...found, chunk: rows[found.row]?.chunk })),
  );
};

describe('IndexHost', () => {
  test('fails with index-empty at first, and answers once there is a generation', async () => {
    const indexDir = testFolder();
    const index = host(indexDir);
    expect(index.current()).toBeNull();
    await expect(index.neighbours(queries, 3, never)).rejects.toMatchObject({ code: 'index-empty' });
    const manifest = await write(indexDir, older);
    const found = await index.neighbours(queries, 3, never);
    expect(found.perQuery).toEqual(naive(older));
    expect(found.generation).toEqual(manifest);
    expect(found.library.chunksOf(1)).toBe(10);
  });

  test('swaps while it answers: no search is refused, each is answered by one of the two generations', async () => {
    const indexDir = testFolder();
    const first = await write(indexDir, older);
    const index = host(indexDir);
    await index.reloadIfChanged();
    expect(await index.reloadIfChanged()).toBe(false);
    const pids = (await index.opened()?.index.pids()) ?? [];
    const second = await write(indexDir, newer);
    let swapped = false;
    const swapping = index.reloadIfChanged().then((changed) => {
      swapped = changed;
    });
    const seen = new Set<string>();
    do {
      const both = await Promise.all([index.neighbours(queries, 3, never), index.neighbours(queries, 3, never)]);
      for (const { generation, perQuery } of both) {
        seen.add(generation.id);
        expect(perQuery).toEqual(naive(generation.id === first.id ? older : newer));
      }
    } while (!swapped);
    await swapping;
    expect(index.current()?.id).toBe(second.id);
    expect(seen).toContain(first.id);
    expect((await index.neighbours(queries, 3, never)).perQuery).toEqual(naive(newer));
    await index.close();
    expect(await Promise.all(pids.map(isRunning))).toEqual(pids.map(() => false));
  });

  test('keeps the old generation when the new one is damaged', async () => {
    const indexDir = testFolder();
    await write(indexDir, older);
    const index = host(indexDir);
    await index.reloadIfChanged();
    const { id } = await write(indexDir, newer);
    truncateSync(path.join(spaceFolder(indexDir, place.spaceId), id, 'rows.bin'), 10);
    await expect(index.reloadIfChanged()).rejects.toMatchObject({ code: 'index-corrupt' });
    expect((await index.neighbours(queries, 3, never)).perQuery).toEqual(naive(older));
    writeFileSync(path.join(spaceFolder(indexDir, place.spaceId), 'CURRENT'), 'nothing\n');
    await expect(index.reloadIfChanged()).rejects.toMatchObject({ code: 'index-corrupt' });
    rmSync(path.join(spaceFolder(indexDir, place.spaceId), 'CURRENT'));
    await expect(index.reloadIfChanged()).rejects.toMatchObject({ code: 'index-empty' });
    expect((await index.neighbours(queries, 3, never)).perQuery).toEqual(naive(older));
  });

  test('follows a roll-back', async () => {
    const indexDir = testFolder();
    await write(indexDir, older);
    await write(indexDir, newer);
    const index = host(indexDir);
    expect((await index.neighbours(queries, 3, never)).perQuery).toEqual(naive(newer));
    await rollBack(indexDir, place.spaceId);
    expect(await index.reloadIfChanged()).toBe(true);
    expect((await index.neighbours(queries, 3, never)).perQuery).toEqual(naive(older));
  });

  test('answers from the current generation after it lost its files and its process', async () => {
    const indexDir = testFolder();
    const { id } = await write(indexDir, older);
    const index = host(indexDir);
    await index.reloadIfChanged();
    await write(indexDir, newer);
    rmSync(path.join(spaceFolder(indexDir, place.spaceId), id), { recursive: true });
    for (const pid of (await index.opened()?.index.pids()) ?? []) process.kill(pid, 'SIGKILL');
    expect((await index.neighbours(queries, 3, never)).perQuery).toEqual(naive(newer));
  });

  test('refuses searches after it was closed', async () => {
    const indexDir = testFolder();
    await write(indexDir, older);
    const index = host(indexDir);
    await index.reloadIfChanged();
    await index.close();
    await expect(index.neighbours(queries, 3, never)).rejects.toMatchObject({ code: 'index-unavailable' });
  });
});
