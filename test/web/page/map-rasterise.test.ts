import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { marginOf, type Picture, rasterise } from '../../../web/page/map/rasterise.ts';

const blue = [40, 80, 200] as const;

function pictureOf(width: number, height: number, sizePx: number): Picture {
  const margin = marginOf(sizePx);
  const [columns, rows] = [width + 2 * margin, height + 2 * margin];
  return { width: columns, height: rows, margin, pixels: new Int32Array(columns * rows) };
}

/** The square of the unit is 100 x 100 pixels. */
const placement = { scale: 100, x: 0, y: 0 };

function draw(places: readonly (readonly [number, number])[], sizePx: number, rgba: readonly number[][]): Picture {
  const picture = pictureOf(100, 100, sizePx);
  const points = { places: Uint16Array.from(places.flat(), (at) => at * 65_535), rgba: Uint8Array.from(rgba.flat()) };
  rasterise(picture, points, placement, sizePx);
  return picture;
}

/** Red, green, blue and opacity at a pixel inside the margin. */
function pixelAt({ width, margin, pixels }: Picture, x: number, y: number): number[] {
  const pixel = pixels[(y + margin) * width + x + margin] ?? 0;
  return [pixel & 255, (pixel >>> 8) & 255, (pixel >>> 16) & 255, pixel >>> 24];
}

const sumOfOpacity = ({ pixels }: Picture): number => pixels.reduce((sum, pixel) => sum + (pixel >>> 24) / 255, 0);

describe('a point', () => {
  it('is a disc around its place, with its colour and opacity', () => {
    const picture = draw([[0.5, 0.5]], 10, [[...blue, 200]]);
    expect(pixelAt(picture, 50, 50)).toEqual([...blue, 200]);
    expect(pixelAt(picture, 54, 50)[3]).toBeGreaterThan(0);
    expect(pixelAt(picture, 57, 50)[3]).toBe(0);
    expect(pixelAt(picture, 54, 54)[3]).toBe(0);
  });

  it('covers the area of its circle wherever it is', () => {
    const place = fc.double({ min: 0.1, max: 0.9, noNaN: true });
    fc.assert(
      fc.property(place, place, fc.integer({ min: 3, max: 18 }), (x, y, sizePx) => {
        const area = Math.PI * (sizePx / 2) ** 2;
        const covered = sumOfOpacity(draw([[x, y]], sizePx, [[...blue, 255]]));
        expect(Math.abs(covered - area)).toBeLessThan(0.12 * area);
      }),
    );
  });

  it('is cut off at the edge, and not drawn outside of it', () => {
    const onEdge = draw([[0, 0.5]], 10, [[...blue, 255]]);
    expect(pixelAt(onEdge, 0, 50)).toEqual([...blue, 255]);
    const outside = pictureOf(100, 100, 10);
    const points = { places: Uint16Array.of(65_535, 65_535), rgba: Uint8Array.of(...blue, 255) };
    rasterise(outside, points, { scale: 100, x: 20, y: 900 }, 10);
    expect(sumOfOpacity(outside)).toBe(0);
  });
});

describe('two points', () => {
  it('mix by the opacity of the upper one, which is the later one', () => {
    const mixed = draw(
      [
        [0.5, 0.5],
        [0.5, 0.5],
      ],
      6,
      [
        [0, 0, 0, 255],
        [200, 100, 50, 128],
      ],
    );
    const [red = 0, green = 0, blueMixed = 0, opacity] = pixelAt(mixed, 50, 50);
    expect(opacity).toBe(255);
    for (const [got, want] of [
      [red, 100],
      [green, 50],
      [blueMixed, 25],
    ] as const)
      expect(Math.abs(got - want)).toBeLessThan(2);
  });

  it('are more opaque together than each', () => {
    const [one, two] = [
      [[0.5, 0.5]],
      [
        [0.5, 0.5],
        [0.5, 0.5],
      ],
    ] as const;
    const faint = [...blue, 100];
    expect(pixelAt(draw(one, 6, [faint]), 50, 50)[3]).toBe(100);
    expect(pixelAt(draw(two, 6, [faint, faint]), 50, 50)[3]).toBe(161);
  });
});

it('clears what was drawn before', () => {
  const picture = pictureOf(100, 100, 6);
  const pointAt = (x: number) => ({ places: Uint16Array.of(x, 32_768), rgba: Uint8Array.of(...blue, 255) });
  rasterise(picture, pointAt(10_000), placement, 6);
  rasterise(picture, pointAt(50_000), placement, 6);
  expect(pixelAt(picture, 15, 50)[3]).toBe(0);
  expect(pixelAt(picture, 76, 50)[3]).toBe(255);
});
