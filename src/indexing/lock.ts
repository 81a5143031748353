/** One indexer at a time. The lock is the operating system's, taken through SQLite on a file of its own: it ends with
 *  the process, however that ends, so it is never stale and there is nothing to wait out after a kill. A lock that is a
 *  file with a time stamp needs a heartbeat, which our blocking calls would miss, and a wait after every crash.
 *
 *  Who holds it stands in a second file, for the message only.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { LeitmotifError } from '../errors.ts';

const ownerSchema = z.object({ pid: z.int(), host: z.string(), since: z.string() });

/** SQLITE_BUSY. @see https://www.sqlite.org/rescode.html */
const busy = 5;

export class IndexLock implements Disposable {
  readonly #connection: DatabaseSync;

  /** Takes the lock or throws at once.
   *  @param path a file that nothing else uses; made when missing, left behind afterwards
   *  @throws {LeitmotifError} 'index-locked', naming who holds it */
  constructor(path: string) {
    this.#connection = open(path);
    try {
      this.#connection.exec('BEGIN EXCLUSIVE');
    } catch (cause) {
      this.#connection.close();
      if ((cause as { errcode?: unknown }).errcode !== busy) throw unusable(path, cause);
      throw new LeitmotifError('index-locked', `Cannot index: ${describeOwner(path)} is at it already`, { cause });
    }
    writeOwner(path);
  }

  release(): void {
    if (this.#connection.isOpen) this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

function open(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: 0 });
  } catch (cause) {
    throw unusable(path, cause);
  }
}

function unusable(path: string, cause: unknown): LeitmotifError {
  return new LeitmotifError('file-unreadable', `Cannot lock ${path}: ${(cause as Error).message}`, { cause });
}

function ownerPath(path: string): string {
  return `${path}.owner.json`;
}

/** A disk too full for a line of text must not keep anybody from trying. */
function writeOwner(path: string): void {
  const owner = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  try {
    writeFileSync(ownerPath(path), `${JSON.stringify(owner)}\n`);
  } catch {
    // The lock holds all the same; only its message will be vaguer.
  }
}

function describeOwner(path: string): string {
  try {
    const owner = ownerSchema.parse(JSON.parse(readFileSync(ownerPath(path), 'utf8')));
    return `process ${owner.pid} on ${owner.host} (since ${owner.since})`;
  } catch {
    return 'another process';
  }
}
