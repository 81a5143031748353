/** Counts of tracks and chunks for status reports. */
import type { ChunkKind, TrackStatus } from '../domain.ts';
import type { Database } from './database.ts';
import type { Space } from './spaces.ts';

export interface SpaceCounts {
  readonly spaceId: string;
  readonly dimensions: number;
  /** Live tracks with vectors in this space, and their total hours. */
  readonly tracks: number;
  readonly hours: number;
  /** Live chunks by kind. */
  readonly chunks: Readonly<Record<ChunkKind, number>>;
}

export interface CatalogCounts {
  readonly tracks: Readonly<Record<TrackStatus, number>>;
  /** Hours of all indexed tracks. */
  readonly hours: number;
  readonly spaces: readonly SpaceCounts[];
}

export function countTracks(database: Database): Pick<CatalogCounts, 'tracks' | 'hours'> {
  const tracks: Record<TrackStatus, number> = { indexed: 0, failed: 0, removed: 0 };
  let seconds = 0;
  for (const row of database.all('SELECT status, count(*) AS n, total(duration_sec) AS sec FROM tracks GROUP BY 1')) {
    const status = row.status as TrackStatus;
    tracks[status] = Number(row.n);
    if (status === 'indexed') seconds = Number(row.sec);
  }
  return { tracks, hours: seconds / 3600 };
}

/** Live tracks without a music chunk, by the most frequent kind of their chunks. */
export type TracksWithoutMusic = Readonly<Record<Exclude<ChunkKind, 'music'>, number>>;

export function countTracksWithoutMusic(database: Database, space: Space): TracksWithoutMusic {
  // SQLite takes a bare column from the row that has the maximum.
  const rows = database.all(
    `SELECT kind, count(*) AS n FROM (
       SELECT kind, max(n) FROM (
         SELECT c.track_id AS track, c.kind, count(*) AS n FROM tracks t
         JOIN track_spaces ts ON ts.track_id = t.id JOIN chunks c ON c.track_id = t.id AND c.space = ts.space
         WHERE t.status = 'indexed' AND ts.space = ? AND ts.music_chunks = 0 GROUP BY 1, 2
       ) GROUP BY track
     ) GROUP BY 1`,
    space.row,
  );
  const tracks = { silence: 0, applause: 0, noise: 0 };
  for (const { kind, n } of rows) tracks[kind as keyof TracksWithoutMusic] = Number(n);
  return tracks;
}

export function countSpace(database: Database, space: Space): SpaceCounts {
  const live = "FROM tracks t JOIN track_spaces ts ON ts.track_id = t.id WHERE t.status = 'indexed' AND ts.space = ?";
  const total = database.get(`SELECT count(*) AS n, total(t.duration_sec) AS sec ${live}`, space.row);
  const byKind = database.all(
    `SELECT c.kind, count(*) AS n FROM tracks t JOIN chunks c ON c.track_id = t.id
     WHERE t.status = 'indexed' AND c.space = ? GROUP BY 1`,
    space.row,
  );
  const chunks: Record<ChunkKind, number> = { music: 0, silence: 0, applause: 0, noise: 0 };
  for (const row of byKind) chunks[row.kind as ChunkKind] = Number(row.n);
  return {
    spaceId: space.spaceId,
    dimensions: space.dimensions,
    tracks: Number(total?.n),
    hours: Number(total?.sec) / 3600,
    chunks,
  };
}
