/** Draws the map's points on a canvas, pixel by pixel: docs/decisions/062. */
import { marginOf, type Picture, type Points, rasterise } from './rasterise.ts';

export interface View {
  /** Of the canvas, in CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** From the unit square to CSS pixels: `scale` times the place, plus `x`, `y`. */
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

/** @returns draws all points; keeps its pixels from one call to the next */
export function createDrawing(canvas: HTMLCanvasElement): (points: Points, view: View, pointPx: number) => void {
  // Pixels are only written: a canvas in main memory takes them without a detour.
  const context = canvas.getContext('2d', { willReadFrequently: true });
  let image = new ImageData(1, 1);
  return (points, { width, height, scale, x, y }, pointPx) => {
    const ratio = devicePixelRatio;
    const [wide, high] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
    const margin = marginOf(pointPx * ratio);
    const [columns, rows] = [wide + 2 * margin, high + 2 * margin];
    if (image.width !== columns || image.height !== rows) image = new ImageData(columns, rows);
    if (canvas.width !== wide || canvas.height !== high) {
      canvas.width = wide;
      canvas.height = high;
    }
    const pixels = new Int32Array(image.data.buffer);
    const picture: Picture = { width: columns, height: rows, margin, pixels };
    rasterise(picture, points, { scale: scale * ratio, x: x * ratio, y: y * ratio }, pointPx * ratio);
    context?.putImageData(image, -margin, -margin);
  };
}
