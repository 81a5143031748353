import { expect, test, vi } from 'vitest';
import type { Chunk, ChunkKind, EmbeddedRecording } from '../../src/domain.ts';
import { AverageSounds } from '../../src/query/average-sounds.ts';
import { type SpacePart, wholeOf } from '../../src/ranking/space-parts.ts';
import { factsOf, openCatalog, recordingOf } from '../catalog/helpers.ts';

const spaceId = 'builtin@3.0.0';
/** Of vectors with four values: the first two are the sound. */
const parts: readonly SpacePart[] = [
  { name: 'sound', from: 0, dimensions: 2, weight: 0.46 },
  { name: 'harmony', from: 2, dimensions: 2, weight: 0.54 },
];

/** Its sound points in this direction, in degrees; all have the same harmony. */
function vectorAt(degrees: number): Float32Array {
  const angle = (degrees / 180) * Math.PI;
  const [sound, harmony] = [Math.sqrt(0.46), Math.sqrt(0.54)];
  return Float32Array.of(sound * Math.cos(angle), sound * Math.sin(angle), harmony, 0);
}

function recordingAt(degrees: readonly number[], kinds: readonly ChunkKind[] = degrees.map(() => 'music')) {
  const recording = recordingOf(kinds, { spaceId, dimensions: 4 });
  const chunks = recording.chunks.map((chunk, at): Chunk => ({ ...chunk, vector: vectorAt(degrees[at] ?? 0) }));
  return { ...recording, chunks } satisfies EmbeddedRecording;
}

const cosine = (degrees: number): number => Math.cos((degrees / 180) * Math.PI);
const queryAt = (degrees: number) => [{ vector: vectorAt(degrees) }];

/** @returns of two tracks, how much more similar the first is */
async function difference(averages: AverageSounds, query: number, one: number, other: number): Promise<number> {
  const found = await averages.similarities(spaceId, parts, queryAt(query), [one, other]);
  return (found?.get(one) ?? Number.NaN) - (found?.get(other) ?? Number.NaN);
}

test('compares the average sound of a query with those of tracks, and ignores their harmony', async () => {
  const catalog = openCatalog();
  const one = catalog.embeddings.put(factsOf('one'), recordingAt([10, 30]));
  const other = catalog.embeddings.put(factsOf('other'), recordingAt([90, 90, 90]));
  const averages = new AverageSounds(catalog);
  expect(await difference(averages, 0, one, other)).toBeCloseTo(cosine(20) - cosine(90), 5);
  expect(await difference(averages, 90, one, other)).toBeCloseTo(cosine(70) - 1, 5);
});

test('chunks that are not music, or that an admin marked, do not count', async () => {
  const catalog = openCatalog();
  const one = catalog.embeddings.put(factsOf('one'), recordingAt([0, 60, 0], ['music', 'noise', 'music']));
  const other = catalog.embeddings.put(factsOf('other'), recordingAt([90, 90]));
  const averages = new AverageSounds(catalog);
  expect(await difference(averages, 0, one, other)).toBeCloseTo(1, 5);
  catalog.embeddings.put(factsOf('one'), recordingAt([0, 60]));
  expect(await difference(averages, 0, one, other)).toBeCloseTo(cosine(30), 5);
  const near60 = { centres: Float32Array.from(vectorAt(60)), centre: 0, minSimilarity: 0.99 };
  catalog.marks.add(spaceId, near60, 'cluster 1');
  expect(await difference(averages, 0, one, other)).toBeCloseTo(1, 5);
});

test('counts the chunks that are marked now, also if as many were marked before', async () => {
  const catalog = openCatalog();
  const one = catalog.embeddings.put(factsOf('one'), recordingAt([0, 60]));
  const other = catalog.embeddings.put(factsOf('other'), recordingAt([90]));
  const averages = new AverageSounds(catalog);
  const near = (degrees: number) => ({
    centres: Float32Array.from(vectorAt(degrees)),
    centre: 0,
    minSimilarity: 0.99,
  });
  const first = catalog.marks.add(spaceId, near(60), 'cluster 1');
  expect(await difference(averages, 0, one, other)).toBeCloseTo(1, 5);
  catalog.marks.remove(spaceId, first.id);
  catalog.marks.add(spaceId, near(0), 'cluster 2');
  expect(await difference(averages, 0, one, other)).toBeCloseTo(cosine(60), 5);
});

test('reads a track once, until it is embedded again', async () => {
  let now = 1000;
  const catalog = openCatalog(undefined, { now: () => now });
  const one = catalog.embeddings.put(factsOf('one'), recordingAt([0]));
  const other = catalog.embeddings.put(factsOf('other'), recordingAt([90]));
  const read = vi.spyOn(catalog.evidence, 'musicVectors');
  const averages = new AverageSounds(catalog);
  await difference(averages, 0, one, other);
  await difference(averages, 45, one, other);
  expect(read).toHaveBeenCalledTimes(2);
  now = 2000;
  catalog.embeddings.put(factsOf('one', { contentSha256: 'f'.repeat(64) }), recordingAt([60]));
  expect(await difference(averages, 0, one, other)).toBeCloseTo(cosine(60), 5);
  expect(read).toHaveBeenCalledTimes(3);
});

test('of a long track, some hundred chunks are read', async () => {
  const catalog = openCatalog();
  const one = catalog.embeddings.put(factsOf('one'), recordingAt(Array.from({ length: 1000 }, (_, at) => at % 60)));
  const other = catalog.embeddings.put(factsOf('other'), recordingAt([90]));
  const read = vi.spyOn(catalog.evidence, 'musicVectors');
  expect(await difference(new AverageSounds(catalog), 30, one, other)).toBeCloseTo(1 - cosine(60), 1);
  const counts = read.mock.results.map(({ value }) => (value as Float32Array[]).length);
  expect(counts).toEqual([63, 1]);
});

test('has nothing to say about tracks without music, queries without chunks, and spaces of one part', async () => {
  const catalog = openCatalog();
  const silent = catalog.embeddings.put(factsOf('silent'), recordingAt([0, 0], ['silence', 'noise']));
  const one = catalog.embeddings.put(factsOf('one'), recordingAt([0]));
  const averages = new AverageSounds(catalog);
  const found = await averages.similarities(spaceId, parts, queryAt(0), [silent, one, 999]);
  expect([...(found?.keys() ?? [])]).toEqual([one]);
  expect(await averages.similarities(spaceId, parts, [], [one])).toBeUndefined();
  expect(await averages.similarities(spaceId, [wholeOf(4)], queryAt(0), [one])).toBeUndefined();
  expect(await averages.similarities('other@1.0.0', parts, queryAt(0), [one])).toEqual(new Map());
});
