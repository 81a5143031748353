import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { spaceFolder } from '../../src/index/generation-folder.ts';

const nameOf = (spaceId: string): string => path.relative('/index/generations', spaceFolder('/index', spaceId));

describe('the folder name of a space', () => {
  test('is safe on any file system for any id', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (id) => {
        expect(nameOf(id)).toMatch(/^[A-Za-z0-9._@-]{1,110}$/);
      }),
    );
  });

  test('is readable, and differs for ids that differ only in replaced characters', () => {
    expect(nameOf('builtin@1.0.0/3fa1b2c3d4e5/fp32')).toMatch(/^builtin-1\.0\.0-3fa1b2c3d4e5-fp32-[0-9a-f]{8}$/);
    expect(nameOf('a/b')).not.toBe(nameOf('a:b'));
  });
});
