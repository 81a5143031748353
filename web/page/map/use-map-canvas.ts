/** The canvas of the map: zooming and moving, the point next to the pointer, and the lasso. */
import { polygonContains } from 'd3-polygon';
import { select } from 'd3-selection';
import { type ZoomBehavior, type ZoomTransform, zoom, zoomIdentity } from 'd3-zoom';
import KDBush from 'kdbush';
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { MapView } from '../api/types.ts';
import { createDrawing, type View } from './drawing.ts';

type Spot = [x: number, y: number];

export interface MapCanvas {
  readonly canvas: RefObject<HTMLCanvasElement | null>;
  /** The point next to the pointer, and where it is in the canvas; null: none. */
  readonly pointed: { readonly point: number; readonly x: number; readonly y: number } | null;
  /** What is being drawn around points, in CSS pixels. */
  readonly lasso: readonly Spot[];
  /** Points in view, the most central first, after the last movement. */
  readonly inView: readonly number[];
  readonly zoomBy: (factor: number) => void;
  readonly moveBy: (x: number, y: number) => void;
  readonly showAll: () => void;
}

export interface MapCanvasOptions {
  readonly map: MapView;
  readonly rgba: Uint8Array;
  /** Whether dragging draws around points in place of moving the map; with the shift key it always does. */
  readonly isLasso: boolean;
  readonly onPick: (point: number, isTouch: boolean) => void;
  readonly onSelect: (points: readonly number[]) => void;
}

const coordinateMax = 65_535;
const marginShare = 0.94;
const zoomMax = 200;
const nearPx = 14;
const listedMax = 20;
const settledMs = 250;

export function useMapCanvas({ map, rgba, isLasso, onPick, onSelect }: MapCanvasOptions): MapCanvas {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawing = useRef<ReturnType<typeof createDrawing> | null>(null);
  const transform = useRef<ZoomTransform>(zoomIdentity);
  const behaviour = useRef<ZoomBehavior<HTMLCanvasElement, unknown> | null>(null);
  const frame = useRef(0);
  const [pointed, setPointed] = useState<MapCanvas['pointed']>(null);
  const [lasso, setLasso] = useState<readonly Spot[]>([]);
  const [inView, setInView] = useState<readonly number[]>([]);
  const tree = useMemo(() => treeOf(map), [map]);
  // The handlers of the canvas are set once, and read what is current.
  const current = useRef({ isLasso, onPick, onSelect });
  current.current = { isLasso, onPick, onSelect };

  const view = useCallback((): View => {
    const { clientWidth: width, clientHeight: height } = canvas.current ?? { clientWidth: 1, clientHeight: 1 };
    const side = Math.min(width, height) * marginShare;
    const { k, x, y } = transform.current;
    return { width, height, scale: side * k, x: x + (k * (width - side)) / 2, y: y + (k * (height - side)) / 2 };
  }, []);
  const places = useMemo(() => placesOf(map), [map]);
  const colours = useRef(rgba);
  const draw = useCallback(() => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => {
      const { k } = transform.current;
      drawing.current?.({ places, rgba: colours.current }, view(), pointSize(places.length / 2, k));
    });
  }, [view, places]);

  useEffect(() => {
    colours.current = rgba;
    draw();
  }, [rgba, draw]);

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    drawing.current = createDrawing(element);
    const sizes = new ResizeObserver(draw);
    sizes.observe(element);
    return () => {
      sizes.disconnect();
      cancelAnimationFrame(frame.current);
      drawing.current = null;
    };
  }, [draw]);

  const settle = useCallback(() => {
    const { width, height, scale, x, y } = view();
    const [left, top, right, bottom] = [-x / scale, -y / scale, (width - x) / scale, (height - y) / scale];
    const [middleX, middleY] = [(left + right) / 2, (top + bottom) / 2];
    const away = (point: number): number => (unit(map.x[point]) - middleX) ** 2 + (unit(map.y[point]) - middleY) ** 2;
    const seen = tree.around(middleX, middleY, Math.max(right - left, bottom - top) / 2);
    setInView(seen.sort((a, b) => away(a) - away(b)).slice(0, listedMax));
  }, [view, map, tree]);

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let path: Spot[] | null = null;
    let pressedAt: Spot | null = null;
    const moves = zoom<HTMLCanvasElement, unknown>()
      .scaleExtent([1, zoomMax])
      .filter((event: MouseEvent) => {
        if (event.type === 'wheel') return true;
        return event.button === 0 && !current.current.isLasso && !event.shiftKey;
      })
      .on('zoom', ({ transform: now }: { transform: ZoomTransform }) => {
        transform.current = now;
        setPointed(null);
        draw();
        clearTimeout(timer);
        timer = setTimeout(settle, settledMs);
      });
    behaviour.current = moves;
    const selection = select(element);
    selection.call(moves).on('dblclick.zoom', null);
    settle();

    const spotOf = ({ clientX, clientY }: PointerEvent): Spot => {
      const { left, top } = element.getBoundingClientRect();
      return [clientX - left, clientY - top];
    };
    const pointNear = ([x, y]: Spot): MapCanvas['pointed'] => {
      const { scale, x: fromX, y: fromY } = view();
      const point = tree.nearest((x - fromX) / scale, (y - fromY) / scale, nearPx / scale);
      if (point === null) return null;
      return { point, x: unit(map.x[point]) * scale + fromX, y: unit(map.y[point]) * scale + fromY };
    };
    const onDown = (event: PointerEvent): void => {
      pressedAt = spotOf(event);
      if (event.button !== 0 || !(current.current.isLasso || event.shiftKey)) return;
      path = [spotOf(event)];
      element.setPointerCapture(event.pointerId);
    };
    const onMove = (event: PointerEvent): void => {
      const spot = spotOf(event);
      if (path) {
        path.push(spot);
        setLasso([...path]);
      } else if (event.buttons === 0) setPointed(pointNear(spot));
    };
    const onUp = (event: PointerEvent): void => {
      const spot = spotOf(event);
      const isClick = pressedAt !== null && Math.hypot(spot[0] - pressedAt[0], spot[1] - pressedAt[1]) < 5;
      pressedAt = null;
      if (path && !isClick) {
        const { scale, x, y } = view();
        const around = path.map(([left, top]): Spot => [(left - x) / scale, (top - y) / scale]);
        current.current.onSelect(tree.within(around));
      } else if (isClick) {
        const near = pointNear(spot);
        const isTouch = event.pointerType === 'touch';
        setPointed(isTouch ? near : null);
        if (near) current.current.onPick(near.point, isTouch);
      }
      path = null;
      setLasso([]);
    };
    const onLeave = (): void => setPointed(null);
    element.addEventListener('pointerdown', onDown);
    element.addEventListener('pointermove', onMove);
    element.addEventListener('pointerup', onUp);
    element.addEventListener('pointerleave', onLeave);
    return () => {
      clearTimeout(timer);
      selection.on('.zoom', null);
      element.removeEventListener('pointerdown', onDown);
      element.removeEventListener('pointermove', onMove);
      element.removeEventListener('pointerup', onUp);
      element.removeEventListener('pointerleave', onLeave);
    };
  }, [map, tree, view, draw, settle]);

  const change = useCallback(
    (how: (moves: ZoomBehavior<HTMLCanvasElement, unknown>, on: HTMLCanvasElement) => void) => {
      if (behaviour.current && canvas.current) how(behaviour.current, canvas.current);
    },
    [],
  );
  return {
    ...{ canvas, pointed, lasso, inView },
    zoomBy: (factor) => change((moves, on) => moves.scaleBy(select(on), factor)),
    moveBy: (x, y) =>
      change((moves, on) => moves.translateBy(select(on), x / transform.current.k, y / transform.current.k)),
    showAll: () => change((moves, on) => moves.transform(select(on), zoomIdentity)),
  };
}

