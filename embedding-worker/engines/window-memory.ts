/** The memory of windows that are done with, for those to come: a window is 640 kB and more, and garbage of that size is
 *  collected late. With the small young generation of an inference process (inference-process.ts) it saves 10 MB. */

/** On a CPU one is computed, one has been read and one is being read; a GPU's batches may make garbage. */
const keptMax = 3;

export class WindowMemory {
  readonly #free: Float32Array<ArrayBuffer>[] = [];

  /** @returns shape [samples]; what it holds is not said */
  take(samples: number): Float32Array<ArrayBuffer> {
    const free = this.#free.pop();
    return free?.length === samples ? free : new Float32Array(samples);
  }

  /** Nobody may read or write it from here on. */
  giveBack(window: Float32Array<ArrayBuffer>): void {
    if (this.#free.length < keptMax) this.#free.push(window);
  }
}
