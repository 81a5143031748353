/** The catalog's connection: one SQLite file, its settings, and transactions that speak in LeitmotifErrors.
 *
 *  WAL, so that the bot reads while the indexer writes. synchronous=NORMAL: a killed process loses nothing, because
 *  what was written lies with the operating system; a power cut may roll back the last transactions, whole, and the
 *  next run does those tracks again. FULL would wait for the disk once a track and save only that. Before a generation
 *  is built the log is synced once (`makeDurable`), so that no generation is ever ahead of its catalog.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup, DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import pRetry from 'p-retry';
import { LeitmotifError } from '../errors.ts';
import { makePrivateFileSync } from '../io/private-files.ts';
import { migrate, schemaVersion } from './migrations.ts';
import { fromSqliteError } from './sqlite-errors.ts';

/** Long enough for the longest transaction beside us, a track of hours, many times over. */
const busyTimeoutMs = 10_000;
/** A row with a vector of 512 values has 2.1 kB: of such rows SQLite's default page of 4 kB holds one and stays half
 *  empty; seven fill a page of 16 kB to nine tenths. */
const pageSizeBytes = 16_384;
const walKeptBytes = 64 * 1024 * 1024;

export interface DatabaseOptions {
  /** Fails instead of waiting longer for another writer. */
  readonly busyTimeoutMs?: number;
  /** The file's size may not pass this: beyond it writing fails as on a full disk. No limit by default. */
  readonly sizeMaxBytes?: number;
  /** Opens an existing catalog for reading only; no migration is run. */
  readonly readOnly?: boolean;
  /** Of the schema, to see how an earlier one was; all by default. */
  readonly steps?: readonly string[];
}

export type Row = Record<string, unknown>;
/** Values for `?` in order, or one object with the values for `$name`. */
type Parameters = SQLInputValue[] | [Record<string, SQLInputValue>];

/** A catalog that is there, where neither it nor anything beside it can be written. */
function isWriteProtected(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return false;
  return [path, dirname(path)].some((place) => {
    try {
      accessSync(place, constants.W_OK);
      return false;
    } catch {
      return true;
    }
  });
}

export class Database implements Disposable {
  readonly path: string;
  readonly #sqlite: DatabaseSync;
  /** Why nothing can be written; null where it can. */
  readonly readOnlyWhy: string | null = null;
  readonly #statements = new Map<string, StatementSync>();

  /** Opens the file, or creates it, and brings it to this program's schema. One that lies where nothing can be written is
   *  opened for reading, if it is of this schema.
   *  @throws {LeitmotifError} 'catalog-version' for a newer schema, 'catalog-corrupt', 'catalog-busy', 'disk-full',
   *    'file-unreadable' */
  constructor(path: string, options: DatabaseOptions = {}) {
    this.path = path;
    const timeout = options.busyTimeoutMs ?? busyTimeoutMs;
    const readOnly = options.readOnly ?? false;
    if (!readOnly && isWriteProtected(path)) {
      this.#sqlite = this.#openProtected(timeout);
      this.readOnlyWhy = `${dirname(path)} is read-only`;
      return;
    }
    // The log and the shared memory beside it take its mode.
    if (!readOnly && path !== ':memory:') this.#run(() => makePrivateFileSync(path));
    this.#sqlite = this.#run(() => new DatabaseSync(path, { timeout, readOnly, enableForeignKeyConstraints: true }));
    try {
      if (!readOnly) this.#setUp(options);
    } catch (error) {
      this.#sqlite.close();
      throw error;
    }
  }

