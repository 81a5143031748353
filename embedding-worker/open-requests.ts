/** Counts requests until the last byte of their answers, so that a worker that is being stopped cuts none of them off. */
export class OpenRequests {
  #count = 0;
  #idle = Promise.withResolvers<void>();

  begin(): void {
    this.#count++;
  }

  end(): void {
    this.#count--;
    if (this.#count > 0) return;
    this.#idle.resolve();
    this.#idle = Promise.withResolvers();
  }

  /** Resolves when no request is open. */
  async idle(): Promise<void> {
    if (this.#count > 0) await this.#idle.promise;
  }
}
