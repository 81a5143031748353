/** Texts of `/privacy`, in German. */
import { amountsIn } from './amounts.ts';
import type { PrivacyTexts } from './privacy.en.ts';

const { count } = amountsIn('de');

export const privacyDe: PrivacyTexts = {
  command: { name: 'datenschutz', description: 'Was über dich gespeichert ist, und ein Knopf, der es löscht' },
  title: 'Deine Daten',
  intro: 'Das ist über dich gespeichert. Deine Aufnahmen nicht: Jede wird gelöscht, wenn ihre Anfrage endet.',
  nothing:
    'Über dich ist nichts gespeichert. Deine Aufnahmen werden nie gespeichert: Jede wird gelöscht, wenn ihre Anfrage endet.',
  queries: 'Anfragen',
  queriesLine: (answers, embeddings) =>
    `${count(answers, 'Antwort', 'Antworten')} mit Name, Tags und Zehn-Sekunden-Ausschnitten der Aufnahme und ` +
    `${count(embeddings, 'zwischengespeichertes Embedding', 'zwischengespeicherte Embeddings')}`,
  votes: 'Daumen',
  votesLine: (results, shared) =>
    `${count(results, 'Daumen', 'Daumen')} für Treffer, ${count(shared, 'Daumen', 'Daumen')} für geteilte Treffer`,
  shares: 'Geteilte Treffer',
  sharesLine: (shares) => `${count(shares, 'Treffer', 'Treffer')}, von dir in einem Kanal geteilt`,
  jobs: 'Aufträge',
  jobsLine: (jobs) => `${count(jobs, 'Auftrag oder Zeitplan', 'Aufträge und Zeitpläne')} mit deiner Kennung`,
  keptLine: (days) => `Gelöscht ${count(days, 'Tag', 'Tage')} nach der letzten Nutzung.`,
  idsKeptLine: (days) => `Deine Kennung wird nach ${count(days, 'Tag', 'Tagen')} entfernt.`,
  rest:
    'Der Knopf erreicht keine Nachrichten in Discord (lösche sie dort oder bitte die Moderation darum) und nicht die ' +
    'Sicherungen und Protokolle dessen, der den Bot betreibt.',
  erase: 'Meine Daten löschen',
  erased: 'Deine Daten sind gelöscht:',
  erasedNothing: 'Über dich war nichts mehr gespeichert.',
  about: (privacy) =>
    `Daumen, geteilte Treffer und Aufträge nennen dich eine Zeit lang. ${privacy} zeigt und löscht deine Daten.`,
  thumbs: {
    withdraw: 'Meine Daumen zu dieser Antwort zurücknehmen',
    withdrawn: (votes) =>
      votes === 0
        ? 'Zu dieser Antwort hast du keine Daumen vergeben.'
        : `Zurückgenommen: ${count(votes, 'Daumen', 'Daumen')} zu dieser Antwort.`,
  },
  notYours: 'Dieser Knopf gehört jemand anderem. Für deine eigenen Daten gibt es **/datenschutz**.',
};
