/** The page's own texts, in German. */
import type { OwnTexts } from './en.ts';

export const pageDe: OwnTexts = {
  title: 'Leitmotif',
  about: 'Finde Musik, die klingt wie ein Stück von dir',
  toStart: 'Mit einem anderen Stück suchen',
  navigation: 'Seiten',
  loading: 'Lädt',

  ask: {
    nav: 'Suchen',
    heading: 'Wie soll es klingen?',
    drop: 'Zieh eine Aufnahme auf diese Seite, oder füg sie ein',
    choose: 'Aufnahme wählen',
    formats: 'mp3, m4a, ogg, opus, flac, wav oder ein Video mit Ton',
    link: 'Oder ein Link zu einer Aufnahme',
    linkExample: 'https://example.org/stueck.mp3',
    askWithLink: 'Suchen',
    dropHere: 'Loslassen, um damit zu suchen',
    library: (tracks) => `Verglichen mit ${tracks} deiner Bibliothek`,
    one: 'Stück',
    other: 'Stücken',
    severalFiles: 'Bitte such mit einer Aufnahme auf einmal.',
    notALink: 'Das ist kein Link. Er sollte mit http:// oder https:// beginnen.',
  },

  progress: {
    sending: 'Die Aufnahme wird gesendet.',
    starting: 'Es geht los.',
    name: (name) => `Suche mit ${name}`,
  },

  answer: {
    noMusic: 'Darin ist keine Musik zum Vergleichen',
    otherRecording: 'Versuch es mit einer anderen Aufnahme oder einem anderen Teil.',
    longerPart:
      'Versuch es mit einem längeren oder anderen Teil. Diese Stücke sind die nächsten, aber keines ist sehr ähnlich.',
    loading: 'Die Antwort wird geladen.',
    query: (name, duration) => `Deins: ${name}, ${duration}`,
    yoursWaveform: 'Deine Aufnahme mit den passenden Stellen',
    waveform: (name) => `${name} mit den passenden Stellen`,
    moments: 'Passende Stellen',
    askWith: 'Damit suchen',
    askWithNamed: (name) => `Damit suchen: ${name}`,
    picture: 'Das Trefferbild',
    results: 'Treffer',
    more: (amount) => `${amount} zeigen (nicht nah)`,
    one: 'weiteren',
    other: 'weitere',
  },

  player: {
    name: 'Wiedergabe',
    play: 'Abspielen',
    pause: 'Anhalten',
    close: 'Wiedergabe schließen',
    yours: 'Deins',
    theirs: 'Fund',
    side: 'Was zu hören ist',
    position: 'Stelle',
    loading: 'Lädt',
    yoursMissing: 'Deine Seite ist nicht mehr gespeichert. Such noch einmal, um beide zu hören.',
    keys: 'Leertaste spielt, A ist deins, B ist der Fund, die Pfeile springen um 2 s',
  },

  key: {
    heading: 'Diese Bibliothek braucht einen API-Schlüssel',
    label: 'API-Schlüssel',
    hint: 'Wer den Server betreibt, macht einen mit: npm run web -- keys add NAME',
    stored: 'Er bleibt in diesem Tab, bis du ihn schließt.',
    use: 'Verwenden',
    refused: 'Der Server nimmt diesen Schlüssel nicht an. Prüf, ob Zeichen fehlen; vielleicht ist er auch abgelaufen.',
  },

  failure: {
    heading: 'Das hat nicht geklappt',
    again: 'Noch einmal versuchen',
    unreachable: 'Der Server antwortet nicht. Prüf, ob npm run web noch läuft und ob dieses Gerät verbunden ist.',
    server: (reference) =>
      `Der Server kann das gerade nicht; das liegt nicht an dir. Sein Protokoll nennt die Ursache unter der Kennung ${reference}.`,
    own: {
      'worker-unavailable':
        'Der Embedding-Worker antwortet nicht, also lässt sich keine Aufnahme vergleichen. Versuch es in einer Minute noch einmal. Hilft das nicht, starte npm run web neu und lies sein Protokoll.',
      'index-empty': 'Die Bibliothek ist leer. Indexiere sie zuerst: npm run index -- ~/Music',
      'bad-request': 'Der Server hat die Anfrage nicht verstanden. Lade die Seite neu und such noch einmal.',
      'not-allowed':
        'Der Server nimmt keine Anfragen dieser Seite an. Öffne sie unter der Adresse, die npm run web ausgibt.',
      'not-found': 'Diese Antwort gibt es nicht, oder sie gehört zu einem anderen API-Schlüssel. Such noch einmal.',
      unauthorized: 'Der Server braucht einen gültigen API-Schlüssel.',
    },
  },
};