  /** SQLite wants to make files beside a catalog even to read it, unless it is told that nobody writes to it. That is
   *  true where nothing can be written, and as long as no log lies there whose transactions are not in the file yet. */
  #openProtected(timeout: number): DatabaseSync {
    const log = statSync(`${this.path}-wal`, { throwIfNoEntry: false });
    if (log !== undefined && log.size > 0) {
      throw new LeitmotifError(
        'file-unreadable',
        `Cannot open the catalog ${this.path}: its folder is read-only, and its last changes lie in a log that must be ` +
          'written back first; make the folder writable once and run `npm run library -- status`',
      );
    }
    const url = pathToFileURL(this.path);
    url.search = 'immutable=1';
    const sqlite = this.#run(() => new DatabaseSync(url, { timeout, readOnly: true }));
    const version = Number(sqlite.prepare('PRAGMA user_version').get()?.user_version);
    if (version === schemaVersion) return sqlite;
    sqlite.close();
    throw new LeitmotifError(
      'catalog-version',
      `Cannot open the catalog ${this.path}: expected schema ${schemaVersion}, got ${version}, and its folder is ` +
        'read-only, so that it cannot be changed',
    );
  }

  #setUp({ sizeMaxBytes, steps }: DatabaseOptions): void {
    this.exec(`PRAGMA page_size = ${pageSizeBytes}`);
    this.exec('PRAGMA journal_mode = WAL');
    this.exec('PRAGMA synchronous = NORMAL');
    this.exec(`PRAGMA journal_size_limit = ${walKeptBytes}`);
    if (sizeMaxBytes !== undefined) this.exec(`PRAGMA max_page_count = ${Math.ceil(sizeMaxBytes / pageSizeBytes)}`);
    migrate(this, steps);
  }

  /** The first row, or undefined. */
  get(sql: string, ...parameters: Parameters): Row | undefined {
    return this.#run(() => this.#statement(sql).get(...(parameters as SQLInputValue[])));
  }

  all(sql: string, ...parameters: Parameters): Row[] {
    return this.#run(() => this.#statement(sql).all(...(parameters as SQLInputValue[])));
  }

  /** @returns how many rows were written, and the id of the last one inserted */
  write(sql: string, ...parameters: Parameters): { changes: number; lastId: number } {
    const result = this.#run(() => this.#statement(sql).run(...(parameters as SQLInputValue[])));
    return { changes: Number(result.changes), lastId: Number(result.lastInsertRowid) };
  }

  /** Rows one at a time, never all in memory. A statement of its own: a shared one would be rewound under the reader. */
  *iterate(sql: string, ...parameters: Parameters): Generator<Row, void, undefined> {
    const rows = this.#run(() => this.#sqlite.prepare(sql).iterate(...(parameters as SQLInputValue[])));
    for (;;) {
      const next = this.#run(() => rows.next());
      if (next.done) return;
      yield next.value;
    }
  }

  /** Several statements without parameters. */
  exec(sql: string): void {
    this.#run(() => this.#sqlite.exec(sql));
  }

  /** Prepared once: the catalog has some forty statements, so the map stays small. */
  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#sqlite.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #run<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw fromSqliteError(error, this.path, this.readOnlyWhy);
    }
  }

  /** All of `work` or nothing of it. Takes the write lock at once, so that it cannot fail half way for being late. */
  transaction<Result>(work: () => Result): Result {
    this.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      // On a full disk SQLite has rolled back by itself.
      if (this.#sqlite.isTransaction) this.exec('ROLLBACK');
      throw error;
    }
  }

  /** Returns when everything committed so far would survive a power cut. */
  makeDurable(): void {
    if (this.readOnlyWhy !== null) return;
    this.exec('PRAGMA wal_checkpoint(FULL)');
  }

  /** Copies the whole database into a file as it is now, by SQLite's online backup: others read and write meanwhile.
   *  @throws {LeitmotifError} 'disk-full', 'catalog-busy', 'catalog-corrupt', 'file-unreadable' */
  backUp(to: string): Promise<void> {
    return copyPages(this.#sqlite, to);
  }

  close(): void {
    if (this.#sqlite.isOpen) this.#sqlite.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Puts the content of one database file in place of another's, in one transaction: whoever has it open reads the old
 *  content to the end of what he is doing, and then the new.
 *  @param to made when it is not there
 *  @throws {LeitmotifError} 'catalog-busy' when somebody writes to it for too long; 'catalog-corrupt' when either is no
 *    database; 'disk-full', 'file-unreadable' */
export async function overwriteDatabase(from: string, to: string): Promise<void> {
  let source: DatabaseSync;
  try {
    source = new DatabaseSync(from, { readOnly: true });
  } catch (error) {
    throw fromSqliteError(error, from);
  }
  try {
    await copyPages(source, to);
  } finally {
    source.close();
  }
}

/** All pages in one step: in steps, every write of another process would begin the copy anew. It runs in a thread of its
 *  own, and readers and, of the source, writers go on.
 *  @see https://www.sqlite.org/backup.html */
const allPages = 2 ** 31 - 1;
const busyRetries = 12;

async function copyPages(source: DatabaseSync, to: string): Promise<void> {
  const copy = async () => {
    try {
      makePrivateFileSync(to);
      await backup(source, to, { rate: allPages });
    } catch (error) {
      // Node says "not an error" where a step met a lock: the step's own code is lost.
      const isBusy = (error as { errcode?: unknown }).errcode === 0;
      if (!isBusy) throw fromSqliteError(error, to);
      throw new LeitmotifError('catalog-busy', `Cannot copy to ${to}: another process is writing to it`, {
        cause: error,
      });
    }
  };
  await pRetry(copy, {
    retries: busyRetries,
    minTimeout: 50,
    maxTimeout: 1_000,
    shouldRetry: ({ error }) => error instanceof LeitmotifError && error.code === 'catalog-busy',
  });
}
