import type { FileHandle } from 'node:fs/promises';
import { refused } from '../exchange-row.ts';

const blockBytes = 1024 * 1024;

/** Buffered sequential reader. Nearly every read comes from the buffer and needs no promise. */
export class PickleBytes {
  readonly #file: FileHandle;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Ensures that at least `count` bytes are buffered.
   *  @returns undefined when they are buffered already: a promise per opcode would be slow */
  need(count: number): Promise<void> | undefined {
    return this.#block.length - this.#at >= count ? undefined : this.#fill(count);
  }

  async #fill(count: number): Promise<void> {
    const rest = this.#block.subarray(this.#at);
    const block = Buffer.allocUnsafe(Math.max(blockBytes, count));
    rest.copy(block);
    let filled = rest.length;
    while (filled < count) {
      const { bytesRead } = await this.#file.read(block, filled, block.length - filled);
      if (bytesRead === 0) throw refused('the pickle', 'it is cut off');
      filled += bytesRead;
    }
    this.#block = block.subarray(0, filled);
    this.#at = 0;
  }

  /** Takes buffered bytes. */
  take(count: number): Buffer {
    const bytes = this.#block.subarray(this.#at, this.#at + count);
    this.#at += count;
    return bytes;
  }
}
