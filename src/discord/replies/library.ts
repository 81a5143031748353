/** The replies of `/library` about the library and a server's settings. Pure. */
import type { APIEmbedField } from 'discord-api-types/v10';
import type { GuildSettingsEntry } from '../../catalog/guild-settings.ts';
import type { Failure } from '../../catalog/track-rows.ts';
import type { ScheduleProblem } from '../../config/schedule.ts';
import type { Track } from '../../domain.ts';
import { oneLine } from '../../format.ts';
import { writeCustomId } from '../custom-id.ts';
import type { Reply } from '../reply.ts';
import type { LibraryStatus, ScheduleFacts } from '../texts/library-facts.ts';
import type { Texts } from '../texts/texts.ts';
import { button, buttonRows } from './components.ts';
import { type PermissionName, reindexActions } from './library-reindex.ts';
import { escaped, escapedPiece } from './names.ts';

export const removeAction = 'library-remove';

/** Discord's limit for the value of a field. */
const fieldValueMax = 1024;
/** Devices have short names; the name of a remote engine contains its address. */
const deviceLengthMax = 200;
const nameLengthMax = 200;
const keyLengthMax = 400;
const failureLineMax = 400;

/** manageGuild: requires Manage Server; home: requires it in a home server; owner: requires to be listed as an owner;
 *  direct: used outside a server */
export function refusedReply({ library }: Texts, why: keyof Texts['library']['refused']): Reply {
  return { content: library.refused[why] };
}

/** @param shown whole: for the library's admins; short: for admins of other servers */
export function statusReply({ library }: Texts, status: LibraryStatus, shown: 'whole' | 'short'): Reply {
  const { status: texts } = library;
  const field = (name: string, lines: readonly string[]): APIEmbedField => ({
    name,
    value: lines.join('\n').slice(0, fieldValueMax),
  });
  if (shown === 'short') {
    const { tracks, space, worker } = status;
    const count = tracks === null ? texts.uncounted : texts.summary(tracks.indexed, space?.hours ?? 0);
    const fields = [
      field(texts.library, [count]),
      field(texts.index, [shortIndexLine(texts, status.index)]),
      field(texts.worker, [texts.workers[worker]]),
    ];
    return { embeds: [{ title: texts.title, fields }] };
  }
  return {
    embeds: [
      {
        title: texts.title,
        fields: [
          field(texts.library, countLines(texts, status)),
          field(texts.index, [indexLine(texts, status.index)]),
          field(texts.model, modelLines(texts, status.model)),
          field(texts.worker, [texts.workers[status.worker]]),
          field(texts.disk, [
            status.disk ? texts.diskLine(status.disk.usedBytes, status.disk.freeBytes) : texts.diskUnknown,
          ]),
          field(texts.lastRun, [status.lastRun ? texts.lastRunLine(status.lastRun) : texts.noRun]),
          field(texts.open, openLines(texts, status.open)),
          field(texts.schedule, scheduleLines(texts, status.schedule)),
        ],
      },
    ],
  };
}

type StatusTexts = Texts['library']['status'];

function countLines(texts: StatusTexts, { tracks, space }: LibraryStatus): string[] {
  if (tracks === null) return [texts.uncounted];
  const all = texts.tracks(tracks.indexed, tracks.failed, tracks.removed);
  if (space === null) return [all, texts.nothingIndexed];
  const { music, silence, applause, noise } = space.chunks;
  return [
    all,
    texts.hours(space.hours, space.tracks),
    `${texts.chunks(music)}; ${texts.excludedChunks(silence, applause, noise)}`,
  ];
}

function indexLine(texts: StatusTexts, index: LibraryStatus['index']): string {
  if (index.state === 'open') return texts.indexOpen(index.processes, index.generation);
  return index.code === 'index-empty' ? texts.indexEmpty : texts.indexClosed(index.code);
}

function shortIndexLine(texts: StatusTexts, index: LibraryStatus['index']): string {
  if (index.state === 'open') return texts.indexAnswers(index.generation.builtAtMs);
  return index.code === 'index-empty' ? texts.indexEmpty : texts.workers.unavailable;
}

/** Reasons are shown only in the worker's log, because they name files on its machine. */
function modelLines(texts: StatusTexts, model: LibraryStatus['model']): string[] {
  if (model === null) return [texts.modelUnknown];
  const passedOver = model.passedOver.map((reason) => reason.split(':')[0] ?? '').join(', ');
  return [
    texts.modelLine(model.name, model.version, model.licence),
    texts.deviceLine(escaped(model.device, deviceLengthMax)),
    ...(passedOver === '' ? [] : [texts.passedOver(escaped(passedOver, deviceLengthMax))]),
  ];
}

