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
  results: { name: 'anzahl', description: 'Wie viele Stücke je Seite (sonst 5)' },
  from: { name: 'von', description: 'Anfang des gewünschten Teils, zum Beispiel 0:40' },
  to: { name: 'bis', description: 'Ende des gewünschten Teils, zum Beispiel 1:10' },
  private: { name: 'privat', description: 'Die Antwort nur dir zeigen' },
  sameArtist: { name: 'gleicher_interpret', description: 'Mehr als zwei Stücke von einem Interpreten erlauben' },
  focus: { name: 'schwerpunkt', description: 'Was entscheidet: Klang, Harmonik oder beides (sonst beides)' },
  focusNames: { balanced: 'beides', sound: 'Klang', harmony: 'Harmonik' },
  menuName: 'Ähnliche Musik finden',
};
