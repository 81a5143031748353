/** Texts of the library and of a track, in German. */
import type { libraryEn } from './library.en.ts';

export const libraryDe: typeof libraryEn = {
  nav: 'Bibliothek',
  heading: 'Bibliothek',
  search: 'Titel, Künstler und Dateinamen durchsuchen',
  title: 'Titel',
  artist: 'Künstler',
  album: 'Album',
  duration: 'Dauer',
  more: 'Mehr zeigen',
  none: 'Kein Stück deiner Bibliothek hat diese Wörter.',
  empty: 'Deine Bibliothek ist leer. Indexiere sie zuerst: npm run index -- ~/Music',
  waveform: (name) => `Wellenform von ${name}`,
  toLibrary: 'Zur Bibliothek',
};
