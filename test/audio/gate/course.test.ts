import fc from 'fast-check';
import { expect, test } from 'vitest';
import { courseOf } from '../../../src/audio/gate/course.ts';

/** Scores of a moment that is of this kind with a likelihood of 98 %. */
const clear = {
  music: Float64Array.of(Math.log(0.98), Math.log(0.01), Math.log(0.01)),
  applause: Float64Array.of(Math.log(0.001), Math.log(0.998), Math.log(0.001)),
  noise: Float64Array.of(Math.log(0.001), Math.log(0.001), Math.log(0.998)),
};
const doubt = Float64Array.of(Math.log(0.34), Math.log(0.33), Math.log(0.33));

function repeat<T>(value: T, times: number): T[] {
  return Array.from({ length: times }, () => value);
}

test('puts the boundary where the evidence changes', () => {
  const scores = [...repeat(clear.music, 4), ...repeat(clear.applause, 6)];
  expect(courseOf(scores)).toEqual([...repeat('music', 4), ...repeat('applause', 6)]);
});

test('gives a single different moment the kind of its neighbours', () => {
  const scores = [...repeat(clear.music, 4), clear.noise, ...repeat(clear.music, 4)];
  expect(courseOf(scores)).toEqual(repeat('music', 9));
});

test('gives moments without evidence the kind of their neighbours', () => {
  const scores = [null, ...repeat(clear.noise, 3), null, null, ...repeat(clear.noise, 3), null];
  expect(courseOf(scores)).toEqual(repeat('noise', 10));
});

test('treats doubtful and empty moments as music', () => {
  expect(courseOf(repeat(doubt, 5))).toEqual(repeat('music', 5));
  expect(courseOf(repeat(null, 5))).toEqual(repeat('music', 5));
  expect(courseOf([])).toEqual([]);
});

test('gives the reversed result for reversed input', () => {
  const score = fc
    .tuple(fc.integer({ min: 1, max: 9973 }), fc.integer({ min: 1, max: 9973 }), fc.integer({ min: 1, max: 9973 }))
    .map((parts) => Float64Array.from(parts, (part) => Math.log(part / (parts[0] + parts[1] + parts[2]))));
  fc.assert(
    fc.property(fc.array(fc.option(score), { minLength: 1, maxLength: 10 }), (scores) => {
      const kinds = courseOf(scores);
      expect(kinds).toHaveLength(scores.length);
      // Two courses may be equally likely; how often kinds change must not depend on the direction.
      const changes = (course: readonly string[]) => course.filter((kind, i) => i > 0 && kind !== course[i - 1]).length;
      expect(Math.abs(changes(courseOf(scores.toReversed())) - changes(kinds))).toBeLessThanOrEqual(1);
    }),
  );
});
