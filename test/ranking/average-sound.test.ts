import { describe, expect, test } from 'vitest';
import { averageOf, similaritiesOfAverages, soundPartOf } from '../../src/ranking/average-sound.ts';
import { partsOf, wholeOf } from '../../src/ranking/space-parts.ts';

const vector = (...values: number[]) => Float32Array.from(values);

describe('the average of vectors', () => {
  test('is the direction of their mean', () => {
    const average = averageOf([vector(1, 0), vector(1, 0), vector(0, 2)]) ?? vector();
    expect([...average]).toEqual([expect.closeTo(Math.SQRT1_2, 6), expect.closeTo(Math.SQRT1_2, 6)]);
  });

  test('is null without vectors, and where they cancel each other out', () => {
    expect(averageOf([])).toBeNull();
    expect(averageOf([vector(1, 0), vector(-1, 0)])).toBeNull();
  });
});

test('tracks are compared with each other: the usual similarity counts 0', () => {
  const query = vector(1, 0);
  const tracks = new Map([
    [7, vector(1, 0)],
    [8, vector(0.6, 0.8)],
    [9, vector(0, 1)],
  ]);
  const found = similaritiesOfAverages(query, tracks);
  const mean = (1 + 0.6 + 0) / 3;
  expect([...found.keys()]).toEqual([7, 8, 9]);
  expect([...found.values()]).toEqual([1 - mean, 0.6 - mean, -mean].map((value) => expect.closeTo(value, 6)));
  expect(similaritiesOfAverages(query, new Map())).toEqual(new Map());
});

test('only spaces with a part "sound" have an average sound', () => {
  expect(soundPartOf(partsOf('builtin@3.0.0', 384))?.dimensions).toBe(192);
  expect(soundPartOf([wholeOf(512)])).toBeUndefined();
});
