import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { flatNumbers, itemToJson, parseAnswer } from '../../../embedding-worker/engines/remote/json-tensor.ts';

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
const anyItem = shapes.chain((shape) => {
  const length = shape.reduce((a, b) => a * b, 1);
  return fc.record({
    shape: fc.constant(shape),
    values: fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: length, maxLength: length }),
  });
});

function shapeOf(value: unknown): number[] {
  return Array.isArray(value) ? [value.length, ...shapeOf(value[0])] : [];
}

describe('a tensor in JSON', () => {
  test('is read back with the same values and shape', () => {
    fc.assert(
      fc.property(anyItem, ({ shape, values }) => {
        const item = Float32Array.from(values);
        const json: unknown = JSON.parse(itemToJson(item, shape).toString());
        expect(shapeOf(json)).toEqual(shape);
        // -0 is written as 0; every other value is unchanged.
        expect([...(flatNumbers(json) ?? [])]).toEqual([...item].map((value) => value + 0));
        expect(JSON.parse(itemToJson(item, 'flat').toString())).toEqual((json as unknown[]).flat(9));
      }),
    );
  });

  test('takes about 12 bytes a value, so that 20 CLAP windows fit into 16 MB', () => {
    const mel = Float32Array.from({ length: 1001 * 64 }, (_, i) => -50 + 45 * Math.sin(i * 1.37));
    expect(itemToJson(mel, [1, 1001, 64]).length * 20).toBeLessThan(16_000_000);
  });

  test('refuses values that JSON cannot represent', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => itemToJson(Float32Array.of(1, value), [2])).toThrow(`Cannot send ${value}`);
    }
  });

  test('has null for what JSON cannot represent, and is refused when it is no JSON', () => {
    const parsed = parseAnswer(Buffer.from('{"NaN": "NaN, 1", "rows": [[1,NaN],[-Infinity, 2 ],[Infinity]]}'));
    expect(parsed).toEqual({ NaN: 'NaN, 1', rows: [[1, null], [null, 2], [null]] });
    for (const wrong of ['{"rows": [NaN', '{"rows": nan}', 'NaN?', '']) {
      expect(() => parseAnswer(Buffer.from(wrong))).toThrow(SyntaxError);
    }
  });

  test('is refused when it contains anything but numbers; null means NaN', () => {
    expect(flatNumbers([[1, null], [2]])).toEqual(Float32Array.of(1, Number.NaN, 2));
    for (const wrong of [1, 'a', null, { a: 1 }, ['a'], [[1], 2], [[1], ['a']], [true]]) {
      expect(flatNumbers(wrong)).toBeNull();
    }
  });
});
