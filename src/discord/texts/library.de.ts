/** What the bot says about the library and itself, in German. */
import type { JobState } from '../../catalog/jobs.ts';
import type { ReindexMode } from '../../catalog/reindexes.ts';
import { aboutDe } from './about.de.ts';
import { amountsIn } from './amounts.ts';
import type { LibraryTexts } from './library.en.ts';
import { libraryCommandDe } from './library-command.de.ts';

const { whole, tenths, bytes, duration, count, list } = amountsIn('de');

const modes: Readonly<Record<ReindexMode, string>> = { changed: 'was sich geändert hat', everything: 'alles' };
const states: Readonly<Record<JobState, string>> = {
  running: 'im Gange',
  done: 'fertig',
  failed: 'gescheitert',
  cancelled: 'abgebrochen',
  interrupted: 'abgerissen',
};
const reasons: LibraryTexts['reindex']['reasons'] = {
  'config-invalid':
    'Für mich ist keine Bibliothek eingerichtet, oder eine andere, als ich kenne. Die Besitzer des Bots müssen LIBRARY setzen oder einen Ordner mit npm run index einlesen.',
  'file-unreadable':
    'Der Ordner der Bibliothek ist nicht zu lesen oder plötzlich leer. Die Besitzer des Bots müssen nachsehen.',
  'library-forbidden':
    'Ich werde nicht dorthin gelassen, wo die Aufnahmen der Bibliothek liegen: Mein Zugang ist vielleicht abgelaufen. Die Besitzer des Bots müssen nachsehen.',
  'library-unavailable':
    'Der Ort, an dem die Aufnahmen der Bibliothek liegen, hat nicht geantwortet. Die fertige Arbeit bleibt erhalten; bitte starte es später noch einmal.',
  'disk-full': 'Die Platte ist voll. Die Besitzer des Bots müssen Platz schaffen.',
  'permission-denied': 'Ich darf nicht schreiben, wo der Index ist. Die Besitzer des Bots müssen die Rechte richten.',
  'worker-unavailable':
    'Der Teil von mir, der zuhört, hat minutenlang nicht geantwortet. Die Besitzer des Bots müssen nachsehen.',
  'space-mismatch': 'Mein Worker benutzt ein anderes Modell als ich. Die Besitzer des Bots müssen nachsehen.',
  'catalog-busy': 'Der Katalog war minutenlang beschäftigt. Bitte versuche es später noch einmal.',
};
const recordings = (amount: number) => count(amount, 'Aufnahme', 'Aufnahmen');

