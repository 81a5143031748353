/** The steps that make the catalog's schema, oldest first. A released step is never edited; every change is a new step. Before you add
 *  one, write the fixture of the present version: scripts/dump-catalog-schema.ts. */

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

/** Tables of the bot: answers, feedback, server settings and pending queries. */
const botSchema = `
-- Pieces are sought while somebody types: this holds all that is compared, without the fingerprints beside it.
CREATE INDEX tracks_by_name ON tracks (title, artist, key) WHERE status = 'indexed';

-- One for each (bytes, options, generation): equal questions are answered from here. answer is JSON (query/answer.ts).
-- source says what was asked with, as JSON, so that it can be asked again.
CREATE TABLE answers (
  id TEXT PRIMARY KEY,
  content_sha256 TEXT NOT NULL, options TEXT NOT NULL,
  space_id TEXT NOT NULL, generation TEXT NOT NULL,
  source TEXT NOT NULL, answer TEXT NOT NULL,
  asker_id TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_by_question ON answers (content_sha256, options, space_id, generation);
CREATE INDEX answers_by_age ON answers (created_at_ms);

-- What the worker made of a query: vectors and fingerprint, from which nothing can be heard. Asking again, with other
-- options or another generation, needs no more than this. part is the from-to that was embedded.
CREATE TABLE heard (
  content_sha256 TEXT NOT NULL, space_id TEXT NOT NULL, part TEXT NOT NULL,
  recording BLOB NOT NULL,
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (content_sha256, space_id, part)
) STRICT;
CREATE INDEX heard_by_age ON heard (created_at_ms);

-- For later learning: outlives its answer, and so names query and space itself. vote is 1 or -1.
CREATE TABLE feedback (
  content_sha256 TEXT NOT NULL, space_id TEXT NOT NULL, track_id INTEGER NOT NULL, user_id TEXT NOT NULL,
  vote INTEGER NOT NULL CHECK (vote IN (1, -1)),
  answer_id TEXT NOT NULL, rank INTEGER NOT NULL, generation TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (content_sha256, space_id, track_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE guild_settings (
  guild_id TEXT PRIMARY KEY,
  share_channel_id TEXT,
  private INTEGER NOT NULL DEFAULT 0,
  results INTEGER
) STRICT, WITHOUT ROWID;

-- message_id is null while the post is on its way.
CREATE TABLE shares (
  id TEXT PRIMARY KEY,
  answer_id TEXT NOT NULL, track_id INTEGER NOT NULL,
  channel_id TEXT NOT NULL, message_id TEXT,
  user_id TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  UNIQUE (answer_id, track_id, channel_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE share_votes (
  share_id TEXT NOT NULL REFERENCES shares (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL,
  vote INTEGER NOT NULL CHECK (vote IN (1, -1)),
  PRIMARY KEY (share_id, user_id)
) STRICT, WITHOUT ROWID;

-- Queries that were acknowledged and not yet answered: the shard that finds one of its own at its start tells its asker.
CREATE TABLE pending_queries (
  interaction_id TEXT PRIMARY KEY,
  shard INTEGER NOT NULL,
  application_id TEXT NOT NULL, token TEXT NOT NULL, locale TEXT NOT NULL,
  started_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Requests to index, each a job that survives restarts. job_id is the latest run (table jobs) that worked on it.
CREATE TABLE reindexes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  mode TEXT NOT NULL CHECK (mode IN ('changed', 'everything')),
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
  asked_by TEXT, guild_id TEXT, channel_id TEXT, locale TEXT NOT NULL,
  asked_at_ms INTEGER NOT NULL, started_at_ms INTEGER, finished_at_ms INTEGER,
  milestone INTEGER NOT NULL DEFAULT 0,
  starts INTEGER NOT NULL DEFAULT 0,
  job_id INTEGER,
  summary TEXT, error_code TEXT, error_message TEXT
) STRICT;
CREATE UNIQUE INDEX reindexes_single_flight ON reindexes (1) WHERE state IN ('waiting', 'running');

CREATE TABLE schedule (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  cron TEXT NOT NULL, time_zone TEXT NOT NULL,
  set_by TEXT NOT NULL, set_at_ms INTEGER NOT NULL,
  channel_id TEXT, locale TEXT NOT NULL,
  last_started_at_ms INTEGER
) STRICT;
`;

/** Regions of a space that an admin has marked as not music, and their chunks. */
const marksSchema = `
-- The groups that were last shown of a space: what "cluster 3" means. centres is float32, one group after the other.
CREATE TABLE clusterings (
  space INTEGER PRIMARY KEY REFERENCES spaces (id),
  centres BLOB NOT NULL,
  made_at_ms INTEGER NOT NULL
) STRICT;

-- The region: all that is nearer to centre number \`centre\` than to the others, and no farther than min_similarity.
-- AUTOINCREMENT: an id is never given again, so that nobody lifts another mark than the one that was meant.
CREATE TABLE marks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  space INTEGER NOT NULL REFERENCES spaces (id),
  centres BLOB NOT NULL, centre INTEGER NOT NULL, min_similarity REAL NOT NULL,
  note TEXT NOT NULL,
  made_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE marked_chunks (
  track_id INTEGER NOT NULL, space INTEGER NOT NULL, idx INTEGER NOT NULL,
  mark INTEGER NOT NULL REFERENCES marks (id) ON DELETE CASCADE,
  PRIMARY KEY (track_id, space, idx, mark),
  FOREIGN KEY (track_id, space) REFERENCES track_spaces (track_id, space) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX marked_chunks_by_mark ON marked_chunks (mark);
`;

