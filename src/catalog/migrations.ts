/** The catalog's schema, as the ordered list of steps that lead to it. A released step is never edited; a change is a
 *  new step. `PRAGMA user_version` counts the steps taken; all that are missing are taken in one transaction. */
import { LeitmotifError } from '../errors.ts';
import type { Database } from './database.ts';

const firstSchema = `
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- revision counts the transactions that changed which chunks of the space are live: it tells whether a generation is
-- up to date without reading a row. generation_id is the generation that was last built, from generation_content.
CREATE TABLE spaces (
  id INTEGER PRIMARY KEY,
  space_id TEXT NOT NULL UNIQUE,
  dimensions INTEGER NOT NULL CHECK (dimensions > 0),
  revision INTEGER NOT NULL DEFAULT 0,
  generation_id TEXT, generation_content TEXT
) STRICT;

-- AUTOINCREMENT: an id is never given again, because generations and stored answers name tracks by it.
-- content_sha256, size_bytes, mtime_ms and etag say what file was last looked at, whatever came of it.
-- removed_by: 'scan' comes back when its file does; 'request' stays away until it is restored.
CREATE TABLE tracks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  title TEXT, artist TEXT, album TEXT,
  duration_sec REAL NOT NULL DEFAULT 0,
  content_sha256 TEXT,
  size_bytes INTEGER, mtime_ms REAL, etag TEXT,
  status TEXT NOT NULL CHECK (status IN ('indexed', 'failed', 'removed')),
  removed_by TEXT CHECK (removed_by IN ('scan', 'request')),
  error_code TEXT, error_message TEXT,
  error_space INTEGER REFERENCES spaces (id),
  error_tries INTEGER NOT NULL DEFAULT 0,
  fingerprint BLOB, fingerprint_item_sec REAL,
  created_at_ms INTEGER NOT NULL, updated_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX tracks_by_content ON tracks (content_sha256);

-- What is embedded: one row for each track and space, so that indexes of several models live side by side.
CREATE TABLE track_spaces (
  space INTEGER NOT NULL REFERENCES spaces (id),
  track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
  content_sha256 TEXT NOT NULL,
  chunks INTEGER NOT NULL,
  music_chunks INTEGER NOT NULL,
  indexed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (track_id, space)
) STRICT, WITHOUT ROWID;
CREATE INDEX track_spaces_by_content ON track_spaces (content_sha256, space);

CREATE TABLE chunks (
  space INTEGER NOT NULL,
  track_id INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  start_sec REAL NOT NULL, end_sec REAL NOT NULL, overlap_sec REAL NOT NULL,
  loudness_db REAL NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('music', 'silence', 'applause', 'noise')),
  vector BLOB NOT NULL,
  FOREIGN KEY (track_id, space) REFERENCES track_spaces (track_id, space) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX chunks_by_track ON chunks (track_id, space, idx);

CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  space_id TEXT,
  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'cancelled', 'interrupted')),
  started_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER,
  counters TEXT NOT NULL DEFAULT '{}',
  error_code TEXT, error_message TEXT,
  pid INTEGER NOT NULL, host TEXT NOT NULL
) STRICT;

INSERT INTO meta (name, value) VALUES ('created-at', strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  ('catalog-id', lower(hex(randomblob(16))));
`;

const steps: readonly string[] = [firstSchema];

export const schemaVersion = steps.length;

/** Takes the missing steps, all or none.
 *  @throws {LeitmotifError} 'catalog-version' when a newer program has written the file, which is left as it is */
export function migrate(database: Database, wanted: readonly string[] = steps): void {
  if (stepsTaken(database, wanted.length) === wanted.length) return;
  database.transaction(() => {
    // Counted again under the write lock: another process may have migrated meanwhile.
    for (const step of wanted.slice(stepsTaken(database, wanted.length))) database.exec(step);
    database.exec(`PRAGMA user_version = ${wanted.length}`);
  });
}

function stepsTaken(database: Database, known: number): number {
  const taken = Number(database.get('PRAGMA user_version')?.user_version ?? 0);
  if (taken <= known) return taken;
  throw new LeitmotifError(
    'catalog-version',
    `Cannot open the catalog ${database.path}: expected schema ${known} or older, got ${taken}; ` +
      'a newer Leitmotif has written it and can still open it',
  );
}
