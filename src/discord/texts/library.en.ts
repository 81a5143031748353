/** What the bot says about the library and itself, in English. Placeholders are arguments. */
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
  running: 'under way',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
  interrupted: 'cut off',
};
const problems: Readonly<Record<ScheduleProblem, string>> = {
  cron: 'This schedule cannot be read. It has five fields as in crontab, for example `0 3 * * *` for every night at 3:00.',
  'too-often': 'This schedule is due more than once an hour. Name one minute: `0 3 * * *` is every night at 3:00.',
  'time-zone': 'There is no such time zone. Name it as IANA does, for example Europe/Berlin.',
};
/** Of failures of a whole run, for everybody in the channel: no paths, no raw errors. */
const reasons: Readonly<Partial<Record<ErrorCode, string>>> = {
  'config-invalid':
    "No library is set up for me, or another one than I know. The bot's owner has to set LIBRARY, or index a folder with npm run index.",
  'file-unreadable': "The library's folder cannot be read, or is empty all of a sudden. The bot's owner has to look.",
  'library-forbidden':
    "I am not let into the place where the library's recordings lie: my access may have expired. The bot's owner has to look.",
  'library-unavailable':
    "The place where the library's recordings lie did not answer. The finished work is kept; please start it again later.",
  'disk-full': "The disk is full. The bot's owner has to make room.",
  'permission-denied': "I may not write where the index is. The bot's owner has to fix the permissions.",
  'worker-unavailable': "The part of me that listens did not answer for minutes. The bot's owner has to look.",
  'space-mismatch': "My worker uses another model than I do. The bot's owner has to look.",
  'catalog-busy': 'The catalog was busy for minutes. Please try again later.',
};
const recordings = (amount: number) => count(amount, 'recording', 'recordings');

