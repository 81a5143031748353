/** Lets one process run at a time. SQLite takes a lock of the operating system on a separate file. The lock ends with the
 *  process, however that ends, so it is never stale. A lock file with a time stamp would need a heartbeat, which our blocking
 *  calls would miss, and a wait after every crash.
 *
 *  A second file names the owner, for messages only.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { LeitmotifError } from '../errors.ts';
import { makePrivateFileSync, writePrivateFileSync } from './private-files.ts';

const ownerSchema = z.object({ pid: z.int(), host: z.string(), since: z.string() });

/** SQLITE_BUSY and SQLITE_FULL. @see https://www.sqlite.org/rescode.html */
const busy = 5;
const full = 13;

export class ProcessLock implements Disposable {
  readonly #connection: DatabaseSync;

  private constructor(connection: DatabaseSync) {
    this.#connection = connection;
  }

  /** Takes the lock without waiting.
   *  @param path a file for this lock only; created when missing, not deleted afterwards
   *  @returns null when the lock is taken, also by this process
   *  @throws {LeitmotifError} 'file-unreadable' when the file cannot be created or used, 'disk-full' */
  static take(path: string): ProcessLock | null {
    const connection = open(path);
    try {
      connection.exec('BEGIN EXCLUSIVE');
    } catch (cause) {
      connection.close();
      if ((cause as { errcode?: unknown }).errcode !== busy) throw unusable(path, cause);
      return null;
    }
    writeOwner(path);
    return new ProcessLock(connection);
  }

  release(): void {
    if (this.#connection.isOpen) this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** Describes the owner of the lock: process number, host and time, or "another process". */
export function describeLockOwner(path: string): string {
  try {
    const owner = ownerSchema.parse(JSON.parse(readFileSync(ownerPath(path), 'utf8')));
    return `process ${owner.pid} on ${owner.host} (since ${owner.since})`;
  } catch {
    return 'another process';
  }
}

function open(path: string): DatabaseSync {
  try {
    makePrivateFileSync(path);
    return new DatabaseSync(path, { timeout: 0 });
  } catch (cause) {
    throw unusable(path, cause);
  }
}

function unusable(path: string, cause: unknown): LeitmotifError {
  if ((cause as { errcode?: unknown }).errcode === full) {
    return new LeitmotifError('disk-full', `Cannot lock ${path}: the disk is full`, { cause });
  }
  const why = (cause as Error).message;
  const message = `Cannot lock ${path}: ${why}; its folder must be writable`;
  return new LeitmotifError('file-unreadable', message, { cause });
}

function ownerPath(path: string): string {
  return `${path}.owner.json`;
}

/** A disk too full for one line of text must not prevent taking the lock. */
function writeOwner(path: string): void {
  const owner = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  try {
    writePrivateFileSync(ownerPath(path), `${JSON.stringify(owner)}\n`);
  } catch {
    // The lock is taken all the same. Only messages about it are less precise.
  }
}
