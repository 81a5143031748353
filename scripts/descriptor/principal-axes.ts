/** Standardisation and principal axes of a set of statistics. It uses no labels, only the variance of the music.
 *
 *  Statistics that move together (all chord counts rise with loud harmony) would otherwise count many times over. On
 *  principal axes, each scaled by its own spread, they count once, and rare but distinctive statistics have an effect.
 */

export interface AxisOptions {
  /** Number of axes kept, those of largest spread first. */
  readonly dimensions: number;
  /** An axis is divided by its variance to this power: 0 rotates only, 0.5 makes all axes equally wide. */
  readonly power: number;
}

/** @param rows all of one length, at least two
 *  @returns projection [statistics, dimensions] row-major and offset [dimensions]: a row times projection plus offset
 *    has mean 0 over `rows`, and a mean squared length of 1. Each axis points to where its largest component is positive. */
export function principalAxes(rows: readonly Float32Array[], { dimensions, power }: AxisOptions) {
  const size = rows[0]?.length ?? 0;
  if (rows.length < 2 || dimensions > size) {
    throw new RangeError(
      `Cannot fit ${dimensions} axes: expected at least 2 rows and ${dimensions} columns, got ${size}`,
    );
  }
  const { mean, deviation } = spreadOf(rows, size);
  const { values, vectors } = eigen(correlations(rows, mean, deviation), size);
  const order = Array.from(values.keys()).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
  const axes = order.slice(0, dimensions);
  const scales = axes.map((axis) => Math.max(values[axis] ?? 0, 1e-9) ** -power * signOf(vectors, axis, size));
  const meanSquare = axes.reduce((sum, axis, i) => sum + (values[axis] ?? 0) * (scales[i] ?? 0) ** 2, 0);
  const projection = new Float32Array(size * dimensions);
  const offset = new Float64Array(dimensions);
  for (let row = 0; row < size; row++) {
    axes.forEach((axis, column) => {
      const weight = ((vectors[row * size + axis] ?? 0) * (scales[column] ?? 0)) / Math.sqrt(meanSquare);
      const value = weight / (deviation[row] ?? 1);
      projection[row * dimensions + column] = value;
      offset[column] = (offset[column] ?? 0) - value * (mean[row] ?? 0);
    });
  }
  return { projection, offset: Float32Array.from(offset) };
}

function spreadOf(rows: readonly Float32Array[], size: number) {
  const mean = new Float64Array(size);
  const variance = new Float64Array(size);
  for (const row of rows) {
    row.forEach((value, i) => {
      mean[i] = (mean[i] ?? 0) + value / rows.length;
    });
  }
  for (const row of rows) {
    row.forEach((value, i) => {
      variance[i] = (variance[i] ?? 0) + (value - (mean[i] ?? 0)) ** 2 / rows.length;
    });
  }
  // A constant statistic carries no information; it stays at 0 instead of dividing by 0.
  return { mean, deviation: variance.map((value) => Math.sqrt(value) + 1e-9) };
}

function correlations(rows: readonly Float32Array[], mean: Float64Array, deviation: Float64Array): Float64Array {
  const size = mean.length;
  const matrix = new Float64Array(size * size);
  for (const row of rows) {
    const standard = Float64Array.from(row, (value, i) => (value - (mean[i] ?? 0)) / (deviation[i] ?? 1));
    for (let i = 0; i < size; i++) {
      const factor = (standard[i] ?? 0) / rows.length;
      for (let j = 0; j < size; j++) matrix[i * size + j] = (matrix[i * size + j] ?? 0) + factor * (standard[j] ?? 0);
    }
  }
  return matrix;
}

function signOf(vectors: Float64Array, axis: number, size: number): number {
  let largest = 0;
  for (let i = 0; i < size; i++) {
    const value = vectors[i * size + axis] ?? 0;
    if (Math.abs(value) > Math.abs(largest)) largest = value;
  }
  return largest < 0 ? -1 : 1;
}

/** Eigenvalues and eigenvectors (columns) of a symmetric matrix, which is overwritten.
 *  @see Golub and Van Loan, Matrix Computations, 8.5: the cyclic Jacobi method */
export function eigen(matrix: Float64Array, size: number): { values: Float64Array; vectors: Float64Array } {
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  const sweepsMax = 30;
  for (let sweep = 0; sweep < sweepsMax && offDiagonal(matrix, size) > 1e-18 * size * size; sweep++) {
    for (let p = 0; p < size - 1; p++) {
      for (let q = p + 1; q < size; q++) rotate(matrix, vectors, size, p, q);
    }
  }
  return { values: Float64Array.from({ length: size }, (_, i) => matrix[i * size + i] ?? 0), vectors };
}

function offDiagonal(matrix: Float64Array, size: number): number {
  let sum = 0;
  for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) sum += (matrix[p * size + q] ?? 0) ** 2;
  return sum;
}

function rotate(matrix: Float64Array, vectors: Float64Array, size: number, p: number, q: number): void {
  const apart = matrix[p * size + q] ?? 0;
  if (Math.abs(apart) < 1e-15) return;
  const theta = ((matrix[q * size + q] ?? 0) - (matrix[p * size + p] ?? 0)) / (2 * apart);
  const tangent = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cosine = 1 / Math.sqrt(tangent * tangent + 1);
  const sine = tangent * cosine;
  const turn = (target: Float64Array, first: number, second: number, stride: number): void => {
    for (let k = 0; k < size; k++) {
      const [a, b] = [first + k * stride, second + k * stride];
      const x = target[a] ?? 0;
      const y = target[b] ?? 0;
      target[a] = cosine * x - sine * y;
      target[b] = sine * x + cosine * y;
    }
  };
  turn(matrix, p, q, size);
  turn(matrix, p * size, q * size, 1);
  turn(vectors, p, q, size);
}
