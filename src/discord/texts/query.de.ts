/** Replies about queries, in German. */
import { formatTime } from '../../format.ts';
import type { VerdictFacts } from '../../query/answer-facts.ts';
import { amountsIn } from './amounts.ts';
import { similarCommandDe } from './command.de.ts';
import { failureDe } from './failure.de.ts';
import type { QueryTexts } from './query.en.ts';

const { whole, score, tenths, bytes, count, list } = amountsIn('de');
const kinds = { music: 'Musik', silence: 'Stille', applause: 'Applaus', noise: 'Geräusch' } as const;
const clipKinds = { theirs: 'Fund', yours: 'deins', ab: 'beide nacheinander' } as const;

export const queryDe: QueryTexts = {
  untitled: 'ohne Titel',
  verdict: verdictInGerman,
  picture: {
    verdict: verdictInGerman,
    yours: (name, durationSec, part) =>
      `deins: ${name}, ${part ? `${formatTime(part.fromSec)} bis ${formatTime(part.toSec)}` : formatTime(durationSec)}`,
    score: (value) => value.toFixed(2).replace('.', ','),
    match: (value) => `Ähnlichkeit ${value}`,
    kinds,
    closeness: ['identisch', 'sehr ähnlich', 'ähnlich', 'wenig ähnlich'],
  },
  closeness: {
    identical: 'identisch',
    'very similar': 'sehr ähnlich',
    similar: 'ähnlich',
    'less similar': 'wenig ähnlich',
  },

  answer: {
    furtherPlaces: (from, to) => (from === to ? `Treffer ${from}` : `Treffer ${from} bis ${to}`),
    queryLine: ({ name, durationSec, part, chunks }) => {
      const all = formatTime(durationSec);
      const isEndKnown = part !== null && part.toSec < durationSec - 0.5;
      const where = part
        ? `${formatTime(part.fromSec)} bis ${formatTime(part.toSec)}${isEndKnown ? ` von ${all}` : ''}`
        : all;
      return `Anfrage: ${name}, ${where}: ${count(chunks, 'Abschnitt', 'Abschnitte')} verglichen`;
    },
    notCompared: (left) => `, ausgeschlossen: ${list(left.map(({ name, chunks }) => `${whole(chunks)} als ${name}`))}`,
    otherRecording: 'Versuch es mit einer anderen Aufnahme oder einem anderen Teil (Optionen **von** und **bis**).',
    longerPart:
      'Versuch es mit einem längeren oder anderen Teil (Optionen **von** und **bis**). Diese Stücke sind die nächsten, aber keines ist sehr ähnlich.',
    empty: 'Die Bibliothek enthält keine Stücke für eine Rangfolge.',
    score: (closeness, value, votes) => `${closeness}, Wertung ${score(value)} · ${count(votes, 'Stimme', 'Stimmen')}`,
    alsoAs: (names, more) => `auch als ${list([...names, ...(more > 0 ? [`${whole(more)} weitere`] : [])])}`,
    times: (yoursSec, theirsSec) => `deins ${formatTime(yoursSec)} - Fund ${formatTime(theirsSec)}`,
    reason: ({ isSameRecording, agreeingChunks, voters, inStepSec }) =>
      `${isSameRecording ? 'dieselbe Aufnahme laut Fingerabdruck; ' : ''}` +
      `${whole(agreeingChunks)} von ${count(voters, 'Abschnitt', 'Abschnitten')} ${agreeingChunks === 1 ? 'stimmt' : 'stimmen'} überein` +
      `${inStepSec === null ? '' : `, ${whole(inStepSec)} s am Stück`}`,
    sameRecording: 'dieselbe Aufnahme',
    likeness: { sound: 'gleicher Klang', harmony: 'gleiche Harmonik', both: 'in beidem gleich' },
    fromMemory: 'Gespeicherte Antwort',
    footer: (model, generation, ms, reference) =>
      `${model} · Generation ${generation} · ${tenths(ms / 1000)} s · Kennung ${reference}`,
    listen: 'Ein Stück anhören',
    why: 'Warum?',
    more: (from, to) => (from === to ? `Mehr (${from})` : `Mehr (${from} bis ${to})`),
    share: 'Teilen',
    ask: 'Mit einem dieser Stücke suchen',
    rate: 'Ein Stück bewerten',
  },

  clips: {
    kinds: clipKinds,
    order: (listed) => `Ausschnitte, in dieser Reihenfolge: ${listed}`,
    single: (rank) => `Ausschnitt von ${rank}, die anderen unter „Anhören“`,
    picture: (verdict, pieces) => `Trefferbild. ${verdict}. Eine Spur je Stück: ${pieces}`,
    theirs: (piece, sec) => `${piece}, ab ${formatTime(sec)}`,
    yours: (query, sec) => `${query} (deins), ab ${formatTime(sec)}`,
    ab: (query, piece) => `${query} (deins), danach ${piece}`,
    pictureFile: 'das Bild',
    ofPiece: (rank) => `Ausschnitte von ${rank}`,
    tooLarge: (what) => `Zu groß zum Anhängen: ${list(what)}.`,
    notCut: (ranks) =>
      `Keine Ausschnitte von ${list(ranks.map(String))}: ${ranks.length === 1 ? 'Die Aufnahme lässt' : 'Die Aufnahmen lassen'} sich gerade nicht lesen.`,
    mayNotAttach: (permission) =>
      `Der Ausschnitt fehlt, denn mir fehlt hier das Recht **${permission}**. Ein Admin dieses Servers kann es mir geben.`,
    yoursMissing: {
      clip: 'Dein Clip ist nicht mehr gespeichert. Stell die Anfrage noch einmal, um beides zu hören.',
      piece: 'Das Stück der Anfrage lässt sich gerade nicht lesen, darum ist nur der Fund zu hören.',
    },
    none: 'Hier gibt es nichts abzuspielen.',
  },

  votes: {
    up: '👍',
    down: '👎',
    saved: (vote, piece) => `Gespeichert: ${vote} für ${piece}. Du kannst es jederzeit ändern.`,
  },

  share: {
    choose: (channel) => `Welchen Treffer soll ich in ${channel} teilen?`,
    choosePlaceholder: 'Ein Stück auswählen',
    isSame: (query, piece) => `${query} ist ${piece}`,
    soundsLike: (query, piece) => `${query} klingt wie ${piece}`,
    isNear: (query, piece) => `${query}, nächstes Stück: ${piece}`,
    foundBy: (person) => `Gefunden von ${person}`,
    posted: (channel, link) => `Geteilt in ${channel}: ${link}`,
    already: (channel, link) => `Dieser Treffer ist schon in ${channel}: ${link}`,
    beingPosted: (channel) => `Dieser Treffer wird gerade in ${channel} geteilt.`,
  },

  progress: {
    waiting: (place) => (place === null ? 'Warte.' : `Warte: Platz ${whole(place)} in der Warteschlange.`),
    fetching: ({ bytes: got, bytesTotal }) =>
      got === undefined
        ? 'Lade herunter.'
        : `Lade herunter: ${bytes(got)}${bytesTotal ? ` von ${bytes(bytesTotal)}` : ''}.`,
    listening: ({ decodedSec, chunksDone, chunksLeft }) => {
      const position = decodedSec ? ` bis ${formatTime(decodedSec)}` : '';
      const done = chunksDone ? `: ${count(chunksDone, 'Abschnitt', 'Abschnitte')} fertig` : '';
      const left = chunksDone && typeof chunksLeft === 'number' ? `, noch ${whole(chunksLeft)}` : '';
      return `Höre zu${position}${done}${left}.`;
    },
    comparing: 'Vergleiche mit der Bibliothek.',
    cutting: 'Schneide den Ausschnitt.',
    cancel: 'Abbrechen',
    cancelled: 'Abgebrochen.',
    tooLateToCancel: 'Diese Anfrage ist schon beendet.',
  },

  stale: {
    expired:
      'Diese Antwort ist nicht mehr gespeichert. Bitte stell die Anfrage mit demselben Clip oder Link noch einmal.',
    pieceGone: 'Dieses Stück wurde inzwischen aus der Bibliothek entfernt.',
    generationChanged: 'Die Bibliothek hat sich seit dieser Antwort geändert; die Treffer sind vielleicht veraltet.',
    otherVersion:
      'Dieser Knopf stammt von einer anderen Version des Bots und geht nicht mehr. Bitte stell die Anfrage neu mit **/ähnlich**.',
    again: 'Noch einmal suchen',
    interrupted: 'Ich wurde neu gestartet, darum wurde deine Anfrage unterbrochen. Bitte stell sie noch einmal.',
  },

  choose: {
    question: 'Diese Nachricht enthält mehrere Aufnahmen oder Links. Womit soll ich suchen?',
    placeholder: 'Eins auswählen',
    more: (amount) => `${count(amount, 'weiteres ist', 'weitere sind')} nicht aufgeführt.`,
    file: (size) => `Datei, ${size}`,
    fileOfUnknownSize: 'Datei',
    link: 'Link',
    nothing:
      'Diese Nachricht enthält weder eine Aufnahme noch einen Link. Nimm eine Nachricht mit einer Audiodatei, oder schick einen Clip mit **/ähnlich**.',
    bytes,
  },

  again: (retryAt) =>
    retryAt === null ? 'Versuch es in ein paar Minuten noch einmal.' : `Versuch es ${retryAt} noch einmal.`,
  reference: (reference) => `Kennung ${reference}`,
  failure: failureDe,

  permissions: {
    ViewChannel: 'Kanäle ansehen',
    SendMessages: 'Nachrichten senden',
    SendMessagesInThreads: 'Nachrichten in Threads senden',
    EmbedLinks: 'Links einbetten',
    AttachFiles: 'Dateien anhängen',
    ReadMessageHistory: 'Nachrichtenverlauf anzeigen',
    ManageGuild: 'Server verwalten',
  },

  command: similarCommandDe,
};

function verdictInGerman(facts: VerdictFacts): string {
  switch (facts.kind) {
    case 'no-music':
      return `Nur ${facts.kindsFound.map((kind) => kinds[kind]).join(' und ') || kinds.silence}: keine Musik zum Vergleichen`;
    case 'this-is':
      return `Das ist ${facts.name ?? 'eine Aufnahme der Bibliothek'}, ${offsetInGerman(facts.offsetSec)}${speedInGerman(facts.fasterPercent)}`;
    case 'sounds-like':
      return `Klingt wie ${facts.name}`;
    case 'nearest':
      return `Am nächsten, aber nicht ähnlich: ${facts.name}`;
    case 'nothing-close':
      return 'Nichts Ähnliches in der Bibliothek';
  }
}

function speedInGerman(fasterPercent: number | null): string {
  if (fasterPercent === null) return '';
  const percent = String(Math.abs(fasterPercent)).replace('.', ',');
  return `, ${percent} % ${fasterPercent > 0 ? 'schneller' : 'langsamer'} gespielt`;
}

function offsetInGerman(offsetSec: number): string {
  return offsetSec >= 0 ? `ab ${formatTime(offsetSec)}` : `das bei deinen ${formatTime(-offsetSec)} beginnt`;
}
