/** Replies about the library and the bot, in German. */
import type { JobState } from '../../catalog/jobs.ts';
import type { ReindexMode } from '../../catalog/reindexes.ts';
import { aboutDe } from './about.de.ts';
import { amountsIn } from './amounts.ts';
import type { LibraryTexts } from './library.en.ts';
import { libraryCommandDe } from './library-command.de.ts';

const { whole, tenths, bytes, duration, count, list } = amountsIn('de');

const modes: Readonly<Record<ReindexMode, string>> = { changed: 'was sich geändert hat', everything: 'alles' };
const states: Readonly<Record<JobState, string>> = {
  running: 'läuft',
  done: 'fertig',
  failed: 'gescheitert',
  cancelled: 'abgebrochen',
  interrupted: 'unterbrochen',
};
const reasons: LibraryTexts['reindex']['reasons'] = {
  'config-invalid':
    'Es ist keine Bibliothek eingestellt, oder LIBRARY weicht von der eingelesenen ab. Die Besitzer des Bots müssen LIBRARY setzen oder einen Ordner mit npm run index einlesen.',
  'file-unreadable':
    'Der Ordner der Bibliothek lässt sich nicht lesen oder ist plötzlich leer. Bitte sag den Besitzern des Bots Bescheid.',
  'library-forbidden':
    'Ich habe keinen Zugriff auf die Aufnahmen der Bibliothek: Der Zugang ist vielleicht abgelaufen. Bitte sag den Besitzern des Bots Bescheid.',
  'library-unavailable':
    'Der Speicher mit den Aufnahmen der Bibliothek hat nicht geantwortet. Die fertige Arbeit ist gespeichert; bitte starte das Einlesen später noch einmal.',
  'disk-full': 'Die Platte ist voll. Die Besitzer des Bots müssen Platz schaffen.',
  'permission-denied':
    'Ich darf nicht in den Ordner des Index schreiben. Die Besitzer des Bots müssen die Rechte korrigieren.',
  'worker-unavailable': 'Der Worker hat minutenlang nicht geantwortet. Bitte sag den Besitzern des Bots Bescheid.',
  'space-mismatch': 'Der Worker benutzt ein anderes Modell als der Bot. Bitte sag den Besitzern des Bots Bescheid.',
  'catalog-busy': 'Der Katalog war minutenlang belegt. Bitte versuche es später noch einmal.',
};
const recordings = (amount: number) => count(amount, 'Aufnahme', 'Aufnahmen');

/** A request from the web app names its API key, which is nobody in Discord. */
function askerOf(requestedBy: string | null, article: 'dem' | 'der'): string {
  if (requestedBy === null) return `${article} Zeitplan`;
  if (requestedBy.startsWith('web:')) return article === 'dem' ? 'der Web-App' : 'die Web-App';
  return `<@${requestedBy}>`;
}

