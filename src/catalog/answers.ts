/** Stored answers: their buttons keep working for weeks, and an equal query is answered from here.
 *  The catalog stores an answer as text; query/stored-answer.ts defines its content. */
import type { Database, SqlRow } from './database.ts';

/** Two queries are equal when bytes, options, space and generation are equal. */
export interface QuestionKey {
  readonly contentSha256: string;
  /** All options that change the answer, in one canonical text. */
  readonly options: string;
  readonly spaceId: string;
  readonly generation: string;
}

export interface AnswerRow extends QuestionKey {
  readonly id: string;
  readonly source: string;
  readonly answer: string;
  readonly askerId: string;
  readonly createdAtMs: number;
}

export class Answers {
  readonly #database: Database;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** Stores an answer, or renews its time when it is stored already. */
  put(answer: Omit<AnswerRow, 'createdAtMs'>): void {
    this.#database.write(
      `INSERT INTO answers (id, content_sha256, options, space_id, generation, source, answer, asker_id, created_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET created_at_ms = excluded.created_at_ms`,
      ...[answer.id, answer.contentSha256, answer.options, answer.spaceId, answer.generation],
      ...[answer.source, answer.answer, answer.askerId, this.#now()],
    );
  }

  get(id: string): AnswerRow | null {
    const row = this.#database.get('SELECT * FROM answers WHERE id = ?', id);
    return row === undefined ? null : toAnswerRow(row);
  }

  has(id: string): boolean {
    return this.#database.get('SELECT 1 FROM answers WHERE id = ?', id) !== undefined;
  }

  /** The newest answer to an equal query; an answer that this user got comes first. */
  find(question: QuestionKey, askerId: string): AnswerRow | null {
    const row = this.#database.get(
      `SELECT * FROM answers WHERE content_sha256 = ? AND options = ? AND space_id = ? AND generation = ?
       ORDER BY asker_id = ? DESC, created_at_ms DESC LIMIT 1`,
      ...[question.contentSha256, question.options, question.spaceId, question.generation, askerId],
    );
    return row === undefined ? null : toAnswerRow(row);
  }

  /** Deletes answers older than a time.
   *  @returns number of deleted answers */
  removeBefore(ms: number): number {
    const removed = this.#database.write('DELETE FROM answers WHERE created_at_ms < ?', ms);
    // A timestamp in the future means that the clock was set back. Reset it to now, or the row would be kept too long.
    const nowMs = this.#now();
    this.#database.write('UPDATE answers SET created_at_ms = ? WHERE created_at_ms > ?', nowMs, nowMs);
    return removed.changes;
  }
}

function toAnswerRow(row: SqlRow): AnswerRow {
  return {
    id: String(row.id),
    contentSha256: String(row.content_sha256),
    options: String(row.options),
    spaceId: String(row.space_id),
    generation: String(row.generation),
    source: String(row.source),
    answer: String(row.answer),
    askerId: String(row.asker_id),
    createdAtMs: Number(row.created_at_ms),
  };
}
