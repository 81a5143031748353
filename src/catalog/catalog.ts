/** The catalog: the source of truth about the library. Everything else in the index folder is derived from it.
 *
 *  Reading order: migrations.ts (the tables), tracks.ts, embeddings.ts (one transaction per track), snapshot.ts (the
 *  input of a generation), jobs.ts.
 */
import { Answers } from './answers.ts';
import { ClipLedger } from './clip-ledger.ts';
import {
  type CatalogCounts,
  countSpace,
  countTracks,
  countTracksWithoutMusic,
  type TracksWithoutMusic,
} from './counts.ts';
import { Database, type DatabaseOptions } from './database.ts';
import { DuplicateFiles } from './duplicate-files.ts';
import { EmbeddingCache } from './embedding-cache.ts';
import { Embeddings } from './embeddings.ts';
import { Evidence } from './evidence.ts';
import { ExportView } from './export-view.ts';
import { Feedback } from './feedback.ts';
import { Files } from './files.ts';
import { GuildSettings } from './guild-settings.ts';
import { Inspection } from './inspection.ts';
import { Jobs } from './jobs.ts';
import { LiveChunks } from './live-chunks.ts';
import { Marks } from './marks.ts';
import { PendingQueries } from './pending-queries.ts';
import { People } from './people.ts';
import { Reindexes } from './reindexes.ts';
import { Removals } from './removals.ts';
import { Schedule } from './schedule.ts';
import { Shares } from './shares.ts';
import { contentName, RowSnapshot, type SnapshotOptions } from './snapshot.ts';
import { Spaces } from './spaces.ts';
import { Tracks } from './tracks.ts';

export interface CatalogOptions extends Omit<DatabaseOptions, 'readOnly'> {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Rewriting the file for less is not worth it: new rows soon fill the space. */
const shrinkBytesMin = 4 * 1024 * 1024;
const shrinkShareMin = 0.2;

export class Catalog implements Disposable {
  readonly path: string;
  readonly tracks: Tracks;
  readonly embeddings: Embeddings;
  readonly files: Files;
  readonly removals: Removals;
  readonly duplicateFiles: DuplicateFiles;
  readonly evidence: Evidence;
  readonly marks: Marks;
  readonly liveChunks: LiveChunks;
  readonly inspection: Inspection;
  readonly jobs: Jobs;
  readonly spaces: Spaces;
  readonly clips: ClipLedger;
  readonly reindexes: Reindexes;
  readonly schedule: Schedule;
  readonly guildSettings: GuildSettings;
  readonly answers: Answers;
  readonly embeddingCache: EmbeddingCache;
  readonly feedback: Feedback;
  readonly shares: Shares;
  readonly pendingQueries: PendingQueries;
  readonly people: People;
  /** The clock for timestamps of rows; milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Assigned once, when the file is created. */
  readonly id: string;
  readonly #database: Database;

  /** Opens or creates the file and migrates an older one to the current schema.
   *  @throws {LeitmotifError} 'catalog-version' for a file of a newer program, 'catalog-corrupt', 'catalog-busy',
   *    'disk-full', 'file-unreadable' */
  constructor(path: string, options: CatalogOptions = {}) {
    const now = options.now ?? Date.now;
    this.path = path;
    this.nowMs = now;
    this.#database = new Database(path, options);
    this.spaces = new Spaces(this.#database);
    this.tracks = new Tracks(this.#database, this.spaces);
    this.files = new Files(this.#database, this.spaces, now);
    this.removals = new Removals(this.#database, this.spaces, now);
    this.embeddings = new Embeddings(this.#database, this.spaces, now);
    this.duplicateFiles = new DuplicateFiles(this.#database, this.spaces, now);
    this.evidence = new Evidence(this.#database);
    this.marks = new Marks(this.#database, this.spaces, now);
    this.liveChunks = new LiveChunks(this.#database, this.spaces);
    this.inspection = new Inspection(this.#database);
    this.jobs = new Jobs(this.#database, now);
    this.clips = new ClipLedger(this.#database, this.spaces, now);
    this.reindexes = new Reindexes(this.#database, now);
    this.schedule = new Schedule(this.#database, now);
    this.guildSettings = new GuildSettings(this.#database);
    this.answers = new Answers(this.#database, now);
    this.embeddingCache = new EmbeddingCache(this.#database, now);
    this.feedback = new Feedback(this.#database, now);
    this.shares = new Shares(this.#database, now);
    this.pendingQueries = new PendingQueries(this.#database, now);
    this.people = new People(this.#database, now);
    this.id = this.#meta('catalog-id') ?? '';
  }

  /** Location of the library that this catalog indexes (`Library.location`); null before the first run. */
  get libraryLocation(): string | null {
    return this.#meta('library-location');
  }

  set libraryLocation(location: string) {
    const upsert =
      'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';
    this.#database.write(upsert, 'library-location', location);
  }

  /** Names the live rows of a space: equal names mean equal rows. A generation records the name it was built from.
   *  Reads no rows. */
  contentOf(spaceId: string, options: SnapshotOptions = {}): string {
    return contentName(this.id, spaceId, this.spaces.get(spaceId)?.revision ?? 0, options);
  }

  /** The live rows of a space as of now, on a separate connection. All of them survive a power cut. */
  snapshot(spaceId: string, options: SnapshotOptions = {}): RowSnapshot {
    this.#database.makeDurable();
    return new RowSnapshot(this.path, this.id, spaceId, options);
  }

  /** The live chunks of a space as of now, with all their fields, on a separate connection. */
  exportView(spaceId: string): ExportView {
    return new ExportView(this.path, spaceId);
  }

  /** Copies the whole catalog as of now; other processes may read and write. @see Database.backUp */
  backUp(path: string): Promise<void> {
    return this.#database.backUp(path);
  }

  counts(): CatalogCounts {
    const spaces = this.spaces.list().map((space) => countSpace(this.#database, space));
    return { ...countTracks(this.#database), spaces };
  }

  /** Counts for one space. @see countTracksWithoutMusic */
  tracksWithoutMusic(spaceId: string): TracksWithoutMusic {
    const space = this.spaces.get(spaceId);
    return space ? countTracksWithoutMusic(this.#database, space) : { silence: 0, applause: 0, noise: 0 };
  }

  /** Returns the space of deleted rows to the disk when there is much of it; otherwise new rows reuse it. Rewrites the
   *  whole file, which needs as much free disk space again, and blocks other writers for seconds per gigabyte.
   *  @returns bytes freed */
  shrink(): number {
    const numberOf = (pragma: string) => Number(Object.values(this.#database.get(`PRAGMA ${pragma}`) ?? {})[0]);
    const [pages, free, pageBytes] = [numberOf('page_count'), numberOf('freelist_count'), numberOf('page_size')];
    if (free * pageBytes < shrinkBytesMin || free / pages < shrinkShareMin) return 0;
    this.#database.exec('VACUUM');
    this.#database.makeDurable();
    return (pages - numberOf('page_count')) * pageBytes;
  }

  close(): void {
    this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #meta(name: string): string | null {
    const row = this.#database.get('SELECT value FROM meta WHERE name = ?', name);
    return row === undefined ? null : String(row.value);
  }
}