/** Recordings with clips in a clip store. */
const clipsSchema = `
-- A set is all clips of one content with windows of one length. 'begun' before the first is stored, so that what a killed
-- run has left is known; 'failed' is tried again by the next run.
CREATE TABLE clip_sets (
  store TEXT NOT NULL, content_sha256 TEXT NOT NULL, window_ms INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('begun', 'stored', 'failed')),
  clips INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
  error_code TEXT, error_message TEXT,
  updated_at_ms INTEGER NOT NULL,
  PRIMARY KEY (store, content_sha256, window_ms)
) STRICT, WITHOUT ROWID;
`;

/** Time of a track's last failure and of the next try (null: when its file changes). The next run tries older failures
 *  of the kinds that may be temporary. */
const coolDownSchema = `
ALTER TABLE tracks ADD COLUMN error_at_ms INTEGER;
ALTER TABLE tracks ADD COLUMN error_retry_at_ms INTEGER;
UPDATE tracks SET error_at_ms = updated_at_ms, error_retry_at_ms = CASE WHEN error_code IN ('file-unreadable',
  'decode-failed', 'inference-failed', 'worker-protocol', 'worker-unavailable') THEN updated_at_ms END
WHERE error_code IS NOT NULL;
`;

/** Times of the votes on shared results, so that their user ids can expire; earlier votes count from the share's time. Indexes
 *  to find one user's answers, which are large, and votes. */
const peopleSchema = `
ALTER TABLE share_votes ADD COLUMN at_ms INTEGER NOT NULL DEFAULT 0;
UPDATE share_votes SET at_ms = (SELECT created_at_ms FROM shares WHERE id = share_id);
CREATE INDEX answers_by_asker ON answers (asker_id);
CREATE INDEX feedback_by_user ON feedback (user_id);
`;

/** Search for parts of words, and the orders in which tracks are listed. A trigram index finds a rare word among 100,000 tracks
 *  without reading them. @see https://www.sqlite.org/fts5.html#the_trigram_tokenizer */
const listingSchema = `
-- Title, artist and key of each track, in any status. The two spaces at the end make a trigram of the last character too.
CREATE VIRTUAL TABLE track_words USING fts5(
  words, content = '', contentless_delete = 1, tokenize = 'trigram remove_diacritics 1');
-- Its trigrams, to find words that are shorter than one.
CREATE VIRTUAL TABLE track_trigrams USING fts5vocab(track_words, row);
INSERT INTO track_words (rowid, words)
  SELECT id, coalesce(title, '') || ' ' || coalesce(artist, '') || ' ' || key || '  ' FROM tracks;
CREATE TRIGGER tracks_words_insert AFTER INSERT ON tracks BEGIN
  INSERT INTO track_words (rowid, words)
    VALUES (new.id, coalesce(new.title, '') || ' ' || coalesce(new.artist, '') || ' ' || new.key || '  ');
END;
CREATE TRIGGER tracks_words_update AFTER UPDATE OF id, title, artist, key ON tracks
WHEN new.id IS NOT old.id OR new.title IS NOT old.title OR new.artist IS NOT old.artist OR new.key IS NOT old.key BEGIN
  DELETE FROM track_words WHERE rowid = old.id;
  INSERT INTO track_words (rowid, words)
    VALUES (new.id, coalesce(new.title, '') || ' ' || coalesce(new.artist, '') || ' ' || new.key || '  ');
END;
CREATE TRIGGER tracks_words_delete AFTER DELETE ON tracks BEGIN
  DELETE FROM track_words WHERE rowid = old.id;
END;

-- One index for each order. Each also holds what is searched, so that short common words need no other page.
CREATE INDEX tracks_by_title ON tracks (title COLLATE NOCASE, artist COLLATE NOCASE, key) WHERE status = 'indexed';
CREATE INDEX tracks_by_artist ON tracks (artist COLLATE NOCASE, title COLLATE NOCASE, key) WHERE status = 'indexed';
CREATE INDEX tracks_by_album ON tracks (album COLLATE NOCASE, key, title, artist) WHERE status = 'indexed';
CREATE INDEX tracks_by_duration ON tracks (duration_sec, key, title, artist) WHERE status = 'indexed';
`;

/** In the order of application. */
export const migrationSteps: readonly string[] = [
  firstSchema,
  botSchema,
  marksSchema,
  clipsSchema,
  coolDownSchema,
  peopleSchema,
  listingSchema,
];
