/** The reply to every error code, in German: what happened, who can fix it, what to try. "Versuch es ..." is added to retryable errors. */
import type { ErrorFacts } from '../../errors.ts';
import { formatTime } from '../../format.ts';
import { amountsIn } from './amounts.ts';
import { type FailureTexts, kindsIn, numberOf, textOf, withFact } from './failure-facts.ts';

const { bytes, count, duration, list, whole } = amountsIn('de');

function withoutMusic(tracks: number, facts: ErrorFacts): string {
  const kinds = { silence: 'Stille', applause: 'Applaus', noise: 'Sprache oder Geräusch' };
  return `${count(tracks, 'Stück', 'Stücke')}, ${list(kindsIn(facts, kinds, whole))}`;
}

export const failureDe: FailureTexts = {
  'audio-empty': () => 'Diese Datei ist leer (0 Bytes). Bitte schick sie noch einmal oder schick eine andere.',
  'audio-unreadable': () =>
    'Ich kann diese Datei nicht als Ton lesen: Sie ist beschädigt oder keine Aufnahme. Bitte schick mp3, m4a, ogg, flac oder wav.',
  'audio-refused': () =>
    'Ich nehme diese Art von Datei nicht an. Bitte schick die Aufnahme als mp3, m4a, ogg, flac oder wav.',
  'audio-no-sound': () =>
    'Diese Datei oder der gewählte Teil enthält keinen Ton. Bitte versuch es mit einer anderen Aufnahme.',
  'audio-too-short': (facts) =>
    `Diese Aufnahme ist zu kurz zum Vergleichen${withFact(numberOf(facts, 'durationMinSec'), (sec) => `: Ich brauche mindestens ${duration(sec)}`)}. Bitte schick einen längeren Ausschnitt.`,
  'audio-too-long': (facts) =>
    `Diese Aufnahme ist zu lang${withFact(numberOf(facts, 'durationMaxSec'), (sec) => `: Erlaubt sind höchstens ${duration(sec)}`)}. Bitte schick einen Teil davon.`,
  'audio-too-large': (facts) =>
    `Diese Datei ist zu groß${withFact(numberOf(facts, 'bytesMax'), (max) => `: Erlaubt sind höchstens ${bytes(max)}`)}. Bitte schick einen kürzeren Ausschnitt oder wandle sie in mp3 um.`,
  'audio-timeout': () =>
    'Das Lesen dieser Datei dauerte zu lange, darum habe ich abgebrochen. Bitte schick einen kürzeren Ausschnitt oder wandle sie in mp3 um.',
  'audio-too-costly': () =>
    'Das Öffnen dieser Datei war zu aufwendig, darum habe ich abgebrochen: Ihre Tags sind viel zu groß. Bitte schick sie ohne Tags oder wandle sie in mp3 um.',
  'query-timeout': () => 'Die Suche dauerte zu lange, darum habe ich abgebrochen; das liegt nicht an dir.',
  'file-unreadable': () =>
    'Ich kann diese Aufnahme nicht öffnen: Ihre Datei fehlt oder ist gesperrt. Wenn es ein Stück der Bibliothek ist, sag bitte dem Besitzer des Bots Bescheid.',
  'library-forbidden': () =>
    'Ich habe keinen Zugriff auf die Aufnahmen der Bibliothek. Bitte sag dem Besitzer des Bots Bescheid.',
  'library-unavailable': () =>
    'Der Speicher mit den Aufnahmen der Bibliothek antwortet gerade nicht. Wenn das so bleibt, sag bitte dem Besitzer des Bots Bescheid.',
  'decode-failed': () => 'Der Dekoder wurde beim Lesen dieser Datei unterbrochen; das liegt nicht an dir.',
  'bad-request': (facts) => badRequest(textOf(facts, 'problem'), facts),
  unauthorized: () => 'Der Worker nimmt mein Token nicht an. Der Besitzer des Bots muss es korrigieren.',
  'model-unknown': () => 'Das eingestellte Modell fehlt. Bitte sag dem Besitzer des Bots Bescheid.',
  'model-without-text': () =>
    'Das eingestellte Modell unterstützt keine Textsuche. Der Besitzer des Bots kann ein anderes wählen.',
  'text-refused': () => 'Ich kann nach diesem Text nicht suchen: Er ist leer oder zu lang. Bitte schreib ihn kürzer.',
  'space-mismatch': () =>
    'Die Bibliothek wurde mit einem anderen Modell eingelesen. Der Besitzer des Bots muss sie neu einlesen.',
  'queue-full': () => 'Gerade warten zu viele Aufnahmen.',
  cancelled: () => 'Diese Anfrage wurde abgebrochen. Du kannst sie jederzeit noch einmal stellen.',
  'inference-failed': () => 'Der Vergleich ist bei mir fehlgeschlagen; das liegt nicht an dir.',
  'worker-unavailable': () =>
    'Der Worker antwortet gerade nicht. Wenn das so bleibt, sag bitte dem Besitzer des Bots Bescheid.',
  'worker-protocol': () =>
    'Der Worker hat eine ungültige Antwort geschickt. Wenn das so bleibt, sag bitte dem Besitzer des Bots Bescheid.',
  'index-unavailable': () =>
    'Der Index der Bibliothek antwortet gerade nicht. Wenn das so bleibt, sag bitte dem Besitzer des Bots Bescheid.',
  'index-empty': (facts) =>
    withFact(
      numberOf(facts, 'tracks'),
      (tracks) => `Die Bibliothek enthält keine Musik zum Vergleichen: ${withoutMusic(tracks, facts)}.`,
      'Die Bibliothek ist leer. Der Besitzer des Bots oder ein Admin seines Heimatservers muss sie erst einlesen: **/bibliothek einlesen**.',
    ),
  'index-corrupt': () => 'Der Index der Bibliothek ist beschädigt. Der Besitzer des Bots muss ihn neu aufbauen.',
  'catalog-busy': () => 'Der Katalog der Bibliothek ist gerade belegt.',
  'catalog-version': () =>
    'Eine neuere Version des Bots hat den Katalog der Bibliothek geschrieben; diese Version kann ihn nicht lesen. Der Besitzer des Bots muss den Bot aktualisieren.',
  'catalog-corrupt': () =>
    'Der Katalog der Bibliothek ist beschädigt. Der Besitzer des Bots muss ihn wiederherstellen.',
  'disk-full': () => 'Meine Festplatte ist voll. Der Besitzer des Bots muss Platz schaffen; du hast nichts verloren.',
  'permission-denied': () =>
    'Ich darf nicht in meinen Datenordner schreiben. Der Besitzer des Bots muss die Rechte korrigieren.',
  'index-locked': () => 'Ein anderer Prozess liest die Bibliothek gerade ein. Das kann nur einer zugleich.',
  'download-failed': () => 'Ich konnte ein Modell nicht herunterladen. Bitte sag dem Besitzer des Bots Bescheid.',
  'download-refused': () => 'Ich darf ein Modell nicht herunterladen. Bitte sag dem Besitzer des Bots Bescheid.',
  'download-corrupt': () =>
    'Ein heruntergeladenes Modell hat die Prüfung nicht bestanden. Bitte sag dem Besitzer des Bots Bescheid.',
  'import-refused': () => 'Der Import ist fehlgeschlagen. Das Terminal zeigt den Grund.',
  'model-locked': () => 'Ein anderer Prozess lädt oder entfernt das Modell gerade.',
  stopping: () => 'Ich werde gerade neu gestartet, darum wurde deine Anfrage unterbrochen; das liegt nicht an dir.',
  'tool-missing': () => 'Ein nötiges Programm ist nicht installiert. Der Besitzer des Bots muss es installieren.',
  'config-invalid': () => 'Meine Konfiguration ist ungültig. Der Besitzer des Bots muss sie korrigieren.',
  'track-unknown': (facts) =>
    `${withFact(textOf(facts, 'name'), (name) => `„${name}“`, 'Dieses Stück')} ist nicht in der Bibliothek. Wähl eins aus der Liste, die beim Tippen erscheint.`,
  'link-refused': (facts) => linkRefused(textOf(facts, 'kind'), facts),
  'link-unreachable': (facts) =>
    `Von ${host(facts)} bekomme ich nichts${withFact(numberOf(facts, 'status'), (status) => `: Die Antwort war ${status}`)}. Bitte prüf den Link oder schick die Datei selbst.`,
  'link-too-large': (facts) =>
    `${withFact(textOf(facts, 'host'), (name) => `Die Datei bei **${name}**`, 'Diese Datei')} ist zu groß${withFact(numberOf(facts, 'bytesMax'), (max) => `: Erlaubt sind höchstens ${bytes(max)}`)}. Bitte schick einen kürzeren Ausschnitt.`,
  'link-too-slow': (facts) =>
    `Der Download von ${host(facts)} war zu langsam${withFact(numberOf(facts, 'deadlineSec'), (sec) => ` (Grenze: ${duration(sec)})`)}, darum habe ich abgebrochen. Bitte schick die Datei selbst.`,
  'link-not-audio': (facts) => linkNotAudio(textOf(facts, 'kind'), facts),
  'answer-expired': () => 'Diese Antwort ist nicht mehr gespeichert. Bitte stell die Anfrage noch einmal.',
  'busy-person': (facts) =>
    `Du hast die höchste Zahl offener Anfragen erreicht${withFact(numberOf(facts, 'waitingMax'), (max) => ` (eine läuft, ${max} warten)`)}. Bitte warte auf eine Antwort oder brich eine Anfrage ab.`,
  'busy-server': () => 'Von diesem Server warten zu viele Anfragen.',
  'busy-bot': () => 'Es warten zu viele Anfragen.',
  'cooling-down': () => 'Bitte warte zwischen zwei Anfragen einen Moment.',
  'not-found': () => 'Das finde ich nicht: Es gibt es nicht, oder es gehört dir nicht.',
  'not-allowed': (facts) =>
    textOf(facts, 'kind') === 'not-yours'
      ? 'Nur der Absender dieser Anfrage kann sie abbrechen.'
      : `Du darfst das nicht${withFact(textOf(facts, 'permission'), (name) => `: Dafür ist das Recht **${name}** nötig`)}. Bitte frag einen Admin dieses Servers oder den Besitzer des Bots.`,
  'discord-permission': (facts) =>
    `Mir fehlt ${withFact(textOf(facts, 'permission'), (name) => `das Recht **${name}**`, 'ein nötiges Recht')} in ${withFact(textOf(facts, 'channelId'), (id) => `<#${id}>`, 'diesem Kanal')}. Ein Admin dieses Servers kann es mir geben.`,
  'discord-unavailable': (facts) =>
    textOf(facts, 'kind') === 'message-gone'
      ? 'Die Nachricht für meine Antwort wurde gelöscht, darum konnte ich sie nicht zeigen.'
      : 'Discord hat meine Antwort nicht angenommen.',
  internal: () =>
    'Bei mir ging etwas schief; das liegt nicht an dir. Der Besitzer des Bots kann die Ursache mit der Kennung finden.',
};

