/** Reuses the buffers of windows: a window has 640 kB or more, and garbage of that size is collected late, by collections of the
 *  whole heap. With the small young generation of an inference process (inference-process.ts) this saves 10 MB. */

export class WindowMemory {
  readonly #free: Float32Array<ArrayBuffer>[] = [];
  readonly #keptMax: number;

  /** @param keptMax buffers that wait for their next use at most; more become garbage */
  constructor(keptMax: number) {
    this.#keptMax = keptMax;
  }

  /** @returns shape [samples], with undefined content */
  take(samples: number): Float32Array<ArrayBuffer> {
    const free = this.#free.pop();
    return free?.length === samples ? free : new Float32Array(samples);
  }

  /** The caller must not use `window` afterwards. */
  release(window: Float32Array<ArrayBuffer>): void {
    if (this.#free.length < this.#keptMax) this.#free.push(window);
  }
}
