/** Replies about the library and the bot, in English. Placeholders are arguments. */
import type { JobState } from '../../catalog/jobs.ts';
import type { ReindexMode } from '../../catalog/reindexes.ts';
import type { ScheduleProblem } from '../../config/schedule.ts';
import type { ErrorCode } from '../../errors.ts';
import type { IndexPlan } from '../../indexing/plan.ts';
import { aboutEn } from './about.en.ts';
import { amountsIn } from './amounts.ts';
import { libraryCommandEn } from './library-command.en.ts';
import type { GenerationFacts, LastRun, ReindexProgress } from './library-facts.ts';

const { whole, tenths, bytes, duration, count, list } = amountsIn('en');

const modes: Readonly<Record<ReindexMode, string>> = { changed: 'what has changed', everything: 'everything' };
const states: Readonly<Record<JobState, string>> = {
  running: 'running',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
  interrupted: 'interrupted',
};
const problems: Readonly<Record<ScheduleProblem, string>> = {
  cron: 'This schedule is invalid. A schedule has five fields as in crontab, for example `0 3 * * *` for every night at 3:00.',
  'too-often': 'This schedule runs more than once an hour. Give one minute: `0 3 * * *` is every night at 3:00.',
  'time-zone': 'This time zone does not exist. Use an IANA name, for example Europe/Berlin.',
};
/** Why a whole job failed, for everybody in the channel: no paths, no raw errors. */
const reasons: Readonly<Partial<Record<ErrorCode, string>>> = {
  'config-invalid':
    "No library is configured, or LIBRARY differs from the indexed one. The bot's owner has to set LIBRARY, or index a folder with npm run index.",
  'file-unreadable': "The library's folder cannot be read, or is suddenly empty. Please tell the bot's owner.",
  'library-forbidden':
    "I have no access to the library's recordings: the access may have expired. Please tell the bot's owner.",
  'library-unavailable':
    "The storage of the library's recordings did not respond. The finished work is stored; please start the reindex again later.",
  'disk-full': "The disk is full. The bot's owner has to free space.",
  'permission-denied': "I have no permission to write to the index folder. The bot's owner has to fix the permissions.",
  'worker-unavailable': "The embedding worker did not respond for minutes. Please tell the bot's owner.",
  'space-mismatch': "The worker uses a different model than the bot. Please tell the bot's owner.",
  'catalog-busy': 'The catalog was busy for minutes. Please try again later.',
};
const recordings = (amount: number) => count(amount, 'recording', 'recordings');

/** A request from the web app names its API key, which is nobody in Discord. */
function askerOf(requestedBy: string | null): string {
  if (requestedBy === null) return 'the schedule';
  return requestedBy.startsWith('web:') ? 'the web app' : `<@${requestedBy}>`;
}