function badRequest(problem: string | null, facts: ErrorFacts): string {
  switch (problem) {
    case 'one-of-three':
      return 'Bitte gib genau eines von **clip**, **link** und **stück** an.';
    case 'time-unreadable':
      return `Ich kann ${withFact(textOf(facts, 'text'), (typed) => `„${typed}“`, 'das')} nicht als Zeit lesen. Bitte schreib Minuten und Sekunden, etwa 1:20.`;
    case 'to-before-from':
      return `**bis** muss nach **von** kommen${span(facts)}. Bitte tausch oder ändere sie.`;
    case 'beyond-end':
      return `${withFact(numberOf(facts, 'fromSec'), (sec) => `Ab ${formatTime(sec)}`, 'In diesem Teil')} ist kein Ton mehr. Bitte wähl einen früheren Teil.`;
    case 'message-without-audio':
      return 'Diese Nachricht enthält weder eine Aufnahme noch einen Link. Wähl eine Nachricht mit einer Audiodatei.';
    default:
      return 'Diese Optionen sind ungültig. Bitte prüf sie.';
  }
}

function span(facts: ErrorFacts): string {
  const [from, to] = [textOf(facts, 'from'), textOf(facts, 'to')];
  return from === null || to === null ? '' : `, und ${to} ist nicht nach ${from}`;
}

