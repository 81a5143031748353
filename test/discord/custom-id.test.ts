import fc from 'fast-check';
import { expect, test } from 'vitest';
import { customIdVersion, readCustomId, writeCustomId } from '../../src/discord/custom-id.ts';

test('reads back what it wrote', () => {
  const part = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
  fc.assert(
    fc.property(part, fc.array(part, { maxLength: 5 }), (action, args) => {
      expect(readCustomId(writeCustomId(action, ...args))).toEqual({ action, args });
    }),
  );
});

test('distinguishes other versions and other bots', () => {
  expect(readCustomId(`lm${customIdVersion + 1}:listen:x:1`)).toBe('other-version');
  expect(readCustomId('somebody-elses')).toBeNull();
  expect(readCustomId('lm1')).toBeNull();
  expect(readCustomId('')).toBeNull();
});

test('refuses ids that could not be read back or are too long for Discord', () => {
  expect(() => writeCustomId('a', 'b:c')).toThrow(RangeError);
  expect(() => writeCustomId('a', '')).toThrow(RangeError);
  expect(() => writeCustomId('a', 'x'.repeat(100))).toThrow(/100 characters/);
});
