/** Requests to index the library: each a job on disk that outlives the processes which work on it. At most one is open,
 *  which a unique index sees to, so that two processes that ask at once get the same one. */
import { type ErrorCode, isErrorCode } from '../errors.ts';
import type { Database } from './database.ts';

/** changed     what is new, different, or gone since the last run;
 *  everything  every recording is embedded anew, though its bytes are the same */
export type ReindexMode = 'changed' | 'everything';
export type ReindexState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

export interface ReindexRequest {
  readonly mode: ReindexMode;
  /** A person's id at Discord; null for the schedule. */
  readonly askedBy: string | null;
  readonly guildId: string | null;
  /** Where its milestones are told; null: nowhere. */
  readonly channelId: string | null;
  /** The language they are told in, as Discord names it. */
  readonly locale: string;
}

export interface Reindex extends ReindexRequest {
  readonly id: number;
  readonly state: ReindexState;
  /** Also the moment before which 'everything' embeds again: what was embedded since is not done twice. */
  readonly askedAtMs: number;
  /** Of the first start; null before it. */
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** The furthest that was told of it (reindexMilestones); only grows. */
  readonly milestone: number;
  /** Processes that were started for it since its last milestone and did not end in order. */
  readonly starts: number;
  /** The latest run (jobs.ts) that worked on it. */
  readonly jobId: number | null;
  /** How it went, as JSON, once it is done; before that, which runs worked on it. */
  readonly summary: string | null;
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
}

/** What is told of a job: that it began, then percents, then how it ended. */
export const reindexMilestones = { none: 0, begun: 1, ended: 100 } as const;

export type ReindexEnd =
  | { readonly state: 'done'; readonly summary: string; readonly jobId: number }
  | { readonly state: 'failed'; readonly code: ErrorCode; readonly message: string }
  | { readonly state: 'cancelled' };

const insertUnlessOpen = `
INSERT INTO reindexes (mode, state, asked_by, guild_id, channel_id, locale, asked_at_ms)
VALUES ($mode, 'waiting', $askedBy, $guildId, $channelId, $locale, $now) ON CONFLICT DO NOTHING`;

export class Reindexes {
  readonly #database: Database;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** Opens a job, unless one is open: then that one is given back as it is, and `isNew` is false. */
  ask({ mode, askedBy, guildId, channelId, locale }: ReindexRequest): { reindex: Reindex; isNew: boolean } {
    return this.#database.transaction(() => {
      const values = { mode, askedBy, guildId, channelId, locale, now: this.#now() };
      const isNew = this.#database.write(insertUnlessOpen, values).changes === 1;
      const reindex = this.open();
      if (reindex === null) throw new RangeError('Cannot open a reindex: none is open after it was written');
      return { reindex, isNew };
    });
  }

  get(id: number): Reindex | null {
    return toReindex(this.#database.get('SELECT * FROM reindexes WHERE id = ?', id));
  }

  /** The one that waits or runs. */
  open(): Reindex | null {
    return toReindex(this.#database.get("SELECT * FROM reindexes WHERE state IN ('waiting', 'running')"));
  }

  /** The newest, whatever its state. */
  last(): Reindex | null {
    return toReindex(this.#database.get('SELECT * FROM reindexes ORDER BY id DESC LIMIT 1'));
  }

  /** A process is about to work on it.
   *  @returns false when it is no longer open */
  start(id: number): boolean {
    const update = `UPDATE reindexes SET state = 'running', starts = starts + 1,
      started_at_ms = coalesce(started_at_ms, ?) WHERE id = ? AND state IN ('waiting', 'running')`;
    return this.#database.write(update, this.#now(), id).changes === 1;
  }

  /** The process that worked on it ends in order, and another one will go on: this start does not count. */
  pause(id: number): void {
    this.#database.write('UPDATE reindexes SET starts = max(starts - 1, 0) WHERE id = ?', id);
  }

  /** Another run (jobs.ts) works on it. */
  addJob(id: number, jobId: number): void {
    const update = `UPDATE reindexes SET job_id = $jobId,
      summary = json_insert(coalesce(summary, '{"jobs":[]}'), '$.jobs[#]', $jobId)
      WHERE id = $id AND state IN ('waiting', 'running')`;
    this.#database.write(update, { id, jobId });
  }

  /** All runs that worked on it so far, while it is open. */
  jobsOf(id: number): number[] {
    const select = "SELECT j.value FROM reindexes r, json_each(r.summary, '$.jobs') j WHERE r.id = ?";
    return this.#database.all(select, id).map((row) => Number(row.value));
  }

  /** It came so far, which is (about to be) told; a job that comes on may be started as often again.
   *  @returns false when that, or more, was told before */
  milestone(id: number, milestone: number): boolean {
    const update = 'UPDATE reindexes SET milestone = ?, starts = min(starts, 1) WHERE id = ? AND milestone < ?';
    return this.#database.write(update, milestone, id, milestone).changes === 1;
  }

  /** @returns false when it was not open any more: the first end stands */
  finish(id: number, end: ReindexEnd): boolean {
    const update = `UPDATE reindexes SET state = $state, finished_at_ms = $now, summary = $summary,
      job_id = coalesce($jobId, job_id), error_code = $code, error_message = $message
      WHERE id = $id AND state IN ('waiting', 'running')`;
    const values = {
      ...{ id, state: end.state, now: this.#now() },
      summary: end.state === 'done' ? end.summary : null,
      jobId: end.state === 'done' ? end.jobId : null,
      code: end.state === 'failed' ? end.code : null,
      message: end.state === 'failed' ? end.message : null,
    };
    return this.#database.write(update, values).changes === 1;
  }

  /** Whoever works on it sees that and stops.
   *  @returns false when it was not open */
  cancel(id: number): boolean {
    return this.finish(id, { state: 'cancelled' });
  }
}

function toReindex(row: Record<string, unknown> | undefined): Reindex | null {
  if (row === undefined) return null;
  const code = String(row.error_code);
  const failed = row.error_code !== null;
  return {
    id: Number(row.id),
    mode: row.mode as ReindexMode,
    state: row.state as ReindexState,
    askedBy: textOrNull(row.asked_by),
    guildId: textOrNull(row.guild_id),
    channelId: textOrNull(row.channel_id),
    locale: String(row.locale),
    askedAtMs: Number(row.asked_at_ms),
    startedAtMs: numberOrNull(row.started_at_ms),
    finishedAtMs: numberOrNull(row.finished_at_ms),
    milestone: Number(row.milestone),
    starts: Number(row.starts),
    jobId: numberOrNull(row.job_id),
    summary: textOrNull(row.summary),
    error: failed ? { code: isErrorCode(code) ? code : 'internal', message: String(row.error_message) } : null,
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
