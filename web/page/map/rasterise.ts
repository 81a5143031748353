/** Draws round points into the pixels of a picture. Pure.
 *
 *  Each point is a stamp: a small square of coverages. A frame makes one for each of 4 x 4 places within a pixel, so that points
 *  move smoothly. 100,000 points of 2.5 pixels take some milliseconds, without a graphics processor.
 */

/** Pixels of straight RGBA, with the margin that a point needs whose middle is just outside. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** On each side, included in `width` and `height`; in pixels. */
  readonly margin: number;
  /** Shape [height, width]; red is the lowest byte, opacity the highest. */
  readonly pixels: Int32Array;
}

export interface Points {
  /** Shape [points, 2], 0 to 65,535 */
  readonly places: Uint16Array;
  /** Shape [points, 4] */
  readonly rgba: Uint8Array;
}

/** From the unit square to the pixels inside the margin: `scale` times the place, plus `x`, `y`. */
export interface Placement {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

const coordinateMax = 65_535;
/** Of 256: less is not seen. */
const coverageMin = 16;
/** Places within a pixel, in each direction. */
const steps = 4;

/** The margin that points of this size need. */
export function marginOf(sizePx: number): number {
  return Math.ceil(sizePx / 2) + 2;
}

/** Clears the picture and draws all points; later ones cover earlier ones.
 *  @param sizePx diameter of a point, at most twice the picture's margin less 2 */
export function rasterise(
  picture: Picture,
  { places, rgba }: Points,
  { scale, x, y }: Placement,
  sizePx: number,
): void {
  const { width, height, margin, pixels } = picture;
  const reach = marginOf(sizePx) - 1;
  const stamps = stampsOf(sizePx, reach, width);
  pixels.fill(0);
  const [perX, left, top] = [scale / coordinateMax, x + margin, y + margin];
  for (let point = 0; point * 2 < places.length; point++) {
    const atX = (places[point * 2] as number) * perX + left;
    const atY = (places[point * 2 + 1] as number) * perX + top;
    const [column, row] = [Math.floor(atX), Math.floor(atY)];
    if (column < reach || row < reach || column >= width - reach || row >= height - reach) continue;
    const place = Math.floor((atX - column) * steps) + Math.floor((atY - row) * steps) * steps;
    const { offsets, coverages } = stamps[place] as Stamp;
    const from = row * width + column;
    const green = (rgba[point * 4 + 1] as number) << 8;
    const redBlue = (rgba[point * 4] as number) | ((rgba[point * 4 + 2] as number) << 16);
    const opacity = rgba[point * 4 + 3] as number;
    for (let at = 0; at < offsets.length; at++) {
      const to = from + (offsets[at] as number);
      const alpha = (opacity * (coverages[at] as number) + 128) >> 8;
      pixels[to] = over(pixels[to] as number, redBlue, green, alpha);
    }
  }
}

/** One pixel over another, both straight RGBA, in whole numbers of 32 bits: red and blue are mixed in one multiplication, and nothing
 *  becomes a floating-point number on the heap.
 *  @param alpha of the upper one, 0 to 255 */
function over(under: number, redBlue: number, green: number, alpha: number): number {
  const underAlpha = under >>> 24;
  if (underAlpha === 0) return (alpha << 24) | green | redBlue;
  const both = alpha + underAlpha - ((alpha * underAlpha * 257 + 0x8000) >> 16);
  const share = ((alpha << 8) / both) | 0;
  const rest = 256 - share;
  const mixedRedBlue = ((Math.imul(redBlue, share) + Math.imul(under & 0xff00ff, rest)) >>> 8) & 0xff00ff;
  const mixedGreen = ((Math.imul(green, share) + Math.imul(under & 0xff00, rest)) >>> 8) & 0xff00;
  return (both << 24) | mixedGreen | mixedRedBlue;
}

interface Stamp {
  /** From the pixel that the point's middle is in. */
  readonly offsets: Int32Array;
  /** 1 to 256 */
  readonly coverages: Uint16Array;
}

function stampsOf(sizePx: number, reach: number, width: number): Stamp[] {
  return Array.from({ length: steps * steps }, (_, place) => {
    const middleX = ((place % steps) + 0.5) / steps;
    const middleY = (Math.floor(place / steps) + 0.5) / steps;
    const covered: [offset: number, coverage: number][] = [];
    for (let row = -reach; row <= reach; row++) {
      for (let column = -reach; column <= reach; column++) {
        const away = Math.hypot(column + 0.5 - middleX, row + 0.5 - middleY);
        // The edge is one pixel wide.
        const coverage = Math.round(256 * Math.min(1, Math.max(0, sizePx / 2 - away + 0.5)));
        if (coverage >= coverageMin) covered.push([row * width + column, coverage]);
      }
    }
    return {
      offsets: Int32Array.from(covered, ([offset]) => offset),
      coverages: Uint16Array.from(covered, ([, coverage]) => coverage),
    };
  });
}
