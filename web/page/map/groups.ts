/** What the points of the map are coloured by, and their colours. Pure. */
import type { MapView } from '../api/types.ts';

export type ColourBy = 'cluster' | 'artist' | 'album';

export interface Group {
  /** null: all others. */
  readonly name: string | null;
  readonly tracks: number;
  readonly colour: string;
}

export interface Groups {
  /** The largest first, the others last. */
  readonly groups: readonly Group[];
  /** The group of each point. */
  readonly of: Uint8Array;
}

/** Told apart by eye, on light and on dark. */
const colours = [
  ...['#5b6ee1', '#e8833a', '#2fa58a', '#d9506a', '#8f63c9', '#c8a415', '#3f9bd1', '#7aa843', '#c46aa8', '#a3704a'],
  ...['#4fb7b0', '#8791a8'],
];
const otherColour = '#9a98a6';
/** More would not be told apart. */
export const groupsMax = colours.length;

export function groupsOf(map: MapView, by: ColourBy): Groups {
  const values = map[by];
  const names = by === 'artist' ? map.artists : by === 'album' ? map.albums : null;
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const known = [...counts].filter(([value]) => value >= 0);
  // Clusters keep their colours; of artists and albums, the largest have one.
  const order = names ? known.sort((a, b) => b[1] - a[1] || a[0] - b[0]) : known.sort((a, b) => a[0] - b[0]);
  const shown = order.slice(0, groupsMax);
  const places = new Map(shown.map(([value], place) => [value, place]));
  const groups = shown.map(([value, tracks], place): Group => {
    return { name: names?.[value] ?? String(value + 1), tracks, colour: colours[place] ?? otherColour };
  });
  const others = values.length - groups.reduce((sum, { tracks }) => sum + tracks, 0);
  if (others > 0) groups.push({ name: null, tracks: others, colour: otherColour });
  return { groups, of: Uint8Array.from(values, (value) => places.get(value) ?? shown.length) };
}

/** @param selected null: all are shown alike
 *  @returns shape [points, 4] */
export function coloursOf({ groups, of }: Groups, selected: ReadonlySet<number> | null): Uint8Array {
  const rgb = groups.map(({ colour }) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)));
  const rgba = new Uint8Array(of.length * 4);
  for (let point = 0; point < of.length; point++) {
    const group = of[point] ?? 0;
    rgba.set(rgb[group] ?? [], point * 4);
    const isDim = selected !== null && !selected.has(point);
    rgba[point * 4 + 3] = isDim ? 40 : groups[group]?.name === null ? 130 : 215;
  }
  return rgba;
}
