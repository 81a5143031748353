/** Results that were shared in a channel, each once, and the users' votes on them. */
import type { Database, SqlRow } from './database.ts';
import type { Vote } from './feedback.ts';

export interface Share {
  readonly id: string;
  readonly answerId: string;
  readonly trackId: number;
  readonly channelId: string;
  /** Null until the message is posted. */
  readonly messageId: string | null;
  /** Empty once the id has expired or was deleted. */
  readonly userId: string;
}

export interface VoteCounts {
  readonly up: number;
  readonly down: number;
}

/** Cutting and posting the clips takes seconds; retries and a slow Discord take up to a minute. */
const postingMaxMs = 120_000;

export class Shares {
  readonly #database: Database;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** Claims the post, so that simultaneous or repeated presses post once.
   *  @returns the existing share; a different `id` means that another press claimed it */
  claim(share: Omit<Share, 'messageId'>): Share {
    return this.#database.transaction(() => {
      // A claim expires when its process died before posting.
      this.#database.write(
        `DELETE FROM shares WHERE answer_id = ? AND track_id = ? AND channel_id = ? AND message_id IS NULL
           AND created_at_ms < ?`,
        ...[share.answerId, share.trackId, share.channelId, this.#now() - postingMaxMs],
      );
      this.#database.write(
        `INSERT INTO shares (id, answer_id, track_id, channel_id, user_id, created_at_ms) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (answer_id, track_id, channel_id) DO NOTHING`,
        ...[share.id, share.answerId, share.trackId, share.channelId, share.userId, this.#now()],
      );
      const row = this.#database.get(
        'SELECT * FROM shares WHERE answer_id = ? AND track_id = ? AND channel_id = ?',
        ...[share.answerId, share.trackId, share.channelId],
      );
      return toShare(row as SqlRow);
    });
  }

  posted(id: string, messageId: string): void {
    this.#database.write('UPDATE shares SET message_id = ? WHERE id = ?', messageId, id);
  }

  /** Posting failed: another press may claim it. */
  drop(id: string): void {
    this.#database.write('DELETE FROM shares WHERE id = ?', id);
  }

  get(id: string): Share | null {
    const row = this.#database.get('SELECT * FROM shares WHERE id = ?', id);
    return row === undefined ? null : toShare(row);
  }

  /** One vote per user; the same vote again withdraws it. */
  vote(shareId: string, userId: string, vote: Vote): VoteCounts {
    return this.#database.transaction(() => {
      const same = this.#database.write(
        'DELETE FROM share_votes WHERE share_id = ? AND user_id = ? AND vote = ?',
        ...[shareId, userId, vote],
      );
      if (same.changes === 0) {
        this.#database.write(
          `INSERT INTO share_votes (share_id, user_id, vote, at_ms) VALUES (?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET vote = excluded.vote, at_ms = excluded.at_ms`,
          ...[shareId, userId, vote, this.#now()],
        );
      }
      return this.#count(shareId);
    });
  }

  #count(shareId: string): VoteCounts {
    const row = this.#database.get(
      'SELECT count(*) FILTER (WHERE vote = 1) AS up, count(*) FILTER (WHERE vote = -1) AS down FROM share_votes WHERE share_id = ?',
      shareId,
    );
    return { up: Number(row?.up), down: Number(row?.down) };
  }
}

function toShare(row: SqlRow): Share {
  return {
    id: String(row.id),
    answerId: String(row.answer_id),
    trackId: Number(row.track_id),
    channelId: String(row.channel_id),
    messageId: row.message_id === null ? null : String(row.message_id),
    userId: String(row.user_id),
  };
}
