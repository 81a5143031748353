/** Log of jobs: kind, times and outcome. A `running` job whose lock is free was interrupted. */
import { hostname } from 'node:os';
import { type ErrorCode, isErrorCode } from '../errors.ts';
import type { Database } from './database.ts';

export type JobState = 'running' | 'done' | 'failed' | 'cancelled' | 'interrupted';

export interface Job {
  readonly id: number;
  readonly kind: string;
  readonly spaceId: string | null;
  readonly state: JobState;
  readonly startedAtMs: number;
  readonly finishedAtMs: number | null;
  readonly counters: Readonly<Record<string, number>>;
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
  readonly pid: number;
  readonly host: string;
}

export class Jobs {
  readonly #database: Database;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** Begins a job. The caller holds the lock of this kind, so another `running` job of the kind was killed and is marked
   *  as interrupted. */
  start(kind: string, spaceId: string | null): number {
    return this.#database.transaction(() => {
      this.#database.write(
        "UPDATE jobs SET state = 'interrupted', finished_at_ms = ? WHERE kind = ? AND state = 'running'",
        this.#now(),
        kind,
      );
      const inserted = this.#database.write(
        "INSERT INTO jobs (kind, space_id, state, started_at_ms, pid, host) VALUES (?, ?, 'running', ?, ?, ?)",
        kind,
        spaceId,
        this.#now(),
        process.pid,
        hostname(),
      );
      return inserted.lastId;
    });
  }

  report(id: number, counters: Readonly<Record<string, number>>): void {
    this.#database.write('UPDATE jobs SET counters = ? WHERE id = ?', JSON.stringify(counters), id);
  }

  finish(id: number, state: Exclude<JobState, 'running'>, error: Job['error'] = null): void {
    this.#database.write(
      'UPDATE jobs SET state = ?, finished_at_ms = ?, error_code = ?, error_message = ? WHERE id = ?',
      state,
      this.#now(),
      error?.code ?? null,
      error?.message ?? null,
      id,
    );
  }

  get(id: number): Job | null {
    const row = this.#database.get('SELECT * FROM jobs WHERE id = ?', id);
    return row === undefined ? null : toJob(row);
  }

  /** The newest job of a kind, whatever its state. */
  last(kind: string): Job | null {
    const row = this.#database.get('SELECT * FROM jobs WHERE kind = ? ORDER BY id DESC LIMIT 1', kind);
    return row === undefined ? null : toJob(row);
  }

  /** The latest completed jobs of a kind, newest first, to estimate durations. */
  recentDone(kind: string, countMax: number): Job[] {
    const select = "SELECT * FROM jobs WHERE kind = ? AND state = 'done' ORDER BY id DESC LIMIT ?";
    return this.#database.all(select, kind, countMax).map(toJob);
  }
}

function toJob(row: Record<string, unknown>): Job {
  const code = String(row.error_code);
  const failed = row.error_code !== null;
  return {
    id: Number(row.id),
    kind: String(row.kind),
    spaceId: row.space_id === null ? null : String(row.space_id),
    state: row.state as JobState,
    startedAtMs: Number(row.started_at_ms),
    finishedAtMs: row.finished_at_ms === null ? null : Number(row.finished_at_ms),
    counters: JSON.parse(String(row.counters)) as Record<string, number>,
    error: failed ? { code: isErrorCode(code) ? code : 'internal', message: String(row.error_message) } : null,
    pid: Number(row.pid),
    host: String(row.host),
  };
}
