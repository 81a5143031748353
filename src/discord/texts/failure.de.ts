/** Every failure in German: what happened, whose move it is, what to try. "Versuch es ..." is added where it may help. */
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
  'audio-empty': () => 'Diese Datei ist leer: Sie hat 0 Bytes. Bitte schick sie noch einmal, oder eine andere.',
  'audio-unreadable': () =>
    'Das kann ich nicht als Ton lesen: Es ist beschädigt oder gar keine Aufnahme. Bitte schick mp3, m4a, ogg, flac oder wav.',
  'audio-refused': () =>
    'Diese Art Datei nehme ich nicht an. Bitte schick die Aufnahme als mp3, m4a, ogg, flac oder wav.',
  'audio-no-sound': () =>
    'In dieser Datei oder in dem gewählten Teil ist kein Ton. Bitte versuch es mit einer anderen Aufnahme.',
  'audio-too-short': (facts) =>
    `Das ist zu kurz zum Vergleichen${withFact(numberOf(facts, 'durationMinSec'), (sec) => `: Ich brauche mindestens ${duration(sec)}`)}. Bitte schick etwas Längeres.`,
  'audio-too-long': (facts) =>
    `Diese Aufnahme ist zu lang${withFact(numberOf(facts, 'durationMaxSec'), (sec) => `: Ich nehme höchstens ${duration(sec)}`)}. Bitte schick einen Teil davon.`,
  'audio-too-large': (facts) =>
    `Diese Datei ist zu groß${withFact(numberOf(facts, 'bytesMax'), (max) => `: Ich nehme höchstens ${bytes(max)}`)}. Bitte schick einen kürzeren Ausschnitt oder dasselbe als mp3.`,
  'audio-timeout': () =>
    'Diese Datei zu lesen dauerte so lange, dass ich aufgegeben habe. Bitte schick einen kürzeren Ausschnitt oder dasselbe als mp3.',
  'audio-too-costly': () =>
    'Diese Datei zu öffnen machte mehr Arbeit als irgendeine Aufnahme braucht, darum habe ich aufgegeben: Ihre Angaben (Tags) sind viel zu groß. Bitte schick sie ohne diese oder dasselbe als mp3.',
  'query-timeout': () => 'Die Suche dauerte so lange, dass ich aufgegeben habe; das liegt nicht an dir.',
  'file-unreadable': () =>
    'Ich kann diese Aufnahme nicht öffnen: Ihre Datei ist fort oder gesperrt. Ist es ein Stück der Bibliothek, muss der Besitzer des Bots nachsehen.',
  'library-forbidden': () =>
    'Ich werde nicht dorthin gelassen, wo die Aufnahmen der Bibliothek liegen. Das muss sich der Besitzer des Bots ansehen.',
  'library-unavailable': () =>
    'Der Ort, an dem die Aufnahmen der Bibliothek liegen, antwortet gerade nicht. Bleibt es so, muss der Besitzer des Bots nachsehen.',
  'decode-failed': () => 'Mein Dekoder wurde bei dieser Datei unterbrochen; das liegt nicht an dir.',
  'bad-request': (facts) => badRequest(textOf(facts, 'problem'), facts),
  unauthorized: () =>
    'Der Teil von mir, der zuhört, nimmt meinen Schlüssel nicht an. Das muss der Besitzer des Bots richten.',
  'model-unknown': () => 'Das Modell, das ich benutzen soll, ist nicht da. Das muss der Besitzer des Bots richten.',
  'model-without-text': () =>
    'Das Modell, das ich benutze, kennt keine Wörter. Der Besitzer des Bots kann eines wählen, das welche kennt.',
  'text-refused': () =>
    'Nach diesen Wörtern kann ich nicht suchen: Es sind keine oder zu viele. Bitte schreib es kürzer.',
  'space-mismatch': () =>
    'Die Bibliothek wurde mit einem anderen Modell eingelesen als dem, das ich benutze. Der Besitzer des Bots muss sie neu einlesen.',
  'queue-full': () => 'Gerade warten zu viele Aufnahmen.',
  cancelled: () => 'Das wurde abgebrochen, bevor es fertig war. Frag wieder, wann du magst.',
  'inference-failed': () => 'Beim Vergleichen ging bei mir etwas schief; das liegt nicht an dir.',
  'worker-unavailable': () =>
    'Der Teil von mir, der zuhört, antwortet gerade nicht. Bleibt das so, muss der Besitzer des Bots nachsehen.',
  'worker-protocol': () =>
    'Der Teil von mir, der zuhört, hat unverständlich geantwortet. Bleibt das so, muss der Besitzer des Bots nachsehen.',
  'index-unavailable': () =>
    'Der Index der Bibliothek antwortet gerade nicht. Bleibt das so, muss der Besitzer des Bots nachsehen.',
  'index-empty': (facts) =>
    withFact(
      numberOf(facts, 'tracks'),
      (tracks) => `Die Bibliothek enthält keine Musik, mit der ich vergleichen könnte: ${withoutMusic(tracks, facts)}.`,
      'Die Bibliothek ist noch leer. Der Besitzer des Bots oder ein Admin seines Heimatservers muss sie erst einlesen: **/bibliothek einlesen**.',
    ),
  'index-corrupt': () => 'Der Index der Bibliothek ist beschädigt. Der Besitzer des Bots muss ihn neu bauen.',
  'catalog-busy': () => 'Mein Katalog der Bibliothek ist gerade beschäftigt.',
  'catalog-version': () =>
    'Eine neuere Version von mir hat meinen Katalog der Bibliothek geschrieben, ich kann ihn nicht lesen. Der Besitzer des Bots muss mich aktualisieren.',
  'catalog-corrupt': () =>
    'Mein Katalog der Bibliothek ist beschädigt. Der Besitzer des Bots muss ihn wiederherstellen.',
  'disk-full': () =>
    'Meine Festplatte ist voll. Der Besitzer des Bots muss Platz schaffen; von dir ist nichts verloren.',
  'permission-denied': () =>
    'Ich darf dort nicht schreiben, wo ich Dinge ablege. Der Besitzer des Bots muss die Rechte richten.',
  'index-locked': () => 'Die Bibliothek wird gerade von jemand anderem eingelesen, und das geht nur einzeln.',
  'download-failed': () => 'Ich konnte ein Modell nicht herunterladen. Das muss der Besitzer des Bots richten.',
  'download-refused': () => 'Ich darf ein Modell nicht herunterladen. Das muss der Besitzer des Bots richten.',
  'download-corrupt': () =>
    'Ein heruntergeladenes Modell ist nicht das, das ich wollte. Das muss der Besitzer des Bots richten.',
  'import-refused': () => 'Ich konnte diese Daten nicht importieren. Das Terminal zeigt den Grund.',
  'model-locked': () => 'Das Modell wird gerade von jemand anderem heruntergeladen oder entfernt.',
  stopping: () => 'Ich werde gerade neu gestartet, darum brach das hier ab; das liegt nicht an dir.',
  'tool-missing': () =>
    'Ein Programm, das ich brauche, ist nicht installiert. Das muss der Besitzer des Bots nachholen.',
  'config-invalid': () => 'Meine Einstellungen sind falsch. Der Besitzer des Bots muss sie berichtigen.',
  'track-unknown': (facts) =>
    `${withFact(textOf(facts, 'name'), (name) => `„${name}“`, 'Dieses Stück')} ist nicht in der Bibliothek. Wähl eins aus der Liste, die beim Tippen erscheint.`,
  'link-refused': (facts) => linkRefused(textOf(facts, 'kind'), facts),
  'link-unreachable': (facts) =>
    `Von ${host(facts)} bekomme ich nichts${withFact(numberOf(facts, 'status'), (status) => `: Die Antwort war ${status}`)}. Bitte prüf den Link oder schick die Datei selbst.`,
  'link-too-large': (facts) =>
    `${withFact(textOf(facts, 'host'), (name) => `Die Datei bei **${name}**`, 'Diese Datei')} ist zu groß${withFact(numberOf(facts, 'bytesMax'), (max) => `: Ich lade höchstens ${bytes(max)}`)}. Bitte schick einen kürzeren Ausschnitt.`,
  'link-too-slow': (facts) =>
    `Von ${host(facts)} kam zu wenig${withFact(numberOf(facts, 'deadlineSec'), (sec) => ` in ${duration(sec)}`)}, darum habe ich aufgegeben. Bitte schick die Datei selbst.`,
  'link-not-audio': (facts) => linkNotAudio(textOf(facts, 'kind'), facts),
  'answer-expired': () => 'Diese Antwort ist nicht mehr aufbewahrt. Frag noch einmal, dann höre ich neu hin.',
  'busy-person': (facts) =>
    `Du hast so viele Fragen offen, wie ich von einer Person annehme${withFact(numberOf(facts, 'waitingMax'), (max) => ` (eine läuft, ${max} warten)`)}. Bitte warte auf eine Antwort oder brich eine ab.`,
  'busy-server': () => 'Von diesem Server warten so viele Fragen, wie ich annehmen kann.',
  'busy-bot': () => 'Es warten so viele Fragen, wie ich annehmen kann.',
  'cooling-down': () => 'Das ging schnell: Bitte lass zwischen zwei Fragen einen Moment vergehen.',
  'not-allowed': (facts) =>
    textOf(facts, 'kind') === 'not-yours'
      ? 'Das kann nur abbrechen, wer gefragt hat.'
      : `Das darfst du nicht${withFact(textOf(facts, 'permission'), (name) => `: Es braucht das Recht **${name}**`)}. Ein Admin dieses Servers oder der Besitzer des Bots kann es.`,
  'discord-permission': (facts) =>
    `Mir fehlt ${withFact(textOf(facts, 'permission'), (name) => `das Recht **${name}**`, 'ein nötiges Recht')} in ${withFact(textOf(facts, 'channelId'), (id) => `<#${id}>`, 'diesem Kanal')}. Ein Admin dieses Servers kann es mir geben.`,
  'discord-unavailable': (facts) =>
    textOf(facts, 'kind') === 'message-gone'
      ? 'Die Nachricht, in der ich antworten wollte, wurde gelöscht; so blieb für die Antwort kein Platz.'
      : 'Discord hat meine Antwort nicht angenommen.',
  internal: () =>
    'Bei mir ging etwas schief; das liegt nicht an dir. Der Besitzer des Bots findet es anhand der Kennung.',
};

