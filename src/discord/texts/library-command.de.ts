/** Names and descriptions of `/library` and `/about`, in German. */
import type { LibraryTexts } from './library.en.ts';

export const libraryCommandDe: LibraryTexts['command'] = {
  library: { name: 'bibliothek', description: 'Die Musikbibliothek verwalten: für Admins dieses Servers' },
  status: { name: 'status', description: 'Was in der Bibliothek ist und wie es meinen Teilen geht' },
  reindex: {
    name: 'einlesen',
    description: 'Die Bibliothek neu einlesen: sagt zuerst, was zu tun ist und wie lange das dauern mag',
    mode: {
      name: 'umfang',
      description: 'Was einzulesen ist: was sich geändert hat, wenn du nicht alles wählst',
      changed: 'was sich geändert hat',
      everything: 'alles von neuem (nur für die Besitzer des Bots)',
    },
  },
  cancel: { name: 'abbrechen', description: 'Das laufende Einlesen beenden; was davon getan ist, bleibt' },
  failures: { name: 'fehler', description: 'Eine Liste der Aufnahmen, die nicht zu lesen waren, und warum' },
  remove: {
    name: 'entfernen',
    description: 'Ein Stück aus allen Antworten nehmen (nur für die Besitzer des Bots)',
    piece: { name: 'stueck', description: 'Tippe einen Teil von Titel, Interpret oder Dateiname und wähle aus' },
  },
  settings: {
    name: 'einstellungen',
    description: 'Zeigen oder ändern, was für diesen Server und den Zeitplan gilt',
    shareChannel: { name: 'teilen_in', description: 'In welchen Kanal Funde geteilt werden' },
    schedule: { name: 'zeitplan', description: 'Wann Geändertes eingelesen wird, wie in crontab: 0 3 * * *' },
    timeZone: {
      name: 'zeitzone',
      description: 'Des Zeitplans, zum Beispiel Europe/Berlin (UTC, wenn du keine nennst)',
    },
    private: { name: 'privat', description: 'Ob nur die Fragenden ihre Antwort sehen, wenn sie nichts anderes sagen' },
    results: { name: 'treffer', description: 'Wie viele Stücke eine Antwort zeigt, wenn niemand etwas anderes sagt' },
    reset: {
      name: 'zuruecksetzen',
      description: 'Eine Einstellung zurücknehmen',
      shareChannel: 'Kanal zum Teilen: dort, wo der Fund gemacht wurde',
      schedule: 'Zeitplan: keiner',
      results: 'Treffer: 10',
    },
  },
  about: { name: 'info', description: 'Was das ist, was es von Gesendetem behält und was man tippen kann' },
};