export const libraryDe: LibraryTexts = {
  command: libraryCommandDe,
  about: aboutDe,

  refused: {
    manageGuild: '**/bibliothek** ist für alle, die diesen Server verwalten dürfen (das Recht Server verwalten).',
    home:
      'Alle Server haben dieselbe Bibliothek: Das dürfen nur die Besitzer des Bots und die Admins seiner Heimatserver, ' +
      'die die Besitzer bestimmen (DISCORD_HOME_SERVERS).',
    owner: 'Das dürfen nur die Besitzer des Bots, denn es kostet Stunden oder lässt sich von hier nicht zurücknehmen.',
    direct: 'Bitte benutze das auf einem Server: **/bibliothek** gehört dessen Admins.',
  },

  status: {
    title: 'Die Bibliothek',
    library: 'Bibliothek',
    tracks: (indexed, failed, removed) =>
      `${recordings(indexed)}, ${whole(failed)} gescheitert, ${whole(removed)} entfernt`,
    hours: (hours, tracks) => `${tenths(hours)} Stunden Klang in ${recordings(tracks)}`,
    inShort: (indexed, hours) => `${recordings(indexed)}, ${tenths(hours)} Stunden Klang`,
    chunks: (music) => count(music, 'Fenster mit Musik', 'Fenster mit Musik'),
    leftOut: (silence, applause, noise) =>
      `ausgelassen: ${whole(silence)} Stille, ${whole(applause)} Applaus, ${whole(noise)} Geräusch`,
    uncounted: 'Die Zahlen ließen sich gerade nicht lesen.',
    nothingIndexed: 'Noch ist nichts eingelesen: **/bibliothek einlesen** tut es.',
    model: 'Modell',
    modelLine: (name, version, licence) => `${name} ${version} (Lizenz: ${licence})`,
    deviceLine: (device) => `gerechnet auf: ${device}`,
    passedOver: (devices) =>
      `nicht zu gebrauchen: ${devices} (warum: im Log des Workers, oder \`npm run library -- status\` im Terminal)`,
    modelUnknown: 'unbekannt: der Worker sagt es nicht',
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
    openLine: (mode, askedAtMs, askedBy) =>
      `${modes[mode]}, verlangt <t:${Math.round(askedAtMs / 1000)}:R> von ${askedBy === null ? 'dem Zeitplan' : `<@${askedBy}>`}`,
    waits: 'wartet auf einen anderen Prozess, der gerade einliest',
    begins: 'beginnt',
    progress: ({ tracksDone, tracksTotal, failed }) =>
      `${whole(tracksDone)} von ${recordings(tracksTotal)}${failed > 0 ? `, ${whole(failed)} gescheitert` : ''}`,
    noneOpen: 'keines ist offen',
    schedule: 'Zeitplan',
    scheduleLine: (cron, timeZone) => `\`${cron}\` in ${timeZone}`,
    scheduleNext: (nextMs) => `das nächste Mal <t:${Math.round(nextMs / 1000)}:F>`,
    noSchedule: 'keiner',
  },

  plan: {
    title: (mode) => (mode === 'everything' ? 'Alles von neuem einlesen?' : 'Einlesen, was sich geändert hat?'),
    toRead: ({ added, changed, retried, again }) => {
      const parts = [
        ...(added > 0 ? [`${whole(added)} neue`] : []),
        ...(changed > 0 ? [`${whole(changed)} geänderte`] : []),
        ...(retried > 0 ? [`${whole(retried)}, die zuvor gescheitert sind`] : []),
        ...(again > 0 ? [`${whole(again)}, die ich schon kenne`] : []),
      ];
      const total = added + changed + retried + again;
      return total === 0 ? 'Es ist nichts zu lesen.' : `Zu lesen: ${recordings(total)} (${list(parts)}).`;
    },
    rest: ({ unchanged, moved, removed, failedBefore }) => {
      const parts = [
        `${whole(unchanged)} unverändert`,
        ...(moved > 0 ? [`${whole(moved)} umbenannt`] : []),
        ...(removed > 0 ? [`${whole(removed)} verschwunden, die aus den Antworten gehen`] : []),
        ...(failedBefore > 0 ? [`${whole(failedBefore)} zuvor gescheitert und unverändert`] : []),
      ];
      return `Nicht zu lesen: ${list(parts)}.`;
    },
    expected: (audioSec, wallSec, size) =>
      `Das sind ${bytes(size)}, etwa ${duration(audioSec)} Klang; nach dem, was es zuvor gebraucht hat, rund **${duration(wallSec)}**.`,
    unexpected: (size) => `Das sind ${bytes(size)}. Wie lange es dauert, weiß ich nicht: es gab noch keinen Lauf.`,
    clips: (clips, size) =>
      `Jeder Moment wird auch als Ausschnitt gespeichert: etwa ${count(clips, 'Datei', 'Dateien')}, **${bytes(size)}**.`,
    before: (startedAtMs, embedded, audioSec, wallSec) =>
      `<t:${Math.round(startedAtMs / 1000)}:d>: ${recordings(embedded)}, ${duration(audioSec)} Klang in ${duration(wallSec)}`,
    beforeTitle: 'Wie lange es zuvor gedauert hat',
    meanwhile: 'Fragen werden derweil beantwortet: aus dem, was jetzt da ist, und aus dem Neuen, sobald es fertig ist.',
    cannotPost: (permissions) =>
      `In diesem Kanal kann ich nicht berichten: dort fehlt mir ${list(permissions)}. **/bibliothek status** zeigt es.`,
    confirm: 'Bestätigen',
    dismiss: 'Lieber nicht',
    dismissed: 'Es wurde nichts begonnen.',
  },

  reindex: {
    asked: (mode, tells) =>
      `Das Einlesen hat begonnen: ${modes[mode]}. ${tells ? 'Ich berichte in diesem Kanal.' : '**/bibliothek status** zeigt, wie es steht.'}`,
    isOpen: (mode, askedBy, askedAtMs) =>
      `Ein Einlesen (${modes[mode]}) ist schon offen: ${askedBy === null ? 'der Zeitplan' : `<@${askedBy}>`} hat es ` +
      `<t:${Math.round(askedAtMs / 1000)}:R> verlangt. Es gibt nur eines zugleich; **/bibliothek abbrechen** beendet es.`,
    cancelled: (mode) => `Das Einlesen (${modes[mode]}) ist abgebrochen. Die fertige Arbeit bleibt erhalten.`,
    nothingOpen: 'Es ist kein Einlesen offen.',
    waiting:
      'Ein Einlesen wurde verlangt, doch gerade liest ein anderer Prozess ein. Meines beginnt, wenn der fertig ist.',
    begun: (mode, tracks, size) => `**Einlesen (${modes[mode]})**: ${recordings(tracks)} zu lesen, ${bytes(size)}.`,
    goesOn: (mode, tracks) =>
      `**Einlesen (${modes[mode]})** geht nach einem Neustart weiter: noch ${recordings(tracks)}.`,
    milestone: (percent, { tracksDone, tracksTotal, failed }, leftSec) =>
      `${whole(percent)} %: ${whole(tracksDone)} von ${recordings(tracksTotal)} gelesen` +
      `${failed > 0 ? `, ${whole(failed)} gescheitert` : ''}${leftSec === null ? '' : `; noch etwa ${duration(leftSec)}`}.`,
    doneTitle: (mode) => `**Einlesen (${modes[mode]}) ist fertig.**`,
    doneCounts: (embedded, removed, failed) =>
      `${recordings(embedded)} gelesen, ${whole(removed)} verschwunden, ${whole(failed)} gescheitert` +
      `${failed > 0 ? ' (**/bibliothek fehler** nennt sie)' : ''}.`,
    doneTime: (sec, audioSec, rate) =>
      `Es dauerte ${duration(sec)}${rate === null ? '' : ` für ${duration(audioSec)} Klang, zuletzt ${whole(rate)}-mal so schnell wie Zuhören`}.`,
    generation: (id, rows) => `Generation ${id} antwortet jetzt: ${count(rows, 'Fenster', 'Fenster')}.`,
    endsRollBack: (id) => `Die Rückkehr zu ${id} ist damit beendet.`,
    heldGeneration: (id) => `Der Index bleibt bei Generation ${id}, zu der zurückgekehrt wurde.`,
    sameGeneration: 'Der Index war schon auf dem neuesten Stand.',
    emptyGeneration: 'Es gibt noch nichts zu durchsuchen.',
    failed: (mode) => `**Einlesen (${modes[mode]}) ist gescheitert.**`,
    reasons,
    otherReason: 'Bei mir ist etwas schiefgegangen; die Besitzer des Bots finden es unter der Kennung.',
    reference: (id) => `Kennung reindex ${id}`,
    keeps:
      'Die fertige Arbeit bleibt erhalten, und die Antworten kommen weiter aus demselben Index. **/bibliothek einlesen** macht weiter.',
    ended: (mode) => `**Einlesen (${modes[mode]}) wurde abgebrochen.** Die fertige Arbeit bleibt erhalten.`,
  },

  failures: {
    none: 'Nichts ist gescheitert.',
    some: (total) =>
      `${recordings(total)} ${total === 1 ? 'war' : 'waren'} nicht zu lesen. Die Datei sagt, welche und warum; **/bibliothek einlesen** versucht erneut, was sich geben kann.`,
    fileName: 'fehler.txt',
    description: (total) => `Liste: ${recordings(total)} nicht zu lesen`,
    tries: (tries) => count(tries, 'Versuch', 'Versuche'),
    again: (from) => (from === null ? 'wieder, wenn sie sich ändert' : `wieder ab ${from}`),
    more: (left) => `... und ${whole(left)} weitere: npm run library -- failures nennt alle.`,
  },

  remove: {
    ask: (piece, key) =>
      `**${piece}** (${key}) sofort und für immer aus allen Antworten nehmen? Die Datei bleibt, wo sie ist, und wird fortan übergangen.`,
    confirm: 'Entfernen',
    done: (piece) => `**${piece}** ist entfernt: keine Antwort nennt es mehr.`,
    gone: 'Dieses Stück ist nicht mehr in der Bibliothek.',
  },

  settings: {
    title: 'Einstellungen',
    shareChannel: 'Funde werden geteilt',
    shareHere: 'in dem Kanal, in dem sie gemacht wurden',
    schedule: 'Einlesen von selbst',
    private: 'Antworten sehen',
    privately: 'nur die Fragenden',
    publicly: 'alle im Kanal',
    results: 'Stücke je Antwort',
    changed: 'Geändert. Es gilt jetzt:',
    problems: {
      cron: 'Dieser Zeitplan ist nicht zu lesen. Er hat fünf Felder wie in crontab, zum Beispiel `0 3 * * *` für jede Nacht um 3:00.',
      'too-often':
        'Dieser Zeitplan gilt öfter als einmal je Stunde. Nenne eine Minute: `0 3 * * *` ist jede Nacht um 3:00.',
      'time-zone': 'Diese Zeitzone gibt es nicht. Nenne sie wie die IANA, zum Beispiel Europe/Berlin.',
    },
    shareRefused: (channel, permissions) =>
      `Nach ${channel} kann ich nicht teilen: dort fehlt mir ${list(permissions)}. Nichts wurde geändert.`,
    both: 'Bitte setze eine Einstellung oder nimm sie zurück, nicht beides. Nichts wurde geändert.',
    timeZoneAlone: 'Eine Zeitzone gehört zu einem Zeitplan: nenne beide. Nichts wurde geändert.',
  },
};