function badRequest(problem: string | null, facts: ErrorFacts): string {
  switch (problem) {
    case 'one-of-three':
      return 'Bitte gib mir genau eines von **clip**, **link** und **stück**.';
    case 'time-unreadable':
      return `${withFact(textOf(facts, 'text'), (typed) => `„${typed}“`, 'Das')} kann ich nicht als Zeit lesen. Bitte schreib Minuten und Sekunden, etwa 1:20.`;
    case 'to-before-from':
      return `**bis** muss nach **von** kommen${span(facts)}. Bitte tausch oder ändere sie.`;
    case 'beyond-end':
      return `${withFact(numberOf(facts, 'fromSec'), (sec) => `Ab ${formatTime(sec)}`, 'In diesem Teil')} ist kein Ton mehr. Bitte wähl einen früheren Teil.`;
    case 'message-without-audio':
      return 'In dieser Nachricht ist weder eine Aufnahme noch ein Link. Wähl eine, die eine Audiodatei hat.';
    default:
      return 'Ich verstehe die Eingabe nicht. Bitte prüf die Optionen.';
  }
}

function span(facts: ErrorFacts): string {
  const [from, to] = [textOf(facts, 'from'), textOf(facts, 'to')];
  return from === null || to === null ? '' : `, und ${to} ist nicht nach ${from}`;
}

