/** The map that clients get, over a real library. */
import { truncateSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MapView } from '../../src/services/maps.ts';
import { makeLibrary, never, type TestLibrary } from '../support/library.ts';

let library: TestLibrary;

beforeAll(async () => {
  library = await makeLibrary();
});
afterAll(() => library[Symbol.asyncDispose]());

async function viewOf(file: string | null): Promise<MapView> {
  return JSON.parse(gunzipSync(await readFile(file ?? '')).toString()) as MapView;
}

function placesOf({ ids, x, y }: MapView): [number, number | undefined, number | undefined][] {
  return ids.map((id, at) => [id, x[at], y[at]]);
}

test('a removed track leaves the map before the next generation, and no other track moves', async () => {
  const { catalog, maps } = library.app;
  expect(await maps.find()).toEqual({ file: null, isCurrent: false });
  await maps.update(never);
  const first = await maps.find();
  expect(first.isCurrent).toBe(true);
  const before = await viewOf(first.file);
  expect(before.ids.length).toBe(6);

  const gone = catalog.tracks.byKey('piece-3.ogg')?.id;
  catalog.removals.remove(['piece-3.ogg'], 'request');
  // Until the next one is made, clients get the map before.
  expect(await maps.find()).toEqual({ file: first.file, isCurrent: false });
  await maps.update(never);
  const second = await maps.find();
  expect(second.isCurrent).toBe(true);
  const after = await viewOf(second.file);
  expect(after.generation).toBe(before.generation);
  expect(placesOf(after)).toEqual(placesOf(before).filter(([id]) => id !== gone));
  await expect(readFile(first.file ?? '')).rejects.toThrow(/ENOENT/);
});

test('a damaged map is made again', async () => {
  const { maps } = library.app;
  await maps.update(never);
  const { file } = await maps.find();
  const before = await viewOf(file);
  truncateSync(path.join(path.dirname(file ?? ''), 'map.bin'), 100);
  await maps.update(never);
  expect(await viewOf((await maps.find()).file)).toEqual(before);
});