function linkRefused(kind: string | null, facts: ErrorFacts): string {
  switch (kind) {
    case 'music-page':
      return `Ich kann von Seiten bei ${host(facts)} keine Musik herunterladen. Bitte schick die Datei selbst, eine Sprachnachricht oder einen direkten Link zur Audiodatei.`;
    case 'credentials':
      return 'Ich folge keinen Links mit Benutzernamen oder Passwort. Bitte schick die Datei selbst.';
    case 'port':
      return 'Ich folge keinen Links zu ungewöhnlichen Ports. Bitte schick die Datei selbst.';
    case 'address':
      return 'Ich lade nur von öffentlichen Adressen, und dieser Link führt zu einer privaten. Bitte schick die Datei selbst.';
    case 'message-unreadable':
      return 'Ich kann diese Nachricht nicht öffnen: Du oder ich dürfen sie nicht lesen. Bitte schick die Datei selbst.';
    case 'redirects':
      return 'Dieser Link wird zu oft weitergeleitet. Bitte schick den endgültigen Link oder die Datei selbst.';
    default:
      return 'Ich folge nur Links, die mit http oder https beginnen. Bitte prüf den Link oder schick die Datei selbst.';
  }
}

function linkNotAudio(kind: string | null, facts: ErrorFacts): string {
  switch (kind) {
    case 'encoded':
      return `Die Datei von ${host(facts)} ist komprimiert, und ich entpacke keine Dateien. Bitte schick die Datei selbst.`;
    case 'message':
      return 'Ich finde in dieser Nachricht keine Aufnahme. Nimm **Ähnliche Musik finden** in ihrem Menü, oder schick die Datei selbst.';
    default:
      return `Das ist ein Text oder eine Webseite (von ${host(facts)}), keine Aufnahme. Bitte schick eine Audiodatei oder einen direkten Link zu einer.`;
  }
}

function host(facts: ErrorFacts): string {
  return withFact(textOf(facts, 'host'), (name) => `**${name}**`, 'dieser Adresse');
}
