/** A folder for downloaded recordings with a limit in bytes; a request beyond the limit waits for free space.
 *
 *  A killed process leaves its files. File names contain host and process id, so the next process deletes files of dead
 *  processes; two machines that share the folder keep each other's files.
 */
import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { makePrivateFolder } from '../io/private-files.ts';

export interface SpoolOptions {
  /** Created on first use. */
  readonly dir: string;
  readonly bytesMax: number;
}

/** Reserved space for one file. Disposing deletes the file and frees the space. */
export interface SpoolPlace extends AsyncDisposable {
  readonly path: string;
}

interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

export class Spool {
  readonly #options: SpoolOptions;
  readonly #own = new Set<string>();
  /** First come, first served, so that a large file does not starve. */
  readonly #waiting: Waiting[] = [];
  #bytes = 0;
  #ready: Promise<void> | null = null;

  constructor(options: SpoolOptions) {
    this.#options = options;
  }

  /** @throws {LeitmotifError} 'audio-too-large' for a file that is larger than the whole spool; 'cancelled' */
  async place(bytes: number, signal?: AbortSignal): Promise<SpoolPlace> {
    const { dir, bytesMax } = this.#options;
    if (bytes > bytesMax) {
      const message = `Cannot fetch it: it has ${bytes} bytes, the spool holds ${bytesMax} (SPOOL_MAX_MB)`;
      throw new LeitmotifError('audio-too-large', message);
    }
    await this.#room(bytes, signal);
    try {
      this.#ready ??= this.#prepare();
      await this.#ready;
    } catch (error) {
      this.#ready = null;
      this.#free(bytes);
      throw error;
    }
    const name = `${hostname()}+${process.pid}+${randomUUID()}`;
    this.#own.add(name);
    const file = path.join(dir, name);
    let isGone = false;
    return {
      path: file,
      [Symbol.asyncDispose]: async () => {
        if (isGone) return;
        isGone = true;
        this.#own.delete(name);
        await rm(file, { force: true });
        this.#free(bytes);
      },
    };
  }

  async #room(bytes: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw stopped(signal);
    if (this.#waiting.length === 0 && this.#bytes + bytes <= this.#options.bytesMax) {
      this.#bytes += bytes;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        bytes,
        enter: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(stopped(signal));
        this.#admit();
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
    });
  }

  #free(bytes: number): void {
    this.#bytes -= bytes;
    this.#admit();
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (this.#bytes + next.bytes > this.#options.bytesMax) return;
      this.#waiting.shift();
      this.#bytes += next.bytes;
      next.enter();
    }
  }

  async #prepare(): Promise<void> {
    const { dir } = this.#options;
    await makePrivateFolder(dir);
    for (const name of await readdir(dir)) {
      const [host, pid, id] = name.split('+');
      if (host !== hostname() || id === undefined || this.#own.has(name)) continue;
      if (Number(pid) === process.pid || !isAlive(Number(pid))) await rm(path.join(dir, name), { force: true });
    }
  }
}

function stopped(signal: AbortSignal | undefined): LeitmotifError {
  return new LeitmotifError('cancelled', 'Stopped while waiting for room in the spool', { cause: signal?.reason });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
