/** Names and descriptions of `/library` and `/about`, in German. */
import type { LibraryTexts } from './library.en.ts';

export const libraryCommandDe: LibraryTexts['command'] = {
  library: { name: 'bibliothek', description: 'Die Musikbibliothek verwalten: für Admins dieses Servers' },
  status: {
    name: 'status',
    description: 'Den Inhalt der Bibliothek und den Zustand von Worker, Index und Platte zeigen',
  },
  reindex: {
    name: 'einlesen',
    description: 'Die Bibliothek neu einlesen: zeigt zuerst die Arbeit und die erwartete Dauer',
    mode: {
      name: 'umfang',
      description: 'Was einzulesen ist (sonst: was sich geändert hat)',
      changed: 'was sich geändert hat',
      everything: 'alles neu (nur für die Besitzer des Bots)',
    },
  },
  cancel: { name: 'abbrechen', description: 'Das offene Einlesen beenden; die fertige Arbeit ist gespeichert' },
  failures: { name: 'fehler', description: 'Die nicht lesbaren Aufnahmen mit den Gründen auflisten' },
  remove: {
    name: 'entfernen',
    description: 'Ein Stück aus allen Antworten entfernen (nur für die Besitzer des Bots)',
    piece: { name: 'stueck', description: 'Tippe einen Teil von Titel, Interpret oder Dateiname und wähle aus' },
  },
  settings: {
    name: 'einstellungen',
    description: 'Die Einstellungen dieses Servers und den Zeitplan zeigen oder ändern',
    shareChannel: { name: 'teilen_in', description: 'Kanal für geteilte Treffer' },
    schedule: { name: 'zeitplan', description: 'Wann Geändertes eingelesen wird, wie in crontab: 0 3 * * *' },
    timeZone: {
      name: 'zeitzone',
      description: 'Zeitzone des Zeitplans, zum Beispiel Europe/Berlin (sonst UTC)',
    },
    private: { name: 'privat', description: 'Ob Antworten normalerweise privat sind' },
    results: { name: 'treffer', description: 'Wie viele Stücke eine Antwort normalerweise zeigt' },
    reset: {
      name: 'zuruecksetzen',
      description: 'Eine Einstellung auf den Standard zurücksetzen',
      shareChannel: 'Kanal zum Teilen: der Kanal der Anfrage',
      schedule: 'Zeitplan: keiner',
      results: 'Treffer: 10',
    },
  },
  about: { name: 'info', description: 'Zeigt, was der Bot tut, welche Daten er speichert, und seine Befehle' },
};