export const libraryDe: LibraryTexts = {
  command: libraryCommandDe,
  about: aboutDe,

  refused: {
    manageGuild: '**/bibliothek** erfordert das Recht Server verwalten.',
    home:
      'Alle Server haben dieselbe Bibliothek. Nur die Besitzer des Bots und die Admins seiner Heimatserver dürfen das; ' +
      'die Besitzer bestimmen die Heimatserver mit DISCORD_HOME_SERVERS.',
    owner: 'Nur die Besitzer des Bots dürfen das, denn es dauert Stunden oder lässt sich hier nicht zurücknehmen.',
    direct: 'Bitte benutze **/bibliothek** auf einem Server: Der Befehl ist für dessen Admins.',
  },

  status: {
    title: 'Die Bibliothek',
    library: 'Bibliothek',
    tracks: (indexed, failed, removed) =>
      `${recordings(indexed)}, ${whole(failed)} gescheitert, ${whole(removed)} entfernt`,
    hours: (hours, tracks) => `${tenths(hours)} Stunden Klang in ${recordings(tracks)}`,
    summary: (indexed, hours) => `${recordings(indexed)}, ${tenths(hours)} Stunden Klang`,
    chunks: (music) => count(music, 'Fenster mit Musik', 'Fenster mit Musik'),
    excludedChunks: (silence, applause, noise) =>
      `ausgeschlossen: ${whole(silence)} Stille, ${whole(applause)} Applaus, ${whole(noise)} Geräusch`,
    uncounted: 'Die Zahlen lassen sich gerade nicht lesen.',
    nothingIndexed: 'Es ist noch nichts eingelesen. Beginne mit **/bibliothek einlesen**.',
    model: 'Modell',
    modelLine: (name, version, licence) => `${name} ${version} (Lizenz: ${licence})`,
    deviceLine: (device) => `läuft auf: ${device}`,
    passedOver: (devices) =>
      `nicht nutzbar: ${devices} (warum: im Log des Workers, oder \`npm run library -- status\` im Terminal)`,
    modelUnknown: 'unbekannt: der Worker meldet es nicht',
    worker: 'Worker',
    workers: { ready: 'bereit', unavailable: 'antwortet nicht' },
    index: 'Index',
    indexOpen: (processes, { id, chunks, tracks, builtAtMs }) =>
      `antwortet mit ${count(processes, 'Prozess', 'Prozessen')}: Generation ${id}, ${count(chunks, 'Fenster', 'Fenster')} ` +
      `aus ${recordings(tracks)}, gebaut <t:${Math.round(builtAtMs / 1000)}:R>`,
    indexAnswers: (builtAtMs) => `antwortet, gebaut <t:${Math.round(builtAtMs / 1000)}:R>`,
    indexEmpty: 'leer',
    indexClosed: (code) => `antwortet nicht (${code})`,
    disk: 'Platte',
    diskLine: (used, free) => `${bytes(used)} von mir belegt, ${bytes(free)} frei`,
    diskUnknown: 'unbekannt',
    lastRun: 'Letzter Lauf',
    lastRunLine: ({ state, startedAtMs, durationSec, embedded, failed }) =>
      `<t:${Math.round(startedAtMs / 1000)}:R>, ${states[state]}${durationSec === null ? '' : ` nach ${duration(durationSec)}`}: ` +
      `${whole(embedded)} gelesen, ${whole(failed)} gescheitert`,
    noRun: 'noch keiner',
    open: 'Einlesen',
    openLine: (mode, requestedAtMs, requestedBy) =>
      `${modes[mode]}, verlangt <t:${Math.round(requestedAtMs / 1000)}:R> von ${askerOf(requestedBy, 'dem')}`,
    waits: 'wartet: ein anderer Prozess liest gerade ein',
    begins: 'startet',
    progress: ({ tracksDone, tracksTotal, failed }) =>
      `${whole(tracksDone)} von ${recordings(tracksTotal)}${failed > 0 ? `, ${whole(failed)} gescheitert` : ''}`,
    noOpenJob: 'keines ist offen',
    schedule: 'Zeitplan',
    scheduleLine: (cron, timeZone) => `\`${cron}\` in ${timeZone}`,
    scheduleNext: (nextMs) => `das nächste Mal <t:${Math.round(nextMs / 1000)}:F>`,
    noSchedule: 'keiner',
  },

  plan: {
    title: (mode) => (mode === 'everything' ? 'Alles neu einlesen?' : 'Einlesen, was sich geändert hat?'),
    toRead: ({ added, changed, retried, again }) => {
      const parts = [
        ...(added > 0 ? [`${whole(added)} neue`] : []),
        ...(changed > 0 ? [`${whole(changed)} geänderte`] : []),
        ...(retried > 0 ? [`${whole(retried)} zuvor gescheiterte`] : []),
        ...(again > 0 ? [`${whole(again)} schon eingelesene`] : []),
      ];
      const total = added + changed + retried + again;
      return total === 0 ? 'Es ist nichts zu lesen.' : `Zu lesen: ${recordings(total)} (${list(parts)}).`;
    },
    rest: ({ unchanged, moved, removed, failedBefore }) => {
      const parts = [
        `${whole(unchanged)} unverändert`,
        ...(moved > 0 ? [`${whole(moved)} umbenannt`] : []),
        ...(removed > 0 ? [`${whole(removed)} nicht mehr da, werden aus den Antworten entfernt`] : []),
        ...(failedBefore > 0 ? [`${whole(failedBefore)} zuvor gescheitert und unverändert`] : []),
      ];
      return `Nicht zu lesen: ${list(parts)}.`;
    },
    expected: (audioSec, wallSec, size) =>
      `Das sind ${bytes(size)}, etwa ${duration(audioSec)} Klang. Nach früheren Läufen dauert das rund **${duration(wallSec)}**.`,
    unexpected: (size) => `Das sind ${bytes(size)}. Die Dauer kann ich nicht schätzen: Es gab noch keinen Lauf.`,
    clips: (clips, size) =>
      `Jeder Moment wird auch als Ausschnitt gespeichert: etwa ${count(clips, 'Datei', 'Dateien')}, **${bytes(size)}**.`,
    before: (startedAtMs, embedded, audioSec, wallSec) =>
      `<t:${Math.round(startedAtMs / 1000)}:d>: ${recordings(embedded)}, ${duration(audioSec)} Klang in ${duration(wallSec)}`,
    beforeTitle: 'Wie lange es zuvor gedauert hat',
    meanwhile: 'Anfragen werden derweil beantwortet: aus dem jetzigen Index, und aus dem neuen, sobald er fertig ist.',
    cannotPost: (permissions) =>
      `Ich kann in diesem Kanal nicht berichten: Hier fehlt mir ${list(permissions)}. **/bibliothek status** zeigt den Stand.`,
    confirm: 'Bestätigen',
    dismiss: 'Verwerfen',
    dismissed: 'Es wurde nichts begonnen.',
  },

  reindex: {
    requested: (mode, willAnnounce) =>
      `Das Einlesen hat begonnen: ${modes[mode]}. ${willAnnounce ? 'Ich berichte in diesem Kanal.' : '**/bibliothek status** zeigt den Stand.'}`,
    isOpen: (mode, requestedBy, requestedAtMs) =>
      `Ein Einlesen (${modes[mode]}) ist schon offen: ${askerOf(requestedBy, 'der')} hat es ` +
      `<t:${Math.round(requestedAtMs / 1000)}:R> verlangt. Es gibt nur eines zugleich; **/bibliothek abbrechen** beendet es.`,
    cancelled: (mode) => `Das Einlesen (${modes[mode]}) ist abgebrochen. Die fertige Arbeit bleibt erhalten.`,
    noneRunning: 'Es ist kein Einlesen offen.',
    waiting: 'Ein anderer Prozess liest gerade ein. Das verlangte Einlesen beginnt danach.',
    begun: (mode, tracks, size) => `**Einlesen (${modes[mode]})**: ${recordings(tracks)} zu lesen, ${bytes(size)}.`,
    continues: (mode, tracks) =>
      `**Einlesen (${modes[mode]})** geht nach einem Neustart weiter: noch ${recordings(tracks)}.`,
    milestone: (percent, { tracksDone, tracksTotal, failed }, leftSec) =>
      `${whole(percent)} %: ${whole(tracksDone)} von ${recordings(tracksTotal)} gelesen` +
      `${failed > 0 ? `, ${whole(failed)} gescheitert` : ''}${leftSec === null ? '' : `; noch etwa ${duration(leftSec)}`}.`,
    doneTitle: (mode) => `**Einlesen (${modes[mode]}) ist fertig.**`,
    doneCounts: (embedded, removed, failed) =>
      `${recordings(embedded)} gelesen, ${whole(removed)} nicht mehr da, ${whole(failed)} gescheitert` +
      `${failed > 0 ? ' (**/bibliothek fehler** nennt sie)' : ''}.`,
    doneTime: (sec, audioSec, rate) =>
      `Es dauerte ${duration(sec)}${rate === null ? '' : ` für ${duration(audioSec)} Klang, zuletzt ${whole(rate)}-mal so schnell wie Echtzeit`}.`,
    generation: (id, rows) => `Generation ${id} ist jetzt in Benutzung: ${count(rows, 'Fenster', 'Fenster')}.`,
    endsRollBack: (id) => `Das beendet die Rückkehr zu ${id}.`,
    heldGeneration: (id) => `Der Index bleibt wegen einer Rückkehr bei Generation ${id}.`,
    sameGeneration: 'Der Index war schon auf dem neuesten Stand.',
    emptyGeneration: 'Die Bibliothek ist noch leer.',
    failed: (mode) => `**Einlesen (${modes[mode]}) ist gescheitert.**`,
    reasons,
    otherReason: 'Bei mir ging etwas schief. Die Besitzer des Bots können die Ursache mit der Kennung finden.',
    reference: (id) => `Kennung reindex ${id}`,
    keeps:
      'Die fertige Arbeit ist gespeichert, und die Antworten nutzen weiter denselben Index. **/bibliothek einlesen** macht weiter.',
    ended: (mode) => `**Einlesen (${modes[mode]}) wurde abgebrochen.** Die fertige Arbeit bleibt erhalten.`,
  },

  failures: {
    none: 'Nichts ist gescheitert.',
    some: (total) =>
      `${recordings(total)} ${total === 1 ? 'war' : 'waren'} nicht zu lesen. Die Datei nennt sie mit den Gründen; **/bibliothek einlesen** versucht sie erneut, wo das helfen kann.`,
    fileName: 'fehler.txt',
    description: (total) => `Liste: ${recordings(total)} nicht zu lesen`,
    tries: (tries) => count(tries, 'Versuch', 'Versuche'),
    again: (from) => (from === null ? 'wieder, wenn sie sich ändert' : `wieder ab ${from}`),
    more: (left) => `... und ${whole(left)} weitere: npm run library -- failures nennt alle.`,
  },

  remove: {
    ask: (piece, key) =>
      `**${piece}** (${key}) sofort und dauerhaft aus allen Antworten entfernen? Die Datei wird nicht gelöscht, aber künftig übergangen.`,
    confirm: 'Entfernen',
    done: (piece) => `**${piece}** ist entfernt und erscheint nicht mehr in Antworten.`,
    gone: 'Dieses Stück ist nicht mehr in der Bibliothek.',
  },

  settings: {
    title: 'Einstellungen',
    shareChannel: 'Treffer werden geteilt',
    shareHere: 'im Kanal der Anfrage',
    schedule: 'Geplantes Einlesen',
    private: 'Antworten sehen',
    privately: 'nur die Fragenden',
    publicly: 'alle im Kanal',
    results: 'Stücke je Antwort',
    changed: 'Geändert. Aktuelle Einstellungen:',
    problems: {
      cron: 'Dieser Zeitplan ist ungültig. Ein Zeitplan hat fünf Felder wie in crontab, zum Beispiel `0 3 * * *` für jede Nacht um 3:00.',
      'too-often':
        'Dieser Zeitplan läuft öfter als einmal je Stunde. Gib eine Minute an: `0 3 * * *` ist jede Nacht um 3:00.',
      'time-zone': 'Diese Zeitzone gibt es nicht. Nimm einen IANA-Namen, zum Beispiel Europe/Berlin.',
    },
    shareRefused: (channel, permissions) =>
      `Ich kann nicht in ${channel} teilen: Dort fehlt mir ${list(permissions)}. Nichts wurde geändert.`,
    both: 'Bitte setze eine Einstellung oder setze sie zurück, nicht beides. Nichts wurde geändert.',
    timeZoneAlone: 'Eine Zeitzone erfordert einen Zeitplan: Gib beide an. Nichts wurde geändert.',
  },
};
