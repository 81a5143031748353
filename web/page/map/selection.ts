/** The tracks that were drawn around. Pure. */
import type { MapView } from '../api/types.ts';

/** The points nearest to the middle of all of them first: these are what the others are around. */
export function centralFirst({ x, y }: Pick<MapView, 'x' | 'y'>, points: readonly number[]): readonly number[] {
  const mean = (axis: readonly number[]): number =>
    points.reduce((sum, point) => sum + (axis[point] ?? 0), 0) / points.length;
  const [middleX, middleY] = [mean(x), mean(y)];
  const away = (point: number): number => ((x[point] ?? 0) - middleX) ** 2 + ((y[point] ?? 0) - middleY) ** 2;
  return [...points].sort((a, b) => away(a) - away(b) || a - b);
}
