/** Which of the tracks that were drawn around on the map come first. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { centralFirst } from '../../../web/page/map/selection.ts';

const coordinate = fc.integer({ min: 0, max: 65_535 });

test('has the nearest to the middle of the selection first', () => {
  const map = { x: [0, 10, 100, 45, 60_000], y: [0, 10, 100, 50, 60_000] };
  expect(centralFirst(map, [0, 1, 2, 3])).toEqual([3, 1, 0, 2]);
  expect(centralFirst(map, [])).toEqual([]);
});

test('has each selected point once, whatever its order was', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(coordinate, coordinate), { maxLength: 40 }), (spots) => {
      const map = { x: spots.map(([x]) => x), y: spots.map(([, y]) => y) };
      const points = [...spots.keys()].filter((point) => point % 3 !== 0);
      const sorted = centralFirst(map, points);
      expect([...sorted].sort((a, b) => a - b)).toEqual(points);
      expect(centralFirst(map, points.toReversed())).toEqual(sorted);
    }),
  );
});
