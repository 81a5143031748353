/** Adds up the time that a sequential piece of work spends on one thing. */
export class Stopwatch {
  #totalMs = 0;

  get totalMs(): number {
    return this.#totalMs;
  }

  async time<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      this.#totalMs += performance.now() - startedAt;
    }
  }

  /** The same items; the time between asking for one and getting it is counted. Leaving early closes the source. */
  async *timed<T>(source: AsyncIterable<T>): AsyncGenerator<T, void> {
    const iterator = source[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.time(() => iterator.next());
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
}
