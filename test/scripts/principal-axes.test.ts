import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eigen, principalAxes } from '../../scripts/descriptor/principal-axes.ts';

const symmetric = fc.integer({ min: 1, max: 8 }).chain((size) =>
  fc
    .array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: size * size, maxLength: size * size })
    .map((values) => ({
      size,
      matrix: Float64Array.from(values, (_, i) => {
        const [row, column] = [Math.floor(i / size), i % size];
        return values[Math.min(row, column) * size + Math.max(row, column)] ?? 0;
      }),
    })),
);

test('eigenvectors and eigenvalues reproduce their matrix', () => {
  fc.assert(
    fc.property(symmetric, ({ size, matrix }) => {
      const { values, vectors } = eigen(matrix.slice(), size);
      matrix.forEach((value, i) => {
        const [row, column] = [Math.floor(i / size), i % size];
        const sum = values.reduce(
          (total, lambda, k) => total + lambda * (vectors[row * size + k] ?? 0) * (vectors[column * size + k] ?? 0),
          0,
        );
        expect(sum).toBeCloseTo(value, 6);
      });
    }),
  );
});

test('centres and decorrelates rows with equal variance and mean square length 1 at power 0.5', () => {
  const rows = Array.from({ length: 200 }, (_, t) =>
    Float32Array.of(Math.sin(t), 5 + Math.sin(t) + Math.cos(t * t), 100 * Math.sin(3 * t * t), -Math.cos(t * t)),
  );
  const { projection, offset } = principalAxes(rows, { dimensions: 3, power: 0.5 });
  const projected = rows.map((row) =>
    [0, 1, 2].map((k) => row.reduce((sum, value, i) => sum + value * (projection[i * 3 + k] ?? 0), offset[k] ?? 0)),
  );
  for (const a of [0, 1, 2]) {
    expect(projected.reduce((sum, row) => sum + (row[a] ?? 0), 0) / rows.length).toBeCloseTo(0, 4);
    for (const b of [0, 1, 2]) {
      const product = projected.reduce((sum, row) => sum + (row[a] ?? 0) * (row[b] ?? 0), 0) / rows.length;
      expect(product).toBeCloseTo(a === b ? 1 / 3 : 0, 4);
    }
  }
});

test('refuses more axes than statistics', () => {
  expect(() => principalAxes([new Float32Array(3), new Float32Array(3)], { dimensions: 4, power: 0 })).toThrow(
    RangeError,
  );
});
