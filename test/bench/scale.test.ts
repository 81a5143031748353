import path from 'node:path';
import { expect, test } from 'vitest';
import { fillScaleLibrary } from '../../bench/scale/library.ts';
import { scaleDimensions, scaleModelName, writeScaleModel } from '../../bench/scale/model.ts';
import { type BesideRun, renderScale, type ScaleResult } from '../../bench/scale/report.ts';
import { planIndex } from '../../src/indexing/plan.ts';
import { FolderLibrary } from '../../src/library/folder.ts';
import { findModel } from '../../src/models/find-model.ts';
import { openCatalog, tempFolder } from '../catalog/helpers.ts';

test('fills a synthetic library that an index run finds up to date', async () => {
  const catalog = openCatalog();
  const music = path.join(tempFolder(), 'music');
  fillScaleLibrary({ catalog, music, spaceId: 'space-a', dimensions: 8, tracks: 130, chunks: 401 });
  expect(catalog.counts().spaces).toMatchObject([{ tracks: 130, chunks: { music: 401 } }]);
  const signal = new AbortController().signal;
  const plan = await planIndex({ catalog, library: new FolderLibrary(music), spaceId: 'space-a', signal });
  expect(plan.files).toMatchObject({ listed: 130, unchanged: 130, added: 0, changed: 0 });
});

test('writes a model that the worker can read, with as many dimensions as CLAP', async () => {
  const folder = tempFolder();
  await writeScaleModel(folder);
  const { manifest } = await findModel([folder], scaleModelName);
  expect(manifest.dimensions).toBe(scaleDimensions);
});

test('compares each figure with its target in the table', () => {
  const beside = { count: 48, p50Ms: 300, p95Ms: 420, maxMs: 450 };
  const run: BesideRun = {
    ...{ ranMs: 44_600, answeredMs: 47_300, beside, after: beside, failures: 0 },
    ...{ indexPeakBytes: 1740e6, indexerPeakBytes: 332e6, belowPeakBytes: { worker: 216e6 } },
  };
  const result: ScaleResult = {
    ...{ chunks: 400_000, tracks: 13_171, vectorBytes: 819e6, catalogBytes: 1.2e9, generationBytes: 831e6 },
    ...{ generationMs: 23_700, start: { scanMs: 1190, azureScanMs: 3000, startMs: 2870, coldStartMs: 3200 } },
    ...{ idle: { count: 40, p50Ms: 200, p95Ms: 240, maxMs: 280 }, memory: { index: 893e6, asker: 161e6 } },
    ...{ added: run, alone: { ranMs: 3200, answeredMs: 4100 }, embedded: run, removed: run },
  };
  const text = renderScale([result]);
  expect(text).toMatch(/13171 tracks .* must be .* 400,000 chunks/);
  expect(text).toMatch(/index processes over their vectors +\| < 1\.15 x +\| 1\.09 x/);
  expect(text).toMatch(/median over that without a run beside them +\| < 2 x +\| 1\.50 x/);
  expect(text).toMatch(/answer from the new generation +\| < 10 s at 400,000; < 15 s at 1,000,000 +\| 47\.3 s/);
  expect(text).toMatch(/answer from the new generation +\| < 5 s +\| 4\.10 s/);
  expect(text).toMatch(/from nothing up: files in the page cache +\| +\| 2\.87 s/);
  expect(renderScale([{ ...result, start: null }])).toMatch(/from nothing up: files in the page cache +\| +\| - /);
});