export const libraryEn = {
  command: libraryCommandEn,
  about: aboutEn,

  refused: {
    manageGuild: '**/library** requires the permission Manage Server.',
    home:
      "All servers share one library. Only the bot's owners and the admins of its home servers can do this; the owners set " +
      'the home servers in DISCORD_HOME_SERVERS.',
    owner: "Only the bot's owners can do this, because it takes hours or cannot be undone here.",
    direct: 'Please use **/library** in a server: it is for admins of that server.',
  },

  status: {
    title: 'The library',
    library: 'Library',
    tracks: (indexed: number, failed: number, removed: number) =>
      `${recordings(indexed)}, ${whole(failed)} failed, ${whole(removed)} removed`,
    hours: (hours: number, tracks: number) => `${tenths(hours)} hours of audio in ${recordings(tracks)}`,
    summary: (indexed: number, hours: number) => `${recordings(indexed)}, ${tenths(hours)} hours of audio`,
    chunks: (music: number) => count(music, 'chunk of music', 'chunks of music'),
    excludedChunks: (silence: number, applause: number, noise: number) =>
      `excluded: ${whole(silence)} silence, ${whole(applause)} applause, ${whole(noise)} noise`,
    uncounted: 'The counts cannot be read at the moment.',
    nothingIndexed: 'Nothing is indexed yet. Start with **/library reindex**.',
    model: 'Model',
    modelLine: (name: string, version: string, licence: string) => `${name} ${version} (licence: ${licence})`,
    deviceLine: (device: string) => `runs on: ${device}`,
    passedOver: (devices: string) =>
      `not usable: ${devices} (why: the worker's log, or \`npm run library -- status\` in a terminal)`,
    modelUnknown: 'unknown: the worker does not report it',
    worker: 'Worker',
    workers: { ready: 'ready', unavailable: 'does not respond' },
    index: 'Index',
    indexOpen: (processes: number, { id, chunks, tracks, builtAtMs }: GenerationFacts) =>
      `answers with ${count(processes, 'process', 'processes')}: generation ${id}, ${count(chunks, 'chunk', 'chunks')} ` +
      `of ${recordings(tracks)}, built <t:${Math.round(builtAtMs / 1000)}:R>`,
    indexAnswers: (builtAtMs: number) => `answers, built <t:${Math.round(builtAtMs / 1000)}:R>`,
    indexEmpty: 'empty',
    indexClosed: (code: string) => `does not respond (${code})`,
    disk: 'Disk',
    diskLine: (used: number, free: number) => `${bytes(used)} used by me, ${bytes(free)} free`,
    diskUnknown: 'unknown',
    lastRun: 'Last run',
    lastRunLine: ({ state, startedAtMs, durationSec, embedded, failed }: LastRun) =>
      `<t:${Math.round(startedAtMs / 1000)}:R>, ${states[state]}${durationSec === null ? '' : ` after ${duration(durationSec)}`}: ` +
      `${whole(embedded)} read, ${whole(failed)} failed`,
    noRun: 'none yet',
    open: 'Reindex',
    openLine: (mode: ReindexMode, requestedAtMs: number, requestedBy: string | null) =>
      `${modes[mode]}, requested <t:${Math.round(requestedAtMs / 1000)}:R> by ${askerOf(requestedBy)}`,
    waits: 'waits: another process is indexing',
    begins: 'starting',
    progress: ({ tracksDone, tracksTotal, failed }: ReindexProgress) =>
      `${whole(tracksDone)} of ${recordings(tracksTotal)}${failed > 0 ? `, ${whole(failed)} failed` : ''}`,
    noOpenJob: 'none is open',
    schedule: 'Schedule',
    scheduleLine: (cron: string, timeZone: string) => `\`${cron}\` in ${timeZone}`,
    scheduleNext: (nextMs: number) => `next <t:${Math.round(nextMs / 1000)}:F>`,
    noSchedule: 'none',
  },

  plan: {
    title: (mode: ReindexMode) => `Reindex ${modes[mode]}?`,
    toRead: ({ added, changed, retried, again }: IndexPlan['files']) => {
      const parts = [
        ...(added > 0 ? [`${whole(added)} new`] : []),
        ...(changed > 0 ? [`${whole(changed)} changed`] : []),
        ...(retried > 0 ? [`${whole(retried)} that failed before`] : []),
        ...(again > 0 ? [`${whole(again)} already indexed`] : []),
      ];
      const total = added + changed + retried + again;
      return total === 0 ? 'There is nothing to read.' : `To read: ${recordings(total)} (${list(parts)}).`;
    },
    rest: ({ unchanged, moved, removed, failedBefore }: IndexPlan['files']) => {
      const parts = [
        `${whole(unchanged)} unchanged`,
        ...(moved > 0 ? [`${whole(moved)} moved`] : []),
        ...(removed > 0 ? [`${whole(removed)} missing, to be removed from answers`] : []),
        ...(failedBefore > 0 ? [`${whole(failedBefore)} that failed before and have not changed`] : []),
      ];
      return `Not to read: ${list(parts)}.`;
    },
    expected: (audioSec: number, wallSec: number, size: number) =>
      `That is ${bytes(size)}, about ${duration(audioSec)} of audio. Judging by earlier jobs, this takes about **${duration(wallSec)}**.`,
    unexpected: (size: number) => `That is ${bytes(size)}. I cannot estimate the time: there is no earlier job.`,
    clips: (clips: number, size: number) =>
      `Each moment is also stored as a clip: about ${count(clips, 'file', 'files')}, **${bytes(size)}**.`,
    before: (startedAtMs: number, embedded: number, audioSec: number, wallSec: number) =>
      `<t:${Math.round(startedAtMs / 1000)}:d>: ${recordings(embedded)}, ${duration(audioSec)} of audio, took ${duration(wallSec)}`,
    beforeTitle: 'How long it took before',
    meanwhile:
      'Queries are answered in the meantime: from the current index, and from the new one as soon as it is done.',
    cannotPost: (permissions: readonly string[]) =>
      `I cannot report progress in this channel: I lack ${list(permissions)} here. **/library status** shows the progress.`,
    confirm: 'Confirm',
    dismiss: 'Dismiss',
    dismissed: 'Nothing was started.',
  },

  reindex: {
    requested: (mode: ReindexMode, willAnnounce: boolean) =>
      `Reindexing ${modes[mode]} has been started. ${willAnnounce ? 'I report progress in this channel.' : '**/library status** shows the progress.'}`,
    isOpen: (mode: ReindexMode, requestedBy: string | null, requestedAtMs: number) =>
      `A reindex (${modes[mode]}) is open already: ${askerOf(requestedBy)} requested it ` +
      `<t:${Math.round(requestedAtMs / 1000)}:R>. Only one can be open at a time; **/library cancel** stops it.`,
    cancelled: (mode: ReindexMode) => `The reindex (${modes[mode]}) is cancelled. Its finished work is stored.`,
    noneRunning: 'No reindex is open.',
    waiting: 'Another process is indexing at the moment. The requested reindex starts when it has ended.',
    begun: (mode: ReindexMode, tracks: number, size: number) =>
      `**Reindexing ${modes[mode]}**: ${recordings(tracks)} to read, ${bytes(size)}.`,
    continues: (mode: ReindexMode, tracks: number) =>
      `**Reindexing ${modes[mode]}** continues after a restart: ${recordings(tracks)} left.`,
    milestone: (percent: number, { tracksDone, tracksTotal, failed }: ReindexProgress, leftSec: number | null) =>
      `${whole(percent)} %: ${whole(tracksDone)} of ${recordings(tracksTotal)} read` +
      `${failed > 0 ? `, ${whole(failed)} failed` : ''}${leftSec === null ? '' : `; about ${duration(leftSec)} left`}.`,
    doneTitle: (mode: ReindexMode) => `**Reindexing ${modes[mode]} is done.**`,
    doneCounts: (embedded: number, removed: number, failed: number) =>
      `${recordings(embedded)} read, ${whole(removed)} missing, ${whole(failed)} failed` +
      `${failed > 0 ? ' (**/library failures** lists them)' : ''}.`,
    doneTime: (sec: number, audioSec: number, rate: number | null) =>
      `It took ${duration(sec)}${rate === null ? '' : ` for ${duration(audioSec)} of audio, at the end ${whole(rate)} times as fast as real time`}.`,
    generation: (id: string, rows: number) => `Generation ${id} is now in use: ${count(rows, 'chunk', 'chunks')}.`,
    endsRollBack: (id: string) => `This ends the rollback to ${id}.`,
    heldGeneration: (id: string) => `The index stays at generation ${id} because of a rollback.`,
    sameGeneration: 'The index was already up to date.',
    emptyGeneration: 'The library is still empty.',
    failed: (mode: ReindexMode) => `**Reindexing ${modes[mode]} failed.**`,
    reasons,
    otherReason: "Something went wrong on my side. The bot's owner can find the cause with the reference.",
    reference: (id: number) => `reference reindex ${id}`,
    keeps: 'The finished work is stored, and answers still use the same index. **/library reindex** continues.',
    ended: (mode: ReindexMode) => `**Reindexing ${modes[mode]} was cancelled.** Its finished work is stored.`,
  },

  failures: {
    none: 'Nothing failed.',
    some: (total: number) =>
      `${recordings(total)} could not be read. The file lists them with the reasons; **/library reindex** tries them again where that may help.`,
    fileName: 'failures.txt',
    description: (total: number) => `List of ${recordings(total)} that could not be read`,
    tries: (tries: number) => count(tries, 'try', 'tries'),
    again: (from: string | null) => (from === null ? 'again when it changes' : `again from ${from} on`),
    more: (left: number) => `... and ${whole(left)} more: npm run library -- failures lists them all.`,
  },

  remove: {
    ask: (piece: string, key: string) =>
      `Remove **${piece}** (${key}) from all answers, immediately and permanently? Its file is not deleted, but is skipped from now on.`,
    confirm: 'Remove',
    done: (piece: string) => `**${piece}** is removed and no longer appears in answers.`,
    gone: 'This piece is no longer in the library.',
  },

  settings: {
    title: 'Settings',
    shareChannel: 'Results are shared',
    shareHere: 'in the channel of the query',
    schedule: 'Scheduled reindex',
    private: 'Answers are shown',
    privately: 'only to the user',
    publicly: 'to everybody in the channel',
    results: 'Pieces in an answer',
    changed: 'Changed. Current settings:',
    problems,
    shareRefused: (channel: string, permissions: readonly string[]) =>
      `I cannot share to ${channel}: I lack ${list(permissions)} there. Nothing was changed.`,
    both: 'Please either set or reset a setting, not both. Nothing was changed.',
    timeZoneAlone: 'A time zone requires a schedule: give both. Nothing was changed.',
  },
};

/** Every language has these texts. */
export type LibraryTexts = typeof libraryEn;
