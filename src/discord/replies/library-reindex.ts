/** The messages about a reindex: its plan, start, progress and end. Pure. */
import type { Reindex, ReindexMode } from '../../catalog/reindexes.ts';
import type { ErrorCode } from '../../errors.ts';
import type { IndexPlan } from '../../indexing/plan.ts';
import type { IndexProgress } from '../../indexing/progress.ts';
import type { ReindexSummary } from '../../services/job-protocol.ts';
import { writeCustomId } from '../custom-id.ts';
import type { Reply } from '../reply.ts';
import type { Texts } from '../texts/texts.ts';
import { button, buttonRows } from './components.ts';

/** Translated permissions, by discord.js's names. */
export type PermissionName = keyof Texts['query']['permissions'];

export const reindexActions = { confirm: 'library-reindex', dismiss: 'library-dismiss' } as const;

/** @param missing permissions that the bot lacks to post progress in this channel */
export function reindexPlanReply(
  { library, query }: Texts,
  { mode, plan, missing }: { mode: ReindexMode; plan: IndexPlan; missing: readonly PermissionName[] },
): Reply {
  const { plan: texts } = library;
  const { files, bytes, expected, clips, before } = plan;
  const runs = before.map((run) => texts.before(run.startedAtMs, run.embedded, run.audioSec, run.wallSec));
  const description = [
    texts.toRead(files),
    ...(bytes === 0
      ? []
      : [expected ? texts.expected(expected.audioSec, expected.wallSec, bytes) : texts.unexpected(bytes)]),
    ...(clips && clips.files > 0 ? [texts.clips(clips.files, clips.bytes)] : []),
    texts.rest(files),
    '',
    texts.meanwhile,
    ...(missing.length === 0 ? [] : [texts.cannotPost(missing.map((name) => query.permissions[name]))]),
  ].join('\n');
  const fields = runs.length === 0 ? [] : [{ name: texts.beforeTitle, value: runs.join('\n') }];
  const confirm = button(writeCustomId(reindexActions.confirm, mode), texts.confirm, 'main');
  return {
    embeds: [{ title: texts.title(mode), description, fields }],
    components: buttonRows([confirm, button(writeCustomId(reindexActions.dismiss), texts.dismiss)]),
  };
}

export function dismissedReply({ library }: Texts): Reply {
  return { content: library.plan.dismissed };
}

/** @param willAnnounce whether milestones are posted in this channel */
export function reindexAskedReply(
  { library }: Texts,
  { reindex, isNew, willAnnounce }: { reindex: Reindex; isNew: boolean; willAnnounce: boolean },
): Reply {
  const { mode, requestedBy, requestedAtMs } = reindex;
  return {
    content: isNew
      ? library.reindex.requested(mode, willAnnounce)
      : library.reindex.isOpen(mode, requestedBy, requestedAtMs),
  };
}

/** @param reindex the one that was cancelled; null when none was open */
export function reindexCancelledReply({ library }: Texts, reindex: Reindex | null): Reply {
  return { content: reindex ? library.reindex.cancelled(reindex.mode) : library.reindex.noneRunning };
}

export function reindexWaitingReply({ library }: Texts): Reply {
  return { content: library.reindex.waiting };
}

export function reindexBegunReply(
  { library }: Texts,
  { mode }: Reindex,
  { tracksTotal, bytesTotal }: IndexProgress,
  start: 'first' | 'again',
): Reply {
  const { begun, continues } = library.reindex;
  return { content: start === 'first' ? begun(mode, tracksTotal, bytesTotal) : continues(mode, tracksTotal) };
}

export function reindexMilestoneReply(
  { library }: Texts,
  { mode }: Reindex,
  percent: number,
  progress: IndexProgress,
): Reply {
  const { begun, milestone } = library.reindex;
  const first = begun(mode, progress.tracksTotal, progress.bytesTotal);
  return { content: `${first}\n${milestone(percent, progress, progress.etaSec)}` };
}

/** The library cannot be listed, so the plan of a reindex is unknown.
 *  @param code of the failure */
export function noPlanReply(texts: Texts, code: ErrorCode): Reply {
  return { content: reasonOf(texts, code) };
}

function reasonOf({ library }: Texts, code: ErrorCode | undefined): string {
  return (code && library.reindex.reasons[code]) ?? library.reindex.otherReason;
}

/** @param reindex an ended one */
export function reindexEndedReply(texts: Texts, reindex: Reindex): Reply {
  const { reindex: says } = texts.library;
  const { id, mode, state, error } = reindex;
  if (state === 'cancelled') return { content: says.ended(mode) };
  if (state === 'failed') {
    return {
      content: [`${says.failed(mode)} ${reasonOf(texts, error?.code)}`, says.keeps, `-# ${says.reference(id)}`].join(
        '\n',
      ),
    };
  }
  return { content: doneLines(texts, reindex).join('\n') };
}

function doneLines({ library }: Texts, { mode, summary, startedAtMs, finishedAtMs }: Reindex): string[] {
  const { doneTitle, doneCounts, doneTime } = library.reindex;
  const { embedded, reused, moved, removed, failed, audioSec, ratePerSec, generation: outcome } = summaryOf(summary);
  const tookSec = ((finishedAtMs ?? 0) - (startedAtMs ?? 0)) / 1000;
  return [
    doneTitle(mode),
    doneCounts(embedded + reused + moved, removed, failed),
    doneTime(tookSec, audioSec, ratePerSec),
    generationLine(library, outcome),
  ];
}

function generationLine({ reindex }: Texts['library'], outcome: ReindexSummary['generation']): string {
  if (outcome.kind === 'held') return reindex.heldGeneration(outcome.id);
  if (outcome.kind !== 'written') return outcome.kind === 'empty' ? reindex.emptyGeneration : reindex.sameGeneration;
  const { id, rows, endsRollBackTo } = outcome;
  const end = endsRollBackTo === undefined ? '' : ` ${reindex.endsRollBack(endsRollBackTo)}`;
  return `${reindex.generation(id, rows)}${end}`;
}

/** The output of the indexing process, of this version or an older one. */
function summaryOf(json: string | null): ReindexSummary {
  const none = { embedded: 0, reused: 0, moved: 0, removed: 0, failed: 0, listed: 0, audioSec: 0, ratePerSec: null };
  return { ...none, generation: { kind: 'unchanged' }, ...(JSON.parse(json ?? '{}') as Partial<ReindexSummary>) };
}
