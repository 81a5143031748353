import { describe, expect, test } from 'vitest';
import { type SpaceParts, spaceIdOf } from '../../src/models/space-id.ts';

const builtin: SpaceParts = {
  model: 'builtin',
  version: '1.0.0',
  weightsSha256: `3fa1b2c3d4e5${'0'.repeat(52)}`,
  precision: 'fp32',
  windowSec: 10,
  hopSec: 10,
  frontEnd: 'logmel-1',
};

describe('the space id', () => {
  test('names model, weights, precision, window and front-end', () => {
    expect(spaceIdOf(builtin)).toBe('builtin@1.0.0/3fa1b2c3d4e5/fp32/w10h10/fe:logmel-1');
  });

  test('changes with every part', () => {
    const others: Partial<SpaceParts>[] = [
      { model: 'clap' },
      { version: '1.0.1' },
      { weightsSha256: 'a'.repeat(64) },
      { precision: 'int8' },
      { windowSec: 7.5 },
      { hopSec: 5 },
      { frontEnd: 'logmel-2' },
    ];
    const ids = [{}, ...others].map((other) => spaceIdOf({ ...builtin, ...other }));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('refuses ambiguous parts', () => {
    expect(() => spaceIdOf({ ...builtin, model: 'a/b' })).toThrow(RangeError);
    expect(() => spaceIdOf({ ...builtin, frontEnd: '' })).toThrow(RangeError);
    expect(() => spaceIdOf({ ...builtin, weightsSha256: 'no sum' })).toThrow(RangeError);
  });
});
