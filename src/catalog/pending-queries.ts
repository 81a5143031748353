/** Queries that were acknowledged and not answered yet. A row that exists at start belongs to a process that died, and
 *  the bot notifies its user. Discord's token is valid for that one reply and for 15 minutes. */
import type { Database } from './database.ts';

export interface PendingQuery {
  readonly interactionId: string;
  readonly shard: number;
  readonly applicationId: string;
  readonly token: string;
  readonly locale: string;
  readonly startedAtMs: number;
}

export class PendingQueries {
  readonly #database: Database;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  begin({ interactionId, shard, applicationId, token, locale }: Omit<PendingQuery, 'startedAtMs'>): void {
    this.#database.write(
      `INSERT OR REPLACE INTO pending_queries (interaction_id, shard, application_id, token, locale, started_at_ms)
       VALUES (?, ?, ?, ?, ?, ?)`,
      ...[interactionId, shard, applicationId, token, locale, this.#now()],
    );
  }

  end(interactionId: string): void {
    this.#database.write('DELETE FROM pending_queries WHERE interaction_id = ?', interactionId);
  }

  /** The queries that a shard has to report; the first shard also those of shards that no longer exist. Sorted oldest first. */
  of(shard: number, shardCount: number): PendingQuery[] {
    const select =
      'SELECT * FROM pending_queries WHERE shard = ? OR (? = 0 AND shard >= ?) ORDER BY started_at_ms, interaction_id';
    return this.#database.all(select, shard, shard, shardCount).map((row) => ({
      interactionId: String(row.interaction_id),
      shard: Number(row.shard),
      applicationId: String(row.application_id),
      token: String(row.token),
      locale: String(row.locale),
      startedAtMs: Number(row.started_at_ms),
    }));
  }
}
