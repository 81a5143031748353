/** Idempotency keys: a request that is sent again with the same key gets the first one's query, not a second one.
 *  @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
import { HttpRefusal } from './problems.ts';

interface Known {
  /** Of the request's content. */
  readonly print: string;
  readonly queryId: string;
  readonly atMs: number;
}

const knownForMs = 24 * 3_600_000;
const knownMax = 10_000;

export class IdempotencyKeys {
  readonly #known = new Map<string, Known>();

  /** Whether a request with this key came before. */
  isKnown(callerId: string, key: string | null): boolean {
    return key !== null && this.#known.has(`${callerId} ${key}`);
  }

  /** Forgets the key of a query that was refused, so that it can be sent again. */
  forget(callerId: string, key: string | null, queryId: string): void {
    const name = `${callerId} ${key}`;
    if (this.#known.get(name)?.queryId === queryId) this.#known.delete(name);
  }

  /** Makes a query, or returns the id of the one that was made with this key.
   *  @param key null: none was sent
   *  @param print equal for equal requests
   *  @param make synchronous, so that two equal requests cannot both make one
   *  @throws {LeitmotifError} 'bad-request' (422) for another request with the same key; as `make` */
  once(callerId: string, key: string | null, print: string, make: () => string): { queryId: string; isNew: boolean } {
    if (key === null) return { queryId: make(), isNew: true };
    const name = `${callerId} ${key}`;
    const known = this.#known.get(name);
    if (known && Date.now() - known.atMs < knownForMs) {
      if (known.print === print) return { queryId: known.queryId, isNew: false };
      throw new HttpRefusal(422, 'bad-request', 'Cannot use this Idempotency-Key: it came with another request before');
    }
    const queryId = make();
    this.#known.delete(name);
    this.#known.set(name, { print, queryId, atMs: Date.now() });
    // The first are the oldest.
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= knownMax) break;
      this.#known.delete(oldest);
    }
    return { queryId, isNew: true };
  }
}
