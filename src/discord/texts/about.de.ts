/** What `/about` says, in German. */
import { amountsIn } from './amounts.ts';
import type { LibraryTexts } from './library.en.ts';

const { count } = amountsIn('de');

export const aboutDe: LibraryTexts['about'] = {
  title: 'Leitmotif',
  what:
    'Ich finde in der Bibliothek Musik, die klingt wie eine Aufnahme, die du mir gibst, mit den Stellen, die sich ' +
    'gleichen, und Ausschnitten zum Hören. Ich höre zu; Titel, Charts und was anderen gefällt lese ich nicht.',
  model: 'Modell',
  modelLine: (name, version, licence) =>
    `Das Modell ${name} ${version}, Lizenz: ${licence}. Es läuft auf der Maschine derer, die mich betreiben.`,
  modelUnknown: 'Das Modell antwortet gerade nicht.',
  kept: 'Gespeicherte Daten',
  keptLine: (days) =>
    'Deine Aufnahme wird gelöscht, sobald sie gehört ist. Es bleiben ihre Prüfsumme (SHA-256), was das Modell aus ihr ' +
    'gemacht hat (Vektoren und ein akustischer Fingerabdruck, aus denen sich nichts mehr hören lässt), die Antwort ' +
    `und die Auszüge von zehn Sekunden, die ihre Ausschnitte spielen. All das geht nach ${count(days, 'Tag', 'Tagen')}.`,
  commands: 'Befehle',
  similar: 'Musik finden, die klingt wie ein Clip, ein Link oder ein Stück der Bibliothek',
  menu: (name) => `**Apps > ${name}** im Menü einer Nachricht: dasselbe mit ihren Aufnahmen`,
  library: 'die Bibliothek verwalten (für Admins eines Servers)',
  about: 'das hier',
  version: (version) => `Version ${version}`,
};
