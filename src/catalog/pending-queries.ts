/** Queries that were acknowledged and not answered yet. A row that is found at start belongs to a process that died:
 *  its asker is told. The token is Discord's for that one reply and is worth nothing after 15 minutes. */
import type { Database } from './database.ts';

export interface PendingQuery {
  readonly interactionId: string;
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

  begin({ interactionId, applicationId, token, locale }: Omit<PendingQuery, 'startedAtMs'>): void {
    this.#database.write(
      `INSERT OR REPLACE INTO pending_queries (interaction_id, application_id, token, locale, started_at_ms)
       VALUES (?, ?, ?, ?, ?)`,
      ...[interactionId, applicationId, token, locale, this.#now()],
    );
  }

  end(interactionId: string): void {
    this.#database.write('DELETE FROM pending_queries WHERE interaction_id = ?', interactionId);
  }

  /** Oldest first. */
  all(): PendingQuery[] {
    return this.#database.all('SELECT * FROM pending_queries ORDER BY started_at_ms').map((row) => ({
      interactionId: String(row.interaction_id),
      applicationId: String(row.application_id),
      token: String(row.token),
      locale: String(row.locale),
      startedAtMs: Number(row.started_at_ms),
    }));
  }
}
