/** The data that the catalog stores about one user: count it, delete it, and remove user ids that are past their age.
 *
 *  A vote counts without its user: when an id expires, the vote gets a random name instead. The name differs from vote to
 *  vote, so that two votes of one user can no longer be linked. Shared results and jobs lose their user's id. */
import type { Database } from './database.ts';

export interface PersonalData {
  /** Thumbs on results. */
  readonly votes: number;
  /** Thumbs on shared results. */
  readonly shareVotes: number;
  readonly shares: number;
  readonly answers: number;
  /** Cached query embeddings that no other user's answer needs. */
  readonly embeddings: number;
  /** Jobs and the schedule. */
  readonly jobs: number;
}

export interface Erased extends PersonalData {
  /** The deleted answers; their clips are files of their own. */
  readonly answerIds: readonly string[];
}

/** Stored in place of a user id where the column must have a value. */
const noAsker = '';
const anonymousPrefix = 'anonymous-';
/** Random for each row: a user's expired votes stay separate rows of the primary key. */
const anonymousId = `'${anonymousPrefix}' || lower(hex(randomblob(12)))`;

/** An embedding belongs to all users that have an answer to the same recording. */
const ownEmbeddings = `FROM heard WHERE content_sha256 IN (SELECT content_sha256 FROM answers WHERE asker_id = $userId)
  AND NOT EXISTS (SELECT 1 FROM answers o WHERE o.content_sha256 = heard.content_sha256 AND o.asker_id <> $userId)`;

const counts = `SELECT
  (SELECT count(*) FROM feedback WHERE user_id = $userId) AS votes,
  (SELECT count(*) FROM share_votes WHERE user_id = $userId) AS share_votes,
  (SELECT count(*) FROM shares WHERE user_id = $userId) AS shares,
  (SELECT count(*) FROM answers WHERE asker_id = $userId) AS answers,
  (SELECT count(*) ${ownEmbeddings}) AS embeddings,
  (SELECT count(*) FROM reindexes WHERE asked_by = $userId)
    + (SELECT count(*) FROM schedule WHERE set_by = $userId) AS jobs`;

export class People {
  readonly #database: Database;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  count(userId: string): PersonalData {
    const row = this.#database.get(counts, { userId });
    return {
      votes: Number(row?.votes),
      shareVotes: Number(row?.share_votes),
      shares: Number(row?.shares),
      answers: Number(row?.answers),
      embeddings: Number(row?.embeddings),
      jobs: Number(row?.jobs),
    };
  }

  /** Deletes a user's votes, answers and cached embeddings, and removes their id from shared results, jobs and the schedule.
   *  The other users' votes on those results stay. SQLite overwrites the deleted bytes.
   *  @returns what was there; a repeated call finds nothing */
  erase(userId: string): Erased {
    if (!isUserId(userId))
      throw new RangeError(
        `Cannot delete the data of "${userId}": expected the id of a Discord user or of a caller of the web API`,
      );
    this.#database.exec('PRAGMA secure_delete = ON');
    try {
      return this.#database.transaction(() => this.#erase(userId));
    } finally {
      this.#database.exec('PRAGMA secure_delete = OFF');
      // The write-ahead log still holds the old pages. While another process reads, a later checkpoint overwrites them.
      this.#database.get('PRAGMA wal_checkpoint(TRUNCATE)');
    }
  }

  #erase(userId: string): Erased {
    const before = this.count(userId);
    const answers = this.#database.all('SELECT id FROM answers WHERE asker_id = ?', userId);
    this.#database.write(`DELETE ${ownEmbeddings}`, { userId });
    for (const sql of [
      'DELETE FROM answers WHERE asker_id = ?',
      'DELETE FROM feedback WHERE user_id = ?',
      'DELETE FROM share_votes WHERE user_id = ?',
      `UPDATE shares SET user_id = '${noAsker}' WHERE user_id = ?`,
      'UPDATE reindexes SET asked_by = NULL WHERE asked_by = ?',
      `UPDATE schedule SET set_by = '${noAsker}' WHERE set_by = ?`,
    ])
      this.#database.write(sql, userId);
    return { ...before, answerIds: answers.map(({ id }) => String(id)) };
  }

  /** Removes the user ids of votes, shared results and ended jobs that are older than a time. The votes stay and count.
   *  @returns number of rows that lost an id */
  expireIds(beforeMs: number): number {
    return this.#database.transaction(() => {
      const values = { beforeMs };
      const changes = [
        `UPDATE feedback SET user_id = ${anonymousId} WHERE at_ms < $beforeMs AND user_id NOT LIKE '${anonymousPrefix}%'`,
        `UPDATE share_votes SET user_id = ${anonymousId} WHERE at_ms < $beforeMs AND user_id NOT LIKE '${anonymousPrefix}%'`,
        `UPDATE shares SET user_id = '${noAsker}' WHERE created_at_ms < $beforeMs AND user_id <> '${noAsker}'`,
        `UPDATE reindexes SET asked_by = NULL WHERE asked_at_ms < $beforeMs AND asked_by IS NOT NULL
           AND state NOT IN ('waiting', 'running')`,
      ].map((sql) => this.#database.write(sql, values).changes);
      this.#resetFutureTimes();
      return changes.reduce((sum, changed) => sum + changed, 0);
    });
  }

  /** A timestamp in the future means that the clock was set back. Reset it to now, or the id would be kept too long. */
  #resetFutureTimes(): void {
    const values = { now: this.#now() };
    this.#database.write('UPDATE feedback SET at_ms = $now WHERE at_ms > $now', values);
    this.#database.write('UPDATE share_votes SET at_ms = $now WHERE at_ms > $now', values);
    this.#database.write('UPDATE shares SET created_at_ms = $now WHERE created_at_ms > $now', values);
  }
}

/** A Discord user, or a caller of the web API. Not empty and not one of the names that stand in place of an id. */
export function isUserId(userId: string): boolean {
  return /^(\d{1,20}|web:[a-z0-9]{1,40})$/.test(userId);
}
