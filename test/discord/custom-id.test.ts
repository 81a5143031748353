import fc from 'fast-check';
import { expect, test } from 'vitest';
import { customIdVersion, readCustomId, writeCustomId } from '../../src/discord/custom-id.ts';

test('comes back as it was written', () => {
  const part = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
  fc.assert(
    fc.property(part, fc.array(part, { maxLength: 5 }), (action, args) => {
      expect(readCustomId(writeCustomId(action, ...args))).toEqual({ action, args });
    }),
  );
});

test('tells other versions and other bots apart', () => {
  expect(readCustomId(`lm${customIdVersion + 1}:listen:x:1`)).toBe('other-version');
  expect(readCustomId('somebody-elses')).toBeNull();
  expect(readCustomId('lm1')).toBeNull();
  expect(readCustomId('')).toBeNull();
});

test('refuses what would not come back, or is too long for Discord', () => {
  expect(() => writeCustomId('a', 'b:c')).toThrow(RangeError);
  expect(() => writeCustomId('a', '')).toThrow(RangeError);
  expect(() => writeCustomId('a', 'x'.repeat(100))).toThrow(/100 characters/);
});