function linkRefused(kind: string | null, facts: ErrorFacts): string {
  switch (kind) {
    case 'music-page':
      return `Aus Seiten wie denen von ${host(facts)} bekomme ich keine Musik: Bitte schick die Datei selbst, eine Sprachnachricht oder einen direkten Link zur Audiodatei.`;
    case 'credentials':
      return 'Links mit Namen oder Passwort darin folge ich nicht. Bitte schick die Datei selbst.';
    case 'port':
      return 'Links zu ungewöhnlichen Ports folge ich nicht. Bitte schick die Datei selbst.';
    case 'address':
      return 'Ich lade nur von öffentlichen Adressen, und dieser Link führt woandershin. Bitte schick die Datei selbst.';
    case 'message-unreadable':
      return 'Diese Nachricht kann ich dir nicht öffnen: Du oder ich dürfen sie nicht lesen. Bitte schick die Datei selbst.';
    case 'redirects':
      return 'Dieser Link wurde zu oft weitergeleitet. Bitte schick den Link, an dem er endet, oder die Datei selbst.';
    default:
      return 'Ich folge nur Links, die mit http oder https beginnen. Bitte prüf den Link oder schick die Datei selbst.';
  }
}

function linkNotAudio(kind: string | null, facts: ErrorFacts): string {
  switch (kind) {
    case 'encoded':
      return `Die Datei von ${host(facts)} ist gepackt, und ich entpacke keine Dateien. Bitte schick die Datei selbst.`;
    case 'message':
      return 'In dieser Nachricht sehe ich keine Aufnahme. Nimm **Ähnliche Musik finden** in ihrem Menü, oder schick die Datei selbst.';
    default:
      return `Bei ${host(facts)} liegt eine Seite, keine Aufnahme. Bitte schick den Link der Audiodatei oder die Datei selbst.`;
  }
}

function host(facts: ErrorFacts): string {
  return withFact(textOf(facts, 'host'), (name) => `**${name}**`, 'dieser Adresse');
}
