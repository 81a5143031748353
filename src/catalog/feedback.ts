/** Votes of users on results: one vote per user and (query, space, track), which the user may change. Votes are training
 *  data, so they outlive their answer. */
import type { Database } from './database.ts';

export type Vote = 1 | -1;

export interface FeedbackEntry {
  readonly contentSha256: string;
  readonly spaceId: string;
  readonly trackId: number;
  readonly userId: string;
  readonly vote: Vote;
  readonly answerId: string;
  readonly rank: number;
  readonly generation: string;
}

export class Feedback {
  readonly #database: Database;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  put(entry: FeedbackEntry): void {
    this.#database.write(
      `INSERT INTO feedback (content_sha256, space_id, track_id, user_id, vote, answer_id, rank, generation, at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET vote = excluded.vote, answer_id = excluded.answer_id, rank = excluded.rank,
         generation = excluded.generation, at_ms = excluded.at_ms`,
      ...[entry.contentSha256, entry.spaceId, entry.trackId, entry.userId, entry.vote],
      ...[entry.answerId, entry.rank, entry.generation, this.#now()],
    );
  }

  /** Stores a vote; the same vote again withdraws it.
   *  @returns the user's vote after that */
  toggle(entry: FeedbackEntry): Vote | null {
    return this.#database.transaction(() => {
      if (this.voteOf(entry) !== entry.vote) {
        this.put(entry);
        return entry.vote;
      }
      this.withdraw(entry, [entry.trackId]);
      return null;
    });
  }

  /** Withdraws a user's votes on tracks of one query.
   *  @returns number of deleted votes */
  withdraw(
    { contentSha256, spaceId, userId }: Pick<FeedbackEntry, 'contentSha256' | 'spaceId' | 'userId'>,
    trackIds: Iterable<number>,
  ): number {
    const removed = this.#database.write(
      `DELETE FROM feedback WHERE content_sha256 = ? AND space_id = ? AND user_id = ?
         AND track_id IN (SELECT value FROM json_each(?))`,
      ...[contentSha256, spaceId, userId, JSON.stringify([...trackIds])],
    );
    return removed.changes;
  }

  voteOf({
    contentSha256,
    spaceId,
    trackId,
    userId,
  }: Omit<FeedbackEntry, 'vote' | 'answerId' | 'rank' | 'generation'>) {
    const row = this.#database.get(
      'SELECT vote FROM feedback WHERE content_sha256 = ? AND space_id = ? AND track_id = ? AND user_id = ?',
      ...[contentSha256, spaceId, trackId, userId],
    );
    return row === undefined ? null : (Number(row.vote) as Vote);
  }
}
