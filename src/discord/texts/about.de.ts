/** Texts of `/about`, in German. */
import { amountsIn } from './amounts.ts';
import type { LibraryTexts } from './library.en.ts';

const { count } = amountsIn('de');

export const aboutDe: LibraryTexts['about'] = {
  title: 'Leitmotif',
  what:
    'Ich finde in der Bibliothek Musik, die wie deine Aufnahme klingt. Ich zeige die passenden Stellen und spiele ' +
    'Ausschnitte davon. Ich vergleiche nur den Klang, nicht Titel, Charts oder Bewertungen.',
  model: 'Modell',
  modelLine: (name, version, licence) =>
    `Das Modell ${name} ${version}, Lizenz: ${licence}. Es läuft auf dem Rechner des Bot-Besitzers.`,
  modelUnknown: 'Das Modell antwortet gerade nicht.',
  kept: 'Gespeicherte Daten',
  keptLine: (days) =>
    'Ich lösche deine Aufnahme, sobald ich sie verarbeitet habe. Ich speichere ihre Prüfsumme (SHA-256), ihr Embedding ' +
    'und ihren akustischen Fingerabdruck (aus beiden lässt sich kein Ton zurückgewinnen), die Antwort und Auszüge von ' +
    `zehn Sekunden für die Ausschnitte. All das wird nach ${count(days, 'Tag', 'Tagen')} gelöscht.`,
  commands: 'Befehle',
  similar: 'Musik finden, die wie ein Clip, ein Link oder ein Stück der Bibliothek klingt',
  menu: (name) => `**Apps > ${name}** im Menü einer Nachricht: dasselbe mit den Aufnahmen der Nachricht`,
  library: 'die Bibliothek verwalten (für Admins eines Servers)',
  about: 'diese Seite zeigen',
  version: (version) => `Version ${version}`,
};
