/** Texts of the administration, in German. */
import type { adminEn } from './admin.en.ts';

export const adminDe: typeof adminEn = {
  nav: 'Verwaltung',
  heading: 'Verwaltung',
  state: 'Stand der Bibliothek',
  tracks: 'Indexierte Stücke',
  failed: 'Fehlgeschlagene Aufnahmen',
  removed: 'Entfernte Stücke',
  hours: 'Stunden Musik',
  chunks: 'Abschnitte',
  chunkCounts: (music, others) => `${music} mit Musik, ${others} andere`,
  index: 'Index, der antwortet',
  built: (at, tracks) => `gebaut am ${at}, mit ${tracks} Stücken`,
  noIndex: (code) => (code === '' ? 'keiner' : `keiner (${code})`),
  worker: 'Embedding-Worker',
  workerStates: { ready: 'bereit', unavailable: 'antwortet nicht' },
  lastRun: 'Letzte Indexierung',
  run: (state, at) => `${runStates[state] ?? state}, ${at}`,
  never: 'nie',
  space: 'Raum des Modells',
  unknown: 'nicht bekannt',
};

const runStates: Readonly<Record<string, string>> = {
  ...{ running: 'läuft', done: 'fertig', failed: 'fehlgeschlagen', cancelled: 'abgebrochen' },
  interrupted: 'unterbrochen',
};
