/** Names and descriptions of the commands about queries, in German. */
import type { similarCommandEn } from './command.en.ts';

export const similarCommandDe: typeof similarCommandEn = {
  name: 'ähnlich',
  description: 'Findet Musik, die wie ein Clip, ein Link oder ein Stück der Bibliothek klingt',
  clip: {
    name: 'clip',
    description: 'Eine Aufnahme oder ein Video: mp3, m4a, ogg, flac, wav, mp4 und fast alles andere',
  },
  link: {
    name: 'link',
    description: 'Ein direkter Link zu einer Audiodatei (bei Nachrichten: Apps > Ähnliche Musik finden im Menü)',
  },
  piece: { name: 'stück', description: 'Ein Stück der Bibliothek: Teil von Titel, Interpret oder Dateiname eintippen' },
  results: { name: 'anzahl', description: 'Wie viele Stücke auf einmal (10, wenn du nichts wählst)' },
  from: { name: 'von', description: 'Nur mit einem Teil fragen: wo er beginnt, zum Beispiel 0:40' },
  to: { name: 'bis', description: 'Wo der Teil endet, zum Beispiel 1:10' },
  private: { name: 'privat', description: 'Die Antwort nur dir zeigen' },
  sameArtist: { name: 'gleicher_interpret', description: 'Auch mehr als zwei Stücke von einem Interpreten' },
  menuName: 'Ähnliche Musik finden',
};
