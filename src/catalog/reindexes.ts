/** Requests to index the library. Each request is a stored job that outlives the processes that work on it. A unique index
 *  allows at most one open job, so two processes that ask at the same time get the same one. */
import { type ErrorCode, isErrorCode } from '../errors.ts';
import type { Database } from './database.ts';

/** changed     files that are new, changed or gone since the last run;
 *  everything  embeds every recording again although its bytes are unchanged */
export type ReindexMode = 'changed' | 'everything';
export type ReindexState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

export interface ReindexRequest {
  readonly mode: ReindexMode;
  /** A Discord user id; null for the schedule. */
  readonly requestedBy: string | null;
  readonly guildId: string | null;
  /** The channel for progress messages; null: none. */
  readonly channelId: string | null;
  /** The language of the messages, as a Discord locale. */
  readonly locale: string;
}

export interface Reindex extends ReindexRequest {
  readonly id: number;
  readonly state: ReindexState;
  /** For 'everything' also the cutoff: embeddings made after it are not repeated. */
  readonly requestedAtMs: number;
  /** Time of the first start; null before it. */
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** The latest reported milestone (reindexMilestones); only grows. */
  readonly milestone: number;
  /** Processes started for it since its last milestone that did not end normally. */
  readonly starts: number;
  /** The latest run (jobs.ts) that worked on it. */
  readonly jobId: number | null;
  /** JSON: the outcome of a done job; before that, the ids of its runs. */
  readonly summary: string | null;
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
}

/** Milestones of a job that are reported: its begin, percents, its end. */
export const reindexMilestones = { none: 0, begun: 1, ended: 100 } as const;

export type ReindexEnd =
  | { readonly state: 'done'; readonly summary: string; readonly jobId: number }
  | { readonly state: 'failed'; readonly code: ErrorCode; readonly message: string }
  | { readonly state: 'cancelled' };

const insertUnlessOpen = `
INSERT INTO reindexes (mode, state, asked_by, guild_id, channel_id, locale, asked_at_ms)
VALUES ($mode, 'waiting', $requestedBy, $guildId, $channelId, $locale, $now) ON CONFLICT DO NOTHING`;

export class Reindexes {
  readonly #database: Database;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** Opens a job. When one is open, returns it unchanged with `isNew` false. */
  ask({ mode, requestedBy, guildId, channelId, locale }: ReindexRequest): { reindex: Reindex; isNew: boolean } {
    return this.#database.transaction(() => {
      const values = { mode, requestedBy, guildId, channelId, locale, now: this.#now() };
      const isNew = this.#database.write(insertUnlessOpen, values).changes === 1;
      const reindex = this.open();
      if (reindex === null) throw new RangeError('Cannot open a reindex: none is open after it was written');
      return { reindex, isNew };
    });
  }

  get(id: number): Reindex | null {
    return toReindex(this.#database.get('SELECT * FROM reindexes WHERE id = ?', id));
  }

  /** The waiting or running job. */
  open(): Reindex | null {
    return toReindex(this.#database.get("SELECT * FROM reindexes WHERE state IN ('waiting', 'running')"));
  }

  /** The newest job in any state. */
  last(): Reindex | null {
    return toReindex(this.#database.get('SELECT * FROM reindexes ORDER BY id DESC LIMIT 1'));
  }

  /** The newest jobs, newest first. */
  newest(countMax: number): Reindex[] {
    const rows = this.#database.all('SELECT * FROM reindexes ORDER BY id DESC LIMIT ?', countMax);
    return rows.flatMap((row) => toReindex(row) ?? []);
  }

  /** Records that a process starts to work on the job.
   *  @returns false when the job is no longer open */
  start(id: number): boolean {
    const update = `UPDATE reindexes SET state = 'running', starts = starts + 1,
      started_at_ms = coalesce(started_at_ms, ?) WHERE id = ? AND state IN ('waiting', 'running')`;
    return this.#database.write(update, this.#now(), id).changes === 1;
  }

  /** The process ends normally and another one will continue: does not count this start. */
  pause(id: number): void {
    this.#database.write('UPDATE reindexes SET starts = max(starts - 1, 0) WHERE id = ?', id);
  }

  /** Records another run (jobs.ts) of the job. */
  addJob(id: number, jobId: number): void {
    const update = `UPDATE reindexes SET job_id = $jobId,
      summary = json_insert(coalesce(summary, '{"jobs":[]}'), '$.jobs[#]', $jobId)
      WHERE id = $id AND state IN ('waiting', 'running')`;
    this.#database.write(update, { id, jobId });
  }

  /** Ids of all runs of an open job so far. */
  jobsOf(id: number): number[] {
    const select = "SELECT j.value FROM reindexes r, json_each(r.summary, '$.jobs') j WHERE r.id = ?";
    return this.#database.all(select, id).map((row) => Number(row.value));
  }

  /** Records a milestone before it is reported. Progress resets the count of starts.
   *  @returns false when this milestone or a later one was reported before */
  milestone(id: number, milestone: number): boolean {
    const update = 'UPDATE reindexes SET milestone = ?, starts = min(starts, 1) WHERE id = ? AND milestone < ?';
    return this.#database.write(update, milestone, id, milestone).changes === 1;
  }

  /** @returns false when the job was no longer open: the first end is final */
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

  /** The process that works on it notices this and stops.
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
    requestedBy: textOrNull(row.asked_by),
    guildId: textOrNull(row.guild_id),
    channelId: textOrNull(row.channel_id),
    locale: String(row.locale),
    requestedAtMs: Number(row.asked_at_ms),
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
