/** Texts of the map, in German. */
import type { mapEn } from './map.en.ts';

export const mapDe: typeof mapEn = {
  nav: 'Karte',
};
