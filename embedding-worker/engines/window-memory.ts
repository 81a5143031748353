/** Reuses the buffers of windows: a window has 640 kB or more, and garbage of that size is collected late. With the small
 *  young generation of an inference process (inference-process.ts) this saves 10 MB. */

/** On a CPU one window is computed, one has been read and one is being read. A GPU's batches use more and make garbage. */
const keptMax = 3;

export class WindowMemory {
  readonly #free: Float32Array<ArrayBuffer>[] = [];

  /** @returns shape [samples], with undefined content */
  take(samples: number): Float32Array<ArrayBuffer> {
    const free = this.#free.pop();
    return free?.length === samples ? free : new Float32Array(samples);
  }

  /** The caller must not use `window` afterwards. */
  release(window: Float32Array<ArrayBuffer>): void {
    if (this.#free.length < keptMax) this.#free.push(window);
  }
}
