/** Texts about the caller and what they do with an answer, in German. */
import type { peopleEn } from './people.en.ts';

export const peopleDe: typeof peopleEn = {
  forgetKey: 'API-Schlüssel vergessen',
  signIn: 'Mit Discord anmelden',
  signOut: 'Abmelden',
  signedInAs: (name) => `Angemeldet als ${name}`,
  signInHint: 'Mitglieder des Heimatservers können hier suchen; wer ihn verwaltet, verwaltet auch die Bibliothek.',
  orKey: 'Oder mit einem API-Schlüssel',
  outcomes: {
    cancelled: 'Du bist nicht angemeldet, weil es bei Discord abgebrochen wurde. Versuch es jederzeit noch einmal.',
    'no-role':
      'Du bist nicht angemeldet: Diese Bibliothek ist für Mitglieder eines bestimmten Discord-Servers. Frag die Person, die sie betreibt.',
    unavailable: 'Du bist nicht angemeldet: Discord antwortet gerade nicht. Versuch es in einer Minute noch einmal.',
    failed:
      'Du bist nicht angemeldet: Der Versuch hat zu lange gedauert oder war schon benutzt. Versuch es noch einmal.',
  },

  refine: {
    more: 'Mehr davon',
    moreNamed: (name) => `Mehr davon: ${name}`,
    plus: 'Ähnlicher',
    plusNamed: (name) => `Ähnlicher: ${name}`,
    minus: 'Unähnlicher',
    minusNamed: (name) => `Unähnlicher: ${name}`,
    heading: 'Mit mehreren Stücken suchen',
    remove: (name) => `${name} herausnehmen`,
    ask: 'Damit suchen',
    needsPlus: 'Nimm ein Stück dazu, dem die Treffer ähneln sollen.',
    chipPlus: (name) => `+ ${name}`,
    chipMinus: (name) => `\u2212 ${name}`,
    momentOf: (name, moment) => `${name}, ${moment}`,
    tooMany: 'Höchstens zehn Stücke von jeder Art.',
  },

  votes: {
    up: (name) => `Guter Treffer: ${name}`,
    down: (name) => `Schlechter Treffer: ${name}`,
  },

  share: {
    copy: 'Link zu dieser Antwort kopieren',
    copied: 'Kopiert. Wer den Link hat, sieht diese Antwort.',
    copyByHand: 'Kopier diesen Link. Wer ihn hat, sieht diese Antwort:',
    inDiscord: 'In Discord teilen',
    inDiscordNamed: (name) => `In Discord teilen: ${name}`,
    inServer: (server) => `In ${server} teilen`,
    inServerNamed: (server, name) => `In ${server} teilen: ${name}`,
    shared: 'In Discord geteilt.',
    already: 'Es steht schon dort.',
    open: 'Zum Beitrag',
    seen: 'Jemand hat diese Antwort mit dir geteilt.',
    askYourself: 'Mit einem Stück von dir suchen',
  },

  record: {
    start: 'Aufnehmen, was gerade läuft',
    stop: 'Beenden und suchen',
    cancel: 'Abbrechen',
    running: (left) => `Hört zu: noch ${left}`,
    level: 'Pegel',
    quiet: 'Es ist sehr leise. Halt das Mikrofon näher hin.',
    needsHttps:
      'Zum Aufnehmen braucht es HTTPS, oder diese Seite auf dem Gerät selbst (localhost): Sonst geben Browser kein Mikrofon frei.',
    refused:
      'Der Browser gibt kein Mikrofon frei. Erlaub es in den Einstellungen dieser Seite, und versuch es noch einmal.',
    missing: 'Es gibt kein Mikrofon.',
    name: 'Aufnahme',
  },

  part: {
    label: 'Teil deines Stücks',
    hint: 'Zieh auf der Wellenform, um einen Teil zu wählen.',
    ask: (from, to) => `Mit ${from} bis ${to} suchen`,
    from: 'Beginnt bei',
    to: 'Endet bei',
  },
};
