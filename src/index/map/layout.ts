/** Where tracks are on the map: near to what sounds like them. Pure and deterministic.
 *
 *  UMAP lays out up to 10,000 tracks, which takes half a minute. Every other track is placed between the tracks of these that
 *  are nearest to it: the rest of a larger library, and tracks that are added later, so that nothing moves.
 *  @see https://arxiv.org/abs/1802.03426
 */
import { UMAP } from 'umap-js';
import { seededRandom } from '../../io/random.ts';

export interface Features {
  /** Shape [count, width], row-major. */
  readonly values: Float32Array;
  readonly width: number;
}

export const landmarksMax = 10_000;
/** UMAP's default. */
const neighbours = 15;
const minDist = 0.15;
const seed = 20_260_101;
/** Tracks that are placed between the same neighbours are not drawn on one point. */
const jitter = 0.008;
const placedBetween = 5;

/** @returns shape [count, 2], in [-1, 1] */
export function layOut({ values, width }: Features): Float32Array {
  const count = values.length / width;
  // UMAP needs more than its neighbours. The first two components are a map too.
  if (count <= neighbours) {
    const plane = Float32Array.from({ length: count * 2 }, (_, at) => values[(at >> 1) * width + (at & 1)] ?? 0);
    return fitted(plane);
  }
  const { indices, distances } = nearestOfEach({ values, width });
  const umap = new UMAP({ nComponents: 2, nNeighbors: neighbours, minDist, random: seededRandom(seed) });
  umap.setPrecomputedKNN(indices, distances);
  const rows = Array.from({ length: count }, (_, row) => [...values.subarray(row * width, row * width + width)]);
  return fitted(Float32Array.from(umap.fit(rows).flat()));
}

/** @param feature shape [width]
 *  @param at coordinates of the landmarks
 *  @returns [x, y] */
export function placeBetween(
  feature: Float32Array,
  landmarks: Features,
  at: Float32Array,
  trackId: number,
): [number, number] {
  const near = nearest(feature, landmarks, Math.min(placedBetween, at.length / 2), -1);
  let [x, y, sum] = [0, 0, 0];
  for (const { row, square } of near) {
    const weight = 1 / (Math.sqrt(square) + 1e-3);
    x += weight * (at[row * 2] ?? 0);
    y += weight * (at[row * 2 + 1] ?? 0);
    sum += weight;
  }
  const random = seededRandom(trackId);
  const clamp = (value: number): number => Math.min(1, Math.max(-1, value + (random() - 0.5) * 2 * jitter));
  return sum === 0 ? [0, 0] : [clamp(x / sum), clamp(y / sum)];
}

/** @returns the row that is nearest to a feature */
export function nearestRow(feature: Float32Array, among: Features): number {
  return nearest(feature, among, 1, -1)[0]?.row ?? 0;
}

/** Exact, with each row itself first, as UMAP wants them. */
function nearestOfEach(features: Features): { indices: number[][]; distances: number[][] } {
  const { values, width } = features;
  const [indices, distances]: [number[][], number[][]] = [[], []];
  for (let row = 0; row * width < values.length; row++) {
    const found = nearest(values.subarray(row * width, row * width + width), features, neighbours - 1, row);
    indices.push([row, ...found.map((one) => one.row)]);
    distances.push([0, ...found.map(({ square }) => Math.sqrt(square))]);
  }
  return { indices, distances };
}

function nearest(
  feature: Float32Array,
  { values, width }: Features,
  wanted: number,
  except: number,
): { row: number; square: number }[] {
  const found: { row: number; square: number }[] = [];
  let worst = Number.POSITIVE_INFINITY;
  for (let row = 0, from = 0; from < values.length; row++, from += width) {
    let square = 0;
    for (let at = 0; at < width; at++) {
      const apart = (feature[at] ?? 0) - (values[from + at] ?? 0);
      square += apart * apart;
    }
    if (square >= worst || row === except) continue;
    let place = found.length;
    while (place > 0 && (found[place - 1]?.square ?? 0) > square) place -= 1;
    found.splice(place, 0, { row, square });
    if (found.length > wanted) found.pop();
    if (found.length === wanted) worst = found[wanted - 1]?.square ?? worst;
  }
  return found;
}

/** Moves and scales into [-1, 1], both axes by the same factor. UMAP's coordinates are around no particular point. */
function fitted(plane: Float32Array): Float32Array {
  const axis = (offset: number) => {
    const own = plane.filter((_, at) => at % 2 === offset);
    const first = own[0] ?? 0;
    const [low, high] = [own.reduce((a, b) => Math.min(a, b), first), own.reduce((a, b) => Math.max(a, b), first)];
    return { middle: (low + high) / 2, half: (high - low) / 2 };
  };
  const axes = [axis(0), axis(1)];
  const half = Math.max(1e-9, ...axes.map((each) => each.half));
  return plane.map((value, at) => (value - (axes[at % 2]?.middle ?? 0)) / half);
}
