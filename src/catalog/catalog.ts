/** The catalog: the truth about the library. Everything else in the index folder is derived from it.
 *
 *  Reading order: migrations.ts (the tables), tracks.ts, embeddings.ts (one transaction a track), snapshot.ts (what a
 *  generation is built from), jobs.ts.
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
import { Heard } from './embedding-cache.ts';
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
import { Reindexes } from './reindexes.ts';
import { Removals } from './removals.ts';
import { Copies } from './same-bytes.ts';
import { Schedule } from './schedule.ts';
import { Shares } from './shares.ts';
import { contentName, Snapshot, type SnapshotOptions } from './snapshot.ts';
import { Spaces } from './spaces.ts';
import { Tracks } from './tracks.ts';

export interface CatalogOptions extends Omit<DatabaseOptions, 'readOnly'> {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Less is not worth the rewriting: it is filled again soon. */
const shrinkBytesMin = 4 * 1024 * 1024;
const shrinkShareMin = 0.2;

export class Catalog implements Disposable {
  readonly path: string;
  readonly tracks: Tracks;
  readonly embeddings: Embeddings;
  readonly files: Files;
  readonly removals: Removals;
  readonly copies: Copies;
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
  readonly heard: Heard;
  readonly feedback: Feedback;
  readonly shares: Shares;
  readonly pendingQueries: PendingQueries;
  /** The clock that its rows are stamped with; milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Given once, when the file was made. */
  readonly id: string;
  readonly #database: Database;

  /** Opens the file, or makes it; brings an older one to this program's schema.
   *  @throws {LeitmotifError} 'catalog-version' for one of a newer program, 'catalog-corrupt', 'catalog-busy',
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
    this.copies = new Copies(this.#database, this.spaces, now);
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
    this.heard = new Heard(this.#database, now);
    this.feedback = new Feedback(this.#database, now);
    this.shares = new Shares(this.#database, now);
    this.pendingQueries = new PendingQueries(this.#database, now);
    this.id = this.#meta('catalog-id') ?? '';
  }

  /** Where the library lies that this catalog was filled from, as the library names itself; null before the first. */
  get libraryLocation(): string | null {
    return this.#meta('library-location');
  }

  set libraryLocation(location: string) {
    const upsert =
      'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';
    this.#database.write(upsert, 'library-location', location);
  }

  /** Names the live rows of a space: equal names, equal rows. A generation carries the name it was built from. Cheap. */
  contentOf(spaceId: string, options: SnapshotOptions = {}): string {
    return contentName(this.id, spaceId, this.spaces.get(spaceId)?.revision ?? 0, options);
  }

  /** The live rows of a space as they are now, on a connection of their own. Everything in it survives a power cut. */
  snapshot(spaceId: string, options: SnapshotOptions = {}): Snapshot {
    this.#database.makeDurable();
    return new Snapshot(this.path, this.id, spaceId, options);
  }

  /** The live chunks of a space as they are now, with all that is known of them, on a connection of their own. */
  exportView(spaceId: string): ExportView {
    return new ExportView(this.path, spaceId);
  }

  /** A copy of the whole catalog as it is now, while others read and write. @see Database.backUp */
  backUp(path: string): Promise<void> {
    return this.#database.backUp(path);
  }

  counts(): CatalogCounts {
    const spaces = this.spaces.list().map((space) => countSpace(this.#database, space));
    return { ...countTracks(this.#database), spaces };
  }

  /** Of one space. @see countTracksWithoutMusic */
  tracksWithoutMusic(spaceId: string): TracksWithoutMusic {
    const space = this.spaces.get(spaceId);
    return space ? countTracksWithoutMusic(this.#database, space) : { silence: 0, applause: 0, noise: 0 };
  }

  /** What deleted rows left free is used by the next rows; this gives it back to the disk where it is much. Rewrites the
   *  whole file, which needs as much room again beside it, and keeps other writers waiting: seconds a gigabyte.
   *  @returns bytes given back */
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