function openLines(texts: StatusTexts, open: LibraryStatus['open']): string[] {
  if (open === null) return [texts.noOpenJob];
  const progress = open.progress ? texts.progress(open.progress) : open.waits ? texts.waits : texts.begins;
  return [texts.openLine(open.mode, open.requestedAtMs, open.requestedBy), progress];
}

function scheduleLines(texts: StatusTexts, schedule: ScheduleFacts | null): string[] {
  if (schedule === null) return [texts.noSchedule];
  const { cron, timeZone, nextMs } = schedule;
  return [texts.scheduleLine(cron, timeZone), ...(nextMs === null ? [] : [texts.scheduleNext(nextMs)])];
}

/** @param total number of failures; `shown` are the first ones */
export function failuresReply({ library }: Texts, total: number, shown: readonly Failure[]): Reply {
  const { none, some, fileName, description, more } = library.failures;
  if (total === 0) return { content: none };
  const lines = shown.map((failure) => failureLines(library.failures, failure));
  if (total > shown.length) lines.push(more(total - shown.length));
  const data = Buffer.from(`${lines.join('\n')}\n`, 'utf8');
  return { content: some(total), files: [{ name: fileName, content: { data }, description: description(total) }] };
}

function failureLines(
  { tries: describeTries, again }: Texts['library']['failures'],
  { key, code, message, tries, atMs, retryAtMs }: Failure,
): string {
  const failedAt = new Date(atMs).toISOString();
  const nextTry = again(retryAtMs === null ? null : new Date(retryAtMs).toISOString());
  return `${oneLine(key, failureLineMax)}\n    ${code}, ${describeTries(tries)}, ${failedAt}, ${nextTry}: ${oneLine(message, failureLineMax)}`;
}

export function removeAskReply(texts: Texts, track: Track): Reply {
  const { ask, confirm } = texts.library.remove;
  const { title } = escapedPiece(texts, track, nameLengthMax);
  return {
    content: ask(title, escaped(track.key, keyLengthMax)),
    components: buttonRows([
      button(writeCustomId(removeAction, track.id), confirm, 'bad'),
      button(writeCustomId(reindexActions.dismiss), texts.library.plan.dismiss),
    ]),
  };
}

/** @param track null if it no longer exists */
export function removedReply(texts: Texts, track: Track | null): Reply {
  const { done, gone } = texts.library.remove;
  return { content: track ? done(escapedPiece(texts, track, nameLengthMax).title) : gone };
}

export interface SettingsFacts {
  readonly settings: GuildSettingsEntry;
  /** The effective number: the server's, or the default. */
  readonly results: number;
  /** Undefined for users who are not admins of the library. */
  readonly schedule?: ScheduleFacts | null;
}

export function settingsReply({ library }: Texts, facts: SettingsFacts, changed: boolean): Reply {
  const { settings: texts, status } = library;
  const { shareChannelId, private: isPrivate } = facts.settings;
  const fields = [
    { name: texts.shareChannel, value: shareChannelId === null ? texts.shareHere : `<#${shareChannelId}>` },
    { name: texts.private, value: isPrivate ? texts.privately : texts.publicly },
    { name: texts.results, value: String(facts.results) },
  ];
  if (facts.schedule !== undefined) {
    const value = scheduleLines(status, facts.schedule).join('\n').slice(0, fieldValueMax);
    fields.push({ name: texts.schedule, value });
  }
  return { ...(changed ? { content: texts.changed } : {}), embeds: [{ title: texts.title, fields }] };
}

export function shareRefusedReply(
  { library, query }: Texts,
  channelId: string,
  missing: readonly PermissionName[],
): Reply {
  const names = missing.map((name) => query.permissions[name]);
  return { content: library.settings.shareRefused(`<#${channelId}>`, names) };
}

/** 'both': a setting was set and reset; 'timeZoneAlone': a time zone without a schedule */
export function settingsRefusedReply({ library }: Texts, why: ScheduleProblem | 'both' | 'timeZoneAlone'): Reply {
  const { problems, both, timeZoneAlone } = library.settings;
  const others = { both, timeZoneAlone };
  return { content: why in others ? others[why as keyof typeof others] : problems[why as ScheduleProblem] };
}