function unit(value: number | undefined): number {
  return (value ?? 0) / coordinateMax;
}

/** @returns shape [points, 2] */
function placesOf({ ids, x, y }: MapView): Uint16Array {
  const at = new Uint16Array(ids.length * 2);
  for (let point = 0; point < ids.length; point++) {
    at[point * 2] = x[point] ?? 0;
    at[point * 2 + 1] = y[point] ?? 0;
  }
  return at;
}

/** Few points are larger, and all grow a little while the map is enlarged. */
function pointSize(points: number, zoomed: number): number {
  const whole = Math.min(11, Math.max(2.5, 420 / Math.sqrt(points)));
  return Math.min(18, whole * zoomed ** 0.4);
}

function treeOf(map: MapView) {
  const tree = new KDBush(Math.max(1, map.ids.length), 64, Float32Array);
  for (let point = 0; point < map.ids.length; point++) tree.add(unit(map.x[point]), unit(map.y[point]));
  if (map.ids.length === 0) tree.add(2, 2);
  tree.finish();
  const real = (points: number[]): number[] => points.filter((point) => point < map.ids.length);
  return {
    nearest(x: number, y: number, radius: number): number | null {
      const away = (point: number): number => (unit(map.x[point]) - x) ** 2 + (unit(map.y[point]) - y) ** 2;
      return real(tree.within(x, y, radius)).sort((a, b) => away(a) - away(b))[0] ?? null;
    },
    around: (x: number, y: number, half: number): number[] => real(tree.range(x - half, y - half, x + half, y + half)),
    within(polygon: Spot[]): number[] {
      const [xs, ys] = [polygon.map(([x]) => x), polygon.map(([, y]) => y)];
      const box = tree.range(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
      return real(box).filter((point) => polygonContains(polygon, [unit(map.x[point]), unit(map.y[point])]));
    },
  };
}
