/** Deadlines, retries and a circuit breaker for requests to Milvus.
 *
 *  The breaker is outside the retries, as with remote inference (decision 029): it opens when several requests failed
 *  although each was repeated. Then requests are refused at once, instead of letting every query wait for its own time-out.
 */
import {
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  isBrokenCircuitError,
  retry,
  wrap,
} from 'cockatiel';
import { LeitmotifError } from '../../errors.ts';
import { orAborted } from '../../io/or-aborted.ts';
import { MilvusFailure } from './failures.ts';

export interface GuardLimits {
  /** Requests that are repeated after a failure: this many times at most. */
  readonly repeatsMax: number;
  readonly pauseMs: number;
  readonly pauseMaxMs: number;
  /** Failed requests in a row that open the breaker, and how long it stays open. */
  readonly failuresMax: number;
  readonly openMs: number;
}

export const guardLimits: GuardLimits = {
  ...{ repeatsMax: 4, pauseMs: 100, pauseMaxMs: 2_000 },
  ...{ failuresMax: 3, openMs: 5_000 },
};

export class MilvusGuard {
  readonly #where: string;
  readonly #limits: GuardLimits;
  readonly #breaker: CircuitBreakerPolicy;
  #lastOutage = '';

  constructor(where: string, limits: GuardLimits = guardLimits) {
    this.#where = where;
    this.#limits = limits;
    this.#breaker = circuitBreaker(
      handleWhen((error) => error instanceof MilvusFailure && error.isOutage),
      { halfOpenAfter: limits.openMs, breaker: new ConsecutiveBreaker(limits.failuresMax) },
    );
  }

  /** @param attempt ends by its own deadline; gets the number of earlier attempts
   *  @throws {LeitmotifError} the last attempt's failure; `index-unavailable` at once while the breaker is open; `cancelled` */
  async run<T>(attempt: (repeats: number) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { repeatsMax, pauseMs, pauseMaxMs } = this.#limits;
    const again = retry(
      handleWhen((error) => error instanceof MilvusFailure && error.isRepeatable && signal?.aborted !== true),
      {
        maxAttempts: repeatsMax,
        backoff: new ExponentialBackoff({ initialDelay: pauseMs, maxDelay: pauseMaxMs }),
      },
    );
    let repeats = 0;
    const work = wrap(this.#breaker, again).execute(() => {
      if (signal?.aborted) throw cancelled(signal);
      repeats += 1;
      return attempt(repeats - 1);
    });
    try {
      return await (signal === undefined ? work : orAborted(work, signal));
    } catch (error) {
      if (signal?.aborted) throw cancelled(signal);
      if (isBrokenCircuitError(error)) throw this.#refusal(error);
      if (error instanceof MilvusFailure && error.isOutage) this.#lastOutage = error.message;
      throw error;
    }
  }

  #refusal(cause: unknown): MilvusFailure {
    const last = this.#lastOutage === '' ? '' : `. ${this.#lastOutage}`;
    const text = `${this.#where} is down, and is asked again in a few seconds${last}`;
    return new MilvusFailure('index-unavailable', text, { cause });
  }
}

function cancelled(signal: AbortSignal): LeitmotifError {
  return new LeitmotifError('cancelled', 'The request to Milvus was cancelled', { cause: signal.reason });
}
