/** Texts of the library and of a track, in German. */
import type { libraryEn } from './library.en.ts';

export const libraryDe: typeof libraryEn = {
  nav: 'Bibliothek',
  heading: 'Bibliothek',
  search: 'Titel, Künstler und Dateinamen durchsuchen',
  clear: 'Suche leeren',
  sort: 'Sortieren nach',
  sorts: { title: 'Titel', artist: 'Künstler', album: 'Album', duration: 'Dauer', added: 'Hinzugefügt' },
  ascending: 'Aufsteigend sortiert; absteigend sortieren',
  descending: 'Absteigend sortiert; aufsteigend sortieren',
  one: 'Stück',
  other: 'Stücke',
  none: 'Kein Stück deiner Bibliothek hat diese Wörter. Versuch es mit weniger Wörtern oder einem Teil davon.',
  empty: 'Deine Bibliothek ist leer. Indexiere sie zuerst: npm run index -- ~/Music',
  listen: 'Anhören',
  hear: (name) => `${name} anhören`,
  hearFrom: (time) => `Ab ${time} anhören`,
  from: 'Ab wo angehört wird',
  waveform: (name) => `Wellenform von ${name}`,
  whole: (name) => `Die ganze Aufnahme: ${name}`,
  download: 'Herunterladen',
  neighbours: 'Nächste Stücke',
  noNeighbours: 'Kein anderes Stück der Bibliothek ist diesem nah.',
  duplicates: 'Dieselbe Aufnahme unter anderen Namen',
  back: 'Zurück',
};
