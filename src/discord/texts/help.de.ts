/** Texts of `/help`, in German. */
import type { HelpTexts } from './help.en.ts';

export const helpDe: HelpTexts = {
  command: { name: 'hilfe', description: 'Wie du Musik findest, die wie eine Aufnahme klingt: drei Beispiele' },
  title: 'So findest du Musik, die ähnlich klingt',
  clip: 'Mit deiner eigenen Aufnahme',
  clipExample: (similar, { clip }) => `${similar} **${clip}:** und eine Datei wählen. Zehn Sekunden vom Handy reichen.`,
  part: 'Mit einem Teil einer Aufnahme hinter einem Link',
  partExample: (similar, { link, from, to }) =>
    `${similar} **${link}:** https://example.org/lied.mp3 **${from}:** 0:40 **${to}:** 1:10`,
  message: 'Mit einer Aufnahme in einer Nachricht',
  messageExample: (menuName) => `Rechtsklick auf die Nachricht, am Handy gedrückt halten, dann **Apps > ${menuName}**.`,
  more: 'Und dann?',
  moreLine: (similar, { piece }) =>
    `Die Antwort nennt die Stücke, die am ähnlichsten klingen, mit Clips zum Vergleichen. ${similar} **${piece}:** sucht ` +
    'mit einem Stück der Bibliothek.',
  commands: (about, privacy) =>
    `${about}: was dieser Bot ist. ${privacy}: was über dich gespeichert ist und wie du es löschst.`,
  sharing: {
    notHere:
      'In diesem Kanal kann ich nichts posten, denn ich bin kein Mitglied dieses Servers oder dieser Gruppe. Frag mit ' +
      'derselben Aufnahme auf einem Server, auf dem ich bin, um dort einen Treffer zu teilen.',
  },
};