export const libraryEn = {
  command: libraryCommandEn,
  about: aboutEn,

  refused: {
    manageGuild: '**/library** is for people who may manage this server (the permission Manage Server).',
    home:
      "All servers share one library: this is for the bot's owners, and for admins of its home servers, which the " +
      'owners choose (DISCORD_HOME_SERVERS).',
    owner: "This is for the bot's owners only, because it costs hours or cannot be undone from here.",
    direct: 'Please use this in a server: **/library** belongs to its admins.',
  },

  status: {
    title: 'The library',
    library: 'Library',
    tracks: (indexed: number, failed: number, removed: number) =>
      `${recordings(indexed)}, ${whole(failed)} failed, ${whole(removed)} removed`,
    hours: (hours: number, tracks: number) => `${tenths(hours)} hours of audio in ${recordings(tracks)}`,
    inShort: (indexed: number, hours: number) => `${recordings(indexed)}, ${tenths(hours)} hours of audio`,
    chunks: (music: number) => count(music, 'chunk of music', 'chunks of music'),
    leftOut: (silence: number, applause: number, noise: number) =>
      `left out: ${whole(silence)} silence, ${whole(applause)} applause, ${whole(noise)} noise`,
    uncounted: 'The counts could not be read just now.',
    nothingIndexed: 'Nothing is indexed yet: **/library reindex** does it.',
    model: 'Model',
    modelLine: (name: string, version: string, licence: string) => `${name} ${version} (licence: ${licence})`,
    deviceLine: (device: string) => `computed on: ${device}`,
    passedOver: (devices: string) =>
      `not usable: ${devices} (why: the worker's log, or \`npm run library -- status\` in a terminal)`,
    modelUnknown: 'unknown: the worker does not tell',
    worker: 'Worker',
    workers: { ready: 'ready', unavailable: 'does not answer' },
    index: 'Index',
    indexOpen: (processes: number, { id, chunks, tracks, builtAtMs }: GenerationFacts) =>
      `answers with ${count(processes, 'process', 'processes')}: generation ${id}, ${count(chunks, 'chunk', 'chunks')} ` +
      `of ${recordings(tracks)}, built <t:${Math.round(builtAtMs / 1000)}:R>`,
    indexAnswers: (builtAtMs: number) => `answers, built <t:${Math.round(builtAtMs / 1000)}:R>`,
    indexEmpty: 'empty',
    indexClosed: (code: string) => `does not answer (${code})`,
    disk: 'Disk',
    diskLine: (used: number, free: number) => `${bytes(used)} used by me, ${bytes(free)} free`,
    diskUnknown: 'unknown',
    lastRun: 'Last run',
    lastRunLine: ({ state, startedAtMs, durationSec, embedded, failed }: LastRun) =>
      `<t:${Math.round(startedAtMs / 1000)}:R>, ${states[state]}${durationSec === null ? '' : ` after ${duration(durationSec)}`}: ` +
      `${whole(embedded)} read, ${whole(failed)} failed`,
    noRun: 'none yet',
    open: 'Reindex',
    openLine: (mode: ReindexMode, askedAtMs: number, askedBy: string | null) =>
      `${modes[mode]}, asked for <t:${Math.round(askedAtMs / 1000)}:R> by ${askedBy === null ? 'the schedule' : `<@${askedBy}>`}`,
    waits: 'waits for another process that indexes',
    begins: 'begins',
    progress: ({ tracksDone, tracksTotal, failed }: ReindexProgress) =>
      `${whole(tracksDone)} of ${recordings(tracksTotal)}${failed > 0 ? `, ${whole(failed)} failed` : ''}`,
    noneOpen: 'none is open',
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
        ...(again > 0 ? [`${whole(again)} that I know already`] : []),
      ];
      const total = added + changed + retried + again;
      return total === 0 ? 'There is nothing to read.' : `To read: ${recordings(total)} (${list(parts)}).`;
    },
    rest: ({ unchanged, moved, removed, failedBefore }: IndexPlan['files']) => {
      const parts = [
        `${whole(unchanged)} unchanged`,
        ...(moved > 0 ? [`${whole(moved)} moved`] : []),
        ...(removed > 0 ? [`${whole(removed)} gone, which leave the answers`] : []),
        ...(failedBefore > 0 ? [`${whole(failedBefore)} that failed before and look the same`] : []),
      ];
      return `Not to read: ${list(parts)}.`;
    },
    expected: (audioSec: number, wallSec: number, size: number) =>
      `That is ${bytes(size)}, some ${duration(audioSec)} of audio; by what it took before, about **${duration(wallSec)}**.`,
    unexpected: (size: number) => `That is ${bytes(size)}. How long it takes I cannot say: there is no run to go by.`,
    clips: (clips: number, size: number) =>
      `Each moment is also stored as a clip: about ${count(clips, 'file', 'files')}, **${bytes(size)}**.`,
    before: (startedAtMs: number, embedded: number, audioSec: number, wallSec: number) =>
      `<t:${Math.round(startedAtMs / 1000)}:d>: ${recordings(embedded)}, ${duration(audioSec)} of audio, took ${duration(wallSec)}`,
    beforeTitle: 'How long it took before',
    meanwhile:
      'Questions are answered all the while: from what is there now, and from the new at once when it is done.',
    cannotPost: (permissions: readonly string[]) =>
      `I cannot tell how it goes in this channel: there I lack ${list(permissions)}. **/library status** shows it.`,
    confirm: 'Confirm',
    dismiss: 'Leave it',
    dismissed: 'Nothing was started.',
  },

  reindex: {
    asked: (mode: ReindexMode, tells: boolean) =>
      `Reindexing ${modes[mode]} has been started. ${tells ? 'I tell in this channel how it goes.' : 'See **/library status** for how it goes.'}`,
    isOpen: (mode: ReindexMode, askedBy: string | null, askedAtMs: number) =>
      `A reindex (${modes[mode]}) is open already: ${askedBy === null ? 'the schedule' : `<@${askedBy}>`} asked for it ` +
      `<t:${Math.round(askedAtMs / 1000)}:R>. There is one at a time; **/library cancel** stops it.`,
    cancelled: (mode: ReindexMode) => `The reindex (${modes[mode]}) is cancelled. Its finished work is kept.`,
    nothingOpen: 'No reindex is open.',
    waiting: 'A reindex was asked for, but another process is indexing just now. Mine begins when that one has ended.',
    begun: (mode: ReindexMode, tracks: number, size: number) =>
      `**Reindexing ${modes[mode]}**: ${recordings(tracks)} to read, ${bytes(size)}.`,
    goesOn: (mode: ReindexMode, tracks: number) =>
      `**Reindexing ${modes[mode]}** goes on after a restart: ${recordings(tracks)} left.`,
    milestone: (percent: number, { tracksDone, tracksTotal, failed }: ReindexProgress, leftSec: number | null) =>
      `${whole(percent)} %: ${whole(tracksDone)} of ${recordings(tracksTotal)} read` +
      `${failed > 0 ? `, ${whole(failed)} failed` : ''}${leftSec === null ? '' : `; about ${duration(leftSec)} left`}.`,
    doneTitle: (mode: ReindexMode) => `**Reindexing ${modes[mode]} is done.**`,
    doneCounts: (embedded: number, removed: number, failed: number) =>
      `${recordings(embedded)} read, ${whole(removed)} gone, ${whole(failed)} failed` +
      `${failed > 0 ? ' (**/library failures** lists them)' : ''}.`,
    doneTime: (sec: number, audioSec: number, rate: number | null) =>
      `Took ${duration(sec)}${rate === null ? '' : ` for ${duration(audioSec)} of audio, at the end ${whole(rate)} times as fast as listening`}.`,
    generation: (id: string, rows: number) => `Generation ${id} answers now: ${count(rows, 'chunk', 'chunks')}.`,
    endsRollBack: (id: string) => `The roll-back to ${id} has ended with it.`,
    heldGeneration: (id: string) => `The index stays at generation ${id}, to which it was rolled back.`,
    sameGeneration: 'The index was up to date already.',
    emptyGeneration: 'There is nothing to search in yet.',
    failed: (mode: ReindexMode) => `**Reindexing ${modes[mode]} failed.**`,
    reasons,
    otherReason: "Something went wrong on my side; the bot's owner finds it by the reference.",
    reference: (id: number) => `reference reindex ${id}`,
    keeps: 'The finished work is kept, and answers still come from the same index. **/library reindex** goes on.',
    ended: (mode: ReindexMode) => `**Reindexing ${modes[mode]} was cancelled.** Its finished work is kept.`,
  },

  failures: {
    none: 'Nothing failed.',
    some: (total: number) =>
      `${recordings(total)} could not be read. The file says which, and why; **/library reindex** looks again at what may pass.`,
    fileName: 'failures.txt',
    description: (total: number) => `List of ${recordings(total)} that could not be read`,
    tries: (tries: number) => count(tries, 'try', 'tries'),
    again: (from: string | null) => (from === null ? 'again when it changes' : `again from ${from} on`),
    more: (left: number) => `... and ${whole(left)} more: npm run library -- failures lists them all.`,
  },

  remove: {
    ask: (piece: string, key: string) =>
      `Take **${piece}** (${key}) out of all answers, at once and for good? Its file stays where it is, and is passed over from now on.`,
    confirm: 'Remove',
    done: (piece: string) => `**${piece}** is removed: no answer names it any more.`,
    gone: 'This piece is not in the library any more.',
  },

  settings: {
    title: 'Settings',
    shareChannel: 'Finds are shared',
    shareHere: 'in the channel where they were made',
    schedule: 'Reindex by itself',
    private: 'Answers are shown',
    privately: 'to the asker alone',
    publicly: 'to everybody in the channel',
    results: 'Pieces in an answer',
    changed: 'Changed. This holds now:',
    problems,
    shareRefused: (channel: string, permissions: readonly string[]) =>
      `I cannot share to ${channel}: there I lack ${list(permissions)}. Nothing was changed.`,
    both: 'Please either set or take back a setting, not both. Nothing was changed.',
    timeZoneAlone: 'A time zone belongs to a schedule: name both. Nothing was changed.',
  },
};

/** The shape that every language fills. */
export type LibraryTexts = typeof libraryEn;
