/** Records which recordings have clips in a clip store and which still need them. Keyed by content: a renamed recording
 *  keeps its clips, and two files with the same bytes share them. */
import type { ErrorCode } from '../errors.ts';
import type { Database } from './database.ts';
import type { Spaces } from './spaces.ts';

/** All clips of one content with one window length. */
export interface ClipSetName {
  /** `ClipStore.location`. */
  readonly store: string;
  readonly contentSha256: string;
  readonly windowMs: number;
}

/** A live track whose clips are not all stored. */
export interface ClipsWanted extends Omit<ClipSetName, 'store'> {
  readonly trackId: number;
  readonly key: string;
  readonly chunks: number;
}

/** @property clips number of clips */
export interface StoredClips {
  readonly set: ClipSetName;
  readonly clips: number;
}

export interface ClipCounts {
  readonly sets: number;
  readonly clips: number;
  readonly bytes: number;
  readonly failed: number;
}

const upsert = `
INSERT INTO clip_sets (store, content_sha256, window_ms, state, clips, bytes, error_code, error_message, updated_at_ms)
VALUES ($store, $sha256, $windowMs, $state, $clips, $bytes, $code, $message, $now)
ON CONFLICT DO UPDATE SET state = $state, clips = $clips, bytes = $bytes, error_code = $code, error_message = $message,
  updated_at_ms = $now`;

/** One track per content. The first chunk has the window's length, unless the whole recording is shorter. */
const selectWanted = `
SELECT min(t.id) AS track_id, t.key, t.content_sha256, ts.chunks,
  CAST(round((c.end_sec - c.start_sec) * 1000) AS INTEGER) AS window_ms
FROM track_spaces ts JOIN tracks t ON t.id = ts.track_id AND t.content_sha256 = ts.content_sha256
JOIN chunks c ON c.track_id = ts.track_id AND c.space = ts.space AND c.idx = 0
LEFT JOIN clip_sets s ON s.store = $store AND s.content_sha256 = t.content_sha256 AND s.state = 'stored'
  AND s.window_ms = CAST(round((c.end_sec - c.start_sec) * 1000) AS INTEGER)
WHERE ts.space = $space AND t.status = 'indexed' AND s.store IS NULL
GROUP BY t.content_sha256 ORDER BY t.key`;

const selectUnwanted = `
SELECT DISTINCT content_sha256 FROM clip_sets s WHERE store = ? AND NOT EXISTS
  (SELECT 1 FROM tracks t WHERE t.content_sha256 = s.content_sha256 AND t.status <> 'removed')
ORDER BY content_sha256`;

export class ClipLedger {
  readonly #database: Database;
  readonly #spaces: Spaces;
  readonly #now: () => number;

  constructor(database: Database, spaces: Spaces, now: () => number) {
    this.#database = database;
    this.#spaces = spaces;
    this.#now = now;
  }

  /** Call it before storing the first clip. */
  begin(set: ClipSetName): void {
    this.#put(set, { state: 'begun' });
  }

  stored(set: ClipSetName, { clips, bytes }: { readonly clips: number; readonly bytes: number }): void {
    this.#put(set, { state: 'stored', clips, bytes });
  }

  failed(set: ClipSetName, { code, message }: { readonly code: ErrorCode; readonly message: string }): void {
    this.#put(set, { state: 'failed', code, message });
  }

  /** Deletes the record of a content's clips after the clips were deleted. */
  forget(store: string, contentSha256: string): void {
    this.#database.write('DELETE FROM clip_sets WHERE store = ? AND content_sha256 = ?', store, contentSha256);
  }

  isStored({ store, contentSha256, windowMs }: ClipSetName): boolean {
    const select =
      "SELECT 1 FROM clip_sets WHERE store = ? AND content_sha256 = ? AND window_ms = ? AND state = 'stored'";
    return this.#database.get(select, store, contentSha256, windowMs) !== undefined;
  }

  /** Sorted by key. */
  wanted(store: string, spaceId: string): ClipsWanted[] {
    const space = this.#spaces.get(spaceId)?.row ?? -1;
    return this.#database.all(selectWanted, { store, space }).map((row) => ({
      trackId: Number(row.track_id),
      key: String(row.key),
      contentSha256: String(row.content_sha256),
      windowMs: Number(row.window_ms),
      chunks: Number(row.chunks),
    }));
  }

  /** Contents that may have clips in the store but have no track any more. */
  unwanted(store: string): string[] {
    return this.#database.all(selectUnwanted, store).map((row) => String(row.content_sha256));
  }

  /** Expected content of the store: all contents that may have clips there, and the complete sets. */
  expected(store: string): { readonly contents: ReadonlySet<string>; readonly stored: readonly StoredClips[] } {
    const rows = this.#database.all(
      'SELECT content_sha256, window_ms, state, clips FROM clip_sets WHERE store = ?',
      store,
    );
    return {
      contents: new Set(rows.map((row) => String(row.content_sha256))),
      stored: rows
        .filter(({ state }) => state === 'stored')
        .map((row) => ({
          set: { store, contentSha256: String(row.content_sha256), windowMs: Number(row.window_ms) },
          clips: Number(row.clips),
        })),
    };
  }

  counts(store: string): ClipCounts {
    const select = `SELECT count(*) FILTER (WHERE state = 'stored') AS sets, coalesce(sum(clips), 0) AS clips,
      coalesce(sum(bytes), 0) AS bytes, count(*) FILTER (WHERE state = 'failed') AS failed FROM clip_sets WHERE store = ?`;
    const row = this.#database.get(select, store) ?? {};
    const count = (name: string) => Number(row[name] ?? 0);
    return { sets: count('sets'), clips: count('clips'), bytes: count('bytes'), failed: count('failed') };
  }

  #put(
    { store, contentSha256: sha256, windowMs }: ClipSetName,
    { state, clips = 0, bytes = 0, code = null, message = null }: ClipSetState,
  ): void {
    this.#database.write(upsert, { store, sha256, windowMs, state, clips, bytes, code, message, now: this.#now() });
  }
}

interface ClipSetState {
  readonly state: 'begun' | 'stored' | 'failed';
  readonly clips?: number;
  readonly bytes?: number;
  readonly code?: string | null;
  readonly message?: string | null;
}
