/** A recording's bytes for the tag reader: random access through one small window, with a limit on the total bytes read.
 *  Synchronous, because the process that reads tags does nothing else.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Tags are in a few places, each read in order: larger windows would read audio, smaller ones cost a call per frame. */
const windowBytes = 64 * 1024;

/** The tags of this file are too large or too far apart to be read. */
export class TagBytesError extends Error {}

export class RecordingFile implements Disposable {
  readonly #fd: number;
  readonly #bytesMax: number;
  #bytesRead = 0;
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;
  readonly sizeBytes: number;

  /** @param bytesMax limit of the bytes read @throws {Error} of the system when it cannot be opened */
  constructor(path: string, bytesMax: number) {
    // Without O_NONBLOCK a pipe would wait for its writer.
    this.#fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.#bytesMax = bytesMax;
    const found = fstatSync(this.#fd);
    this.sizeBytes = found.isFile() ? found.size : 0;
  }

  /** @returns fewer bytes than requested at the end of the file, none after it. Valid until the next call.
   *  @throws {TagBytesError} past the limit */
  read(at: number, length: number): Buffer {
    const end = Math.min(at + length, this.sizeBytes);
    if (end <= at) return Buffer.alloc(0);
    if (at < this.#windowAt || end > this.#windowAt + this.#window.length) this.#load(at, end - at);
    return this.#window.subarray(at - this.#windowAt, end - this.#windowAt);
  }

  #load(at: number, length: number): void {
    const wanted = Math.min(Math.max(length, windowBytes), this.sizeBytes - at);
    this.#bytesRead += wanted;
    if (this.#bytesRead > this.#bytesMax) throw new TagBytesError('Cannot read the tags: they are too large');
    const window = Buffer.allocUnsafe(wanted);
    let filled = 0;
    while (filled < wanted) {
      const read = readSync(this.#fd, window, filled, wanted - filled, at + filled);
      if (read === 0) break;
      filled += read;
    }
    this.#window = window.subarray(0, filled);
    this.#windowAt = at;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
