/** Calls a remote engine with deadlines, retries and a circuit breaker.
 *
 *  The breaker is outside the retries: it opens when several requests failed although each was retried. Then it refuses
 *  requests at once, instead of letting every recording wait for its own timeout. After its pause it tries one request, sent
 *  once.
 */
import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleWhen,
  type IRetryBackoffContext,
  isBrokenCircuitError,
  retry,
} from 'cockatiel';
import { orAborted } from '../../../src/io/or-aborted.ts';
import { RemoteFailure, timeoutFailure } from './failures.ts';

export interface GuardLimits {
  /** Limits for one attempt, and from the first attempt to the last. */
  readonly attemptMs: number;
  readonly patienceMs: number;
  /** The same for a server that may have to start first: no answer yet, or none for `coldAfterMs`. */
  readonly coldAttemptMs: number;
  readonly coldPatienceMs: number;
  readonly coldAfterMs: number;
  /** First pause before a retry; doubles up to `pauseMaxMs`. A longer Retry-After takes precedence. */
  readonly pauseMs: number;
  readonly pauseMaxMs: number;
  /** Failed requests in a row that open the breaker, and how long it stays open. */
  readonly failuresMax: number;
  readonly openMs: number;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface GuardEvents {
  /** One attempt has ended: `ok`, a status, `timeout`, `connection`, `answer`, `cancelled` or `failed`. */
  readonly onAttempt: (outcome: string, seconds: number) => void;
  readonly onRetry: () => void;
  readonly onBreaker: (state: BreakerState) => void;
}

export class Guard {
  readonly #where: string;
  readonly #limits: GuardLimits;
  readonly #events: GuardEvents;
  readonly #breaker: CircuitBreakerPolicy;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #openUntil = 0;

  constructor(where: string, limits: GuardLimits, events: GuardEvents) {
    this.#where = where;
    this.#limits = limits;
    this.#events = events;
    this.#breaker = circuitBreaker(
      handleWhen((error) => this.#isOutage(error)),
      { halfOpenAfter: limits.openMs, breaker: new ConsecutiveBreaker(limits.failuresMax) },
    );
    this.#breaker.onBreak(() => {
      this.#openUntil = Date.now() + limits.openMs;
    });
    this.#breaker.onStateChange((state) => events.onBreaker(stateName(state)));
  }

  /** Why requests are refused now, and until when; null while they are sent. */
  get trouble(): string | null {
    const leftMs = this.#openUntil - Date.now();
    if (this.#breaker.state !== CircuitState.Open || leftMs <= 0) return null;
    const last = this.#breaker.lastFailure;
    const why = last && 'error' in last && last.error instanceof Error ? `: ${last.error.message}` : '';
    return `${this.#where} is down, and is asked again in ${Math.ceil(leftMs / 1000)} s${why}`;
  }

  /** @param attempt gets a signal with the attempt's deadline, and must end when that aborts
   *  @throws {RemoteFailure} the last attempt's, or at once while the breaker is open; the signal's reason */
  async run<T>(attempt: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    try {
      return await orAborted(
        this.#breaker.execute(() => this.#persist(attempt, signal)),
        signal,
      );
    } catch (error) {
      signal.throwIfAborted();
      if (isBrokenCircuitError(error)) throw this.#refusal();
      throw error;
    }
  }

  /** The same without the breaker, for the start: refusals of a starting engine do not count.
   *  @param infers whether an answer proves that the network computes, and not only that the server runs. Many servers load or
   *    compile the network at the first inference, so that one gets the long limits too */
  persist<T>(
    attempt: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
    { infers }: { infers: boolean },
  ): Promise<T> {
    const answeredAt = this.#answeredAt;
    return orAborted(this.#persist(attempt, signal), signal).finally(() => {
      if (!infers) this.#answeredAt = answeredAt;
    });
  }

  async #persist<T>(attempt: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { pauseMs, pauseMaxMs } = this.#limits;
    const probing = this.#breaker.state === CircuitState.HalfOpen;
    const cold = performance.now() - this.#answeredAt > this.#limits.coldAfterMs;
    const attemptMs = cold ? this.#limits.coldAttemptMs : this.#limits.attemptMs;
    const retryUntilMs = performance.now() + (cold ? this.#limits.coldPatienceMs : this.#limits.patienceMs);
    let pause = pauseMs;
    const isRetryable = (error: unknown): boolean => {
      if (!(error instanceof RemoteFailure) || !error.repeatable || probing || signal.aborted) return false;
      return performance.now() + Math.max(pause, error.retryAfterMs ?? 0) < retryUntilMs;
    };
    const again = retry(handleWhen(isRetryable), {
      // `patienceMs` is the limit.
      maxAttempts: Number.POSITIVE_INFINITY,
      backoff: new DelegateBackoff(({ result }: IRetryBackoffContext<unknown>) => {
        const requestedMs =
          'error' in result && result.error instanceof RemoteFailure ? (result.error.retryAfterMs ?? 0) : 0;
        const delay = Math.max(requestedMs, pause * (0.5 + Math.random() / 2));
        pause = Math.min(pauseMaxMs, pause * 2);
        this.#events.onRetry();
        return delay;
      }),
    }).dangerouslyUnref(); // An abandoned pause does not keep the process alive.
    let last: unknown = null;
    return again.execute(async () => {
      signal.throwIfAborted();
      const leftMs = Math.max(1, retryUntilMs - performance.now());
      try {
        return await this.#attempt(attempt, signal, Math.min(attemptMs, leftMs));
      } catch (error) {
        // The failure of a last attempt without enough time is less informative than the one before.
        const cutShort = leftMs < attemptMs && error instanceof RemoteFailure && error.status === null;
        if (!cutShort || last === null) last = error;
        throw last;
      }
    });
  }

  async #attempt<T>(attempt: (signal: AbortSignal) => Promise<T>, caller: AbortSignal, deadlineMs: number): Promise<T> {
    const startedAt = performance.now();
    const deadline = AbortSignal.timeout(Math.ceil(deadlineMs));
    const over = (outcome: string): void => this.#events.onAttempt(outcome, (performance.now() - startedAt) / 1000);
    try {
      const result = await attempt(AbortSignal.any([caller, deadline]));
      this.#answeredAt = performance.now();
      over('ok');
      return result;
    } catch (error) {
      const timedOut = deadline.aborted && !caller.aborted;
      const failure = timedOut ? timeoutFailure(this.#where, deadlineMs) : error;
      if (failure instanceof RemoteFailure && !failure.outage) this.#answeredAt = performance.now();
      over(caller.aborted ? 'cancelled' : timedOut ? 'timeout' : outcomeOf(error));
      throw failure;
    }
  }

  /** While half-open, every result except an answer counts as an outage: a cancelled request proves nothing. */
  #isOutage(error: unknown): boolean {
    if (error instanceof RemoteFailure) return error.outage;
    return this.#breaker.state === CircuitState.HalfOpen;
  }

  #refusal(): RemoteFailure {
    return new RemoteFailure('worker-unavailable', this.trouble ?? `${this.#where} is down`, {
      repeatable: false,
      outage: false,
      status: null,
    });
  }
}

function outcomeOf(error: unknown): string {
  if (!(error instanceof RemoteFailure)) return 'failed';
  if (error.status === null) return 'connection';
  return error.status === 200 ? 'answer' : String(error.status);
}

function stateName(state: CircuitState): BreakerState {
  if (state === CircuitState.Closed) return 'closed';
  return state === CircuitState.HalfOpen ? 'half-open' : 'open';
}
