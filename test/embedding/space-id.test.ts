import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SpaceParts, spaceIdOf, spaceSlug } from '../../src/embedding/space-id.ts';

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

  test('refuses parts that would blur into one another', () => {
    expect(() => spaceIdOf({ ...builtin, model: 'a/b' })).toThrow(RangeError);
    expect(() => spaceIdOf({ ...builtin, frontEnd: '' })).toThrow(RangeError);
    expect(() => spaceIdOf({ ...builtin, weightsSha256: 'no sum' })).toThrow(RangeError);
  });
});

describe('the folder name of a space', () => {
  test('is safe on any file system, for any id', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (id) => {
        expect(spaceSlug(id)).toMatch(/^[A-Za-z0-9._@-]{1,110}$/);
      }),
    );
  });

  test('is readable, and differs where only replaced characters do', () => {
    expect(spaceSlug(spaceIdOf(builtin))).toMatch(/^builtin@1\.0\.0_3fa1b2c3d4e5_fp32_w10h10_fe_logmel-1-[0-9a-f]{8}$/);
    expect(spaceSlug('a/b')).not.toBe(spaceSlug('a:b'));
  });
});
