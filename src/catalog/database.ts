/** The catalog's connection: one SQLite file, its settings, and transactions that throw LeitmotifErrors.
 *
 *  WAL, so that the bot reads while the indexer writes. synchronous=NORMAL: a killed process loses nothing, because
 *  the operating system has the written data. A power cut may roll back the last transactions as a whole, and the next
 *  run repeats those tracks. FULL would sync the disk once per track for that small gain. `makeDurable` syncs the log
 *  once before a generation is built, so that no generation is ever ahead of its catalog.
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

/** Many times the longest transaction of another process: a track of several hours. */
const busyTimeoutMs = 10_000;
/** A row with a vector of 512 values has 2.1 kB. SQLite's default page of 4 kB holds one such row and stays half empty;
 *  a page of 16 kB holds seven and is nine tenths full. */
const pageSizeBytes = 16_384;
const walKeptBytes = 64 * 1024 * 1024;

export interface DatabaseOptions {
  /** Longest wait for another writer. */
  readonly busyTimeoutMs?: number;
  /** Maximum size of the file; beyond it a write fails as on a full disk. No limit by default. */
  readonly sizeMaxBytes?: number;
  /** Opens an existing catalog for reading only; no migration is run. */
  readonly readOnly?: boolean;
  /** Migration steps to take, to create an earlier schema; all by default. */
  readonly steps?: readonly string[];
}

export type SqlRow = Record<string, unknown>;
/** Values for `?` in order, or one object with the values for `$name`. */
type Parameters = SQLInputValue[] | [Record<string, SQLInputValue>];

/** True for an existing catalog when the file or its folder is not writable. */
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
  /** The reason why the catalog is read-only; null when it is writable. */
  readonly readOnlyReason: string | null = null;
  readonly #statements = new Map<string, StatementSync>();

  /** Opens or creates the file and migrates it to the current schema. A file in a read-only place is opened for reading
   *  if it has the current schema.
   *  @throws {LeitmotifError} 'catalog-version' for a newer schema, 'catalog-corrupt', 'catalog-busy', 'disk-full',
   *    'file-unreadable' */
  constructor(path: string, options: DatabaseOptions = {}) {
    this.path = path;
    const timeout = options.busyTimeoutMs ?? busyTimeoutMs;
    const readOnly = options.readOnly ?? false;
    if (!readOnly && isWriteProtected(path)) {
      this.#sqlite = this.#openProtected(timeout);
      this.readOnlyReason = `${dirname(path)} is read-only`;
      return;
    }
    // SQLite gives the log and the shared memory file the same mode.
    if (!readOnly && path !== ':memory:') this.#run(() => makePrivateFileSync(path));
    this.#sqlite = this.#run(() => new DatabaseSync(path, { timeout, readOnly, enableForeignKeyConstraints: true }));
    try {
      if (!readOnly) this.#setUp(options);
    } catch (error) {
      this.#sqlite.close();
      throw error;
    }
  }

  /** SQLite creates files next to a database even to read it, unless it is opened as immutable. Immutable is right when
   *  nothing can be written and no log holds transactions that are not in the file yet. */
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
  get(sql: string, ...parameters: Parameters): SqlRow | undefined {
    return this.#run(() => this.#statement(sql).get(...(parameters as SQLInputValue[])));
  }

  all(sql: string, ...parameters: Parameters): SqlRow[] {
    return this.#run(() => this.#statement(sql).all(...(parameters as SQLInputValue[])));
  }

  /** @returns how many rows were written, and the id of the last one inserted */
  write(sql: string, ...parameters: Parameters): { changes: number; lastId: number } {
    const result = this.#run(() => this.#statement(sql).run(...(parameters as SQLInputValue[])));
    return { changes: Number(result.changes), lastId: Number(result.lastInsertRowid) };
  }

  /** Yields one row at a time, never all in memory. Uses a separate statement: another use of a shared one would rewind
   *  it. */
  *iterate(sql: string, ...parameters: Parameters): Generator<SqlRow, void, undefined> {
    const rows = this.#run(() => this.#sqlite.prepare(sql).iterate(...(parameters as SQLInputValue[])));
    for (;;) {
      const next = this.#run(() => rows.next());
      if (next.done) return;
      yield next.value;
    }
  }

  /** Runs one or more statements without parameters. */
  exec(sql: string): void {
    this.#run(() => this.#sqlite.exec(sql));
  }

  /** Prepares each statement once. The catalog has about forty, so the map stays small. */
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
      throw fromSqliteError(error, this.path, this.readOnlyReason);
    }
  }

  /** Commits all of `work` or nothing. Takes the write lock first, so that it cannot fail half way on a busy catalog. */
  transaction<Result>(work: () => Result): Result {
    this.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite rolls back automatically on a full disk.
      if (this.#sqlite.isTransaction) this.exec('ROLLBACK');
      throw error;
    }
  }

  /** Returns when all commits so far survive a power cut. */
  makeDurable(): void {
    if (this.readOnlyReason !== null) return;
    this.exec('PRAGMA wal_checkpoint(FULL)');
  }

  /** Copies the whole database into a file with SQLite's online backup; other connections may read and write meanwhile.
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

/** Replaces the content of a database file in one transaction. Open connections finish their current read with the old
 *  content and then see the new one.
 *  @param to created if missing
 *  @throws {LeitmotifError} 'catalog-busy' when another process writes for too long; 'catalog-corrupt' when one of them
 *    is not a database; 'disk-full', 'file-unreadable' */
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

/** Copies all pages in one step: with smaller steps every write of another process would restart the copy. It runs in a
 *  separate thread and blocks neither readers nor writers of the source.
 *  @see https://www.sqlite.org/backup.html */
const allPages = 2 ** 31 - 1;
const busyRetries = 12;

async function copyPages(source: DatabaseSync, to: string): Promise<void> {
  const copy = async () => {
    try {
      makePrivateFileSync(to);
      await backup(source, to, { rate: allPages });
    } catch (error) {
      // Node reports "not an error" when a step met a lock and loses the error code of the step.
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
