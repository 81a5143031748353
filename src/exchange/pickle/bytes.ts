import type { FileHandle } from 'node:fs/promises';
import { refused } from '../exchange-row.ts';

const blockBytes = 1024 * 1024;

/** The file's bytes in order. A block is at hand, so that nearly every read is an ordinary call and no promise. */
export class PickleBytes {
  readonly #file: FileHandle;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Makes at least `count` bytes be at hand.
   *  @returns undefined when they are already: waiting for nothing would cost a turn for each opcode */
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

  /** Of bytes that are at hand. */
  take(count: number): Buffer {
    const bytes = this.#block.subarray(this.#at, this.#at + count);
    this.#at += count;
    return bytes;
  }
}
