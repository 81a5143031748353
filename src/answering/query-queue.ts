/** The query queue: fair between users, with limits per user, server and bot.
 *
 *  Start-time fair queuing: each accepted query gets a round, its user's last round plus one, but never a past round. Lower
 *  rounds go first; within a round, earlier queries go first. So a user's second query comes after everybody's first, and
 *  an occasional user never waits behind a user who floods the queue.
 *  @see P. Goyal, H. Vin, H. Cheng, "Start-time Fair Queuing", 1996
 */
import { LeitmotifError } from '../errors.ts';

/** The first estimate of a query's duration. */
const firstGuessMs = 5_000;
/** The weight of the latest query: the exponential mean follows the machine's load within about ten queries. */
const estimateWeight = 0.1;
/** Bounds of the estimated wait. */
const [waitMinMs, waitMaxMs] = [1_000, 600_000];

export interface QueryLimits {
  readonly atOnce: number;
  readonly waitingMax: number;
  readonly waitingMaxServer: number;
  readonly waitingMaxPerson: number;
  /** Between two accepted queries of one user. */
  readonly cooldownMs: number;
}

export interface Requester {
  readonly personId: string;
  /** null in direct messages, which belong to no server. */
  readonly serverId: string | null;
}

export interface EnterOptions {
  /** Called when the query must wait, and whenever its place changes. Place 1 is next. */
  readonly onPlace: (place: number) => void;
  /** Called once, when the queue takes the query, before it has a place or its turn. */
  readonly onAccepted?: () => void;
  readonly signal: AbortSignal;
}

interface Waiting extends Requester {
  readonly round: number;
  readonly onPlace: (place: number) => void;
  readonly start: (turn: Disposable) => void;
  readonly fail: (reason: unknown) => void;
  place: number;
}

interface Person {
  readonly lastRound: number;
  readonly acceptedAtMs: number;
  isRunning: boolean;
}

export class QueryQueue {
  readonly #limits: QueryLimits;
  readonly #nowMs: () => number;
  readonly #people = new Map<string, Person>();
  /** In the order of their turns, next first. */
  readonly #waiting: Waiting[] = [];
  readonly #usual = new DurationEstimate();
  #running = 0;
  #round = 0;
  #closedFor: Error | null = null;

  /** @param nowMs milliseconds since 1970, as `retryAtMs` counts them */
  constructor(limits: QueryLimits, nowMs: () => number = Date.now) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  get counts(): { readonly running: number; readonly waiting: number } {
    return { running: this.#running, waiting: this.#waiting.length };
  }

  /** The estimated wait in milliseconds at this place, from 1. */
  untilTurnMs(place: number): number {
    return this.#usual.untilTurnMs(place, this.#limits.atOnce);
  }

  /** Resolves at this query's turn, which lasts until it is disposed.
   *  @throws {LeitmotifError} busy-person, busy-server, busy-bot (facts retryAtMs, an estimate, and waitingMax),
   *    cooling-down (facts retryAtMs); the signal's reason; the reason of `close` */
  async enter(asker: Requester, { onPlace, onAccepted, signal }: EnterOptions): Promise<Disposable> {
    if (this.#closedFor !== null) throw this.#closedFor;
    signal.throwIfAborted();
    this.assertWelcome(asker);
    const round = this.#accept(asker.personId);
    onAccepted?.();
    const turn = Promise.withResolvers<Disposable>();
    const entry: Waiting = { ...asker, round, onPlace, start: turn.resolve, fail: turn.reject, place: 0 };
    const nextRound = this.#waiting.findIndex((other) => other.round > round);
    this.#waiting.splice(nextRound === -1 ? this.#waiting.length : nextRound, 0, entry);
    const giveUp = () => {
      this.#remove(entry);
      turn.reject(signal.reason);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    this.#advance();
    try {
      return await turn.promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** Refuses new and waiting queries. Running queries continue. */
  close(reason: Error): void {
    this.#closedFor = reason;
    for (const entry of this.#waiting.splice(0)) entry.fail(reason);
  }

  /** Whether a query would be accepted now; a caller checks before it reads a large upload.
   *  @throws {LeitmotifError} as `enter` */
  assertWelcome({ personId, serverId }: Requester): void {
    const { atOnce, waitingMax, waitingMaxServer, waitingMaxPerson, cooldownMs } = this.#limits;
    const person = this.#people.get(personId);
    const waitingOfUser = this.#waiting.filter((each) => each.personId === personId);
    if (waitingOfUser.length >= waitingMaxPerson) throw this.#busy('busy-person', waitingMaxPerson, waitingOfUser[0]);
    const retryAtMs = (person?.acceptedAtMs ?? Number.NEGATIVE_INFINITY) + cooldownMs;
    if (retryAtMs > this.#nowMs()) {
      throw new LeitmotifError('cooling-down', 'Cannot take another query yet', { facts: { retryAtMs } });
    }
    if (this.#running < atOnce && !person?.isRunning) return;
    const ofServer = this.#waiting.filter((each) => serverId !== null && each.serverId === serverId);
    if (serverId !== null && ofServer.length >= waitingMaxServer) {
      throw this.#busy('busy-server', waitingMaxServer, ofServer[0]);
    }
    if (this.#waiting.length >= waitingMax) throw this.#busy('busy-bot', waitingMax, this.#waiting[0]);
  }

  /** @param first the query whose turn makes room; undefined when no query may wait at all */
  #busy(code: 'busy-person' | 'busy-server' | 'busy-bot', waitingMax: number, first: Waiting | undefined) {
    const retryAtMs = this.#nowMs() + this.untilTurnMs(first?.place ?? 1);
    return new LeitmotifError(code, `Cannot take another query: ${waitingMax} are waiting already`, {
      facts: { retryAtMs: Math.round(retryAtMs), waitingMax },
    });
  }

  /** @returns the round of this user's new query */
  #accept(personId: string): number {
    this.#forgetOthers();
    const known = this.#people.get(personId);
    const round = Math.max(this.#round, (known?.lastRound ?? Number.NEGATIVE_INFINITY) + 1);
    const isRunning = known?.isRunning ?? false;
    this.#people.set(personId, { lastRound: round, acceptedAtMs: this.#nowMs(), isRunning });
    return round;
  }

  /** Deletes users who neither run nor cool down, and whose next round would be the same as a new user's. Users who wait are
   *  kept, since their round is the current one or later. */
  #forgetOthers(): void {
    for (const [id, { isRunning, lastRound, acceptedAtMs }] of this.#people) {
      const isCooling = acceptedAtMs + this.#limits.cooldownMs > this.#nowMs();
      if (!isRunning && !isCooling && lastRound < this.#round) this.#people.delete(id);
    }
  }

  #advance(): void {
    while (this.#running < this.#limits.atOnce) {
      const next = this.#waiting.find(({ personId }) => !this.#people.get(personId)?.isRunning);
      if (!next) break;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.#round = Math.max(this.#round, next.round);
      next.start(this.#beginTurn(next.personId));
    }
    for (const [index, entry] of this.#waiting.entries()) {
      const place = index + 1;
      if (entry.place === place) continue;
      entry.place = place;
      entry.onPlace(place);
    }
  }

  #beginTurn(personId: string): Disposable {
    this.#running++;
    this.#setRunning(personId, true);
    const startedAtMs = this.#nowMs();
    let isOver = false;
    return {
      [Symbol.dispose]: () => {
        if (isOver) return;
        isOver = true;
        this.#running--;
        this.#setRunning(personId, false);
        this.#usual.learn(this.#nowMs() - startedAtMs);
        this.#advance();
      },
    };
  }

  #setRunning(personId: string, isRunning: boolean): void {
    const person = this.#people.get(personId);
    if (person) person.isRunning = isRunning;
  }

  #remove(entry: Waiting): void {
    const index = this.#waiting.indexOf(entry);
    if (index === -1) return;
    this.#waiting.splice(index, 1);
    this.#advance();
  }
}

/** Estimates how long a query runs, from those that ended, for "try again at". Its only state is the estimate. */
class DurationEstimate {
  #usualMs = firstGuessMs;

  learn(durationMs: number): void {
    this.#usualMs += (durationMs - this.#usualMs) * estimateWeight;
  }

  /** @param place in the queue, from 1
   *  @returns milliseconds until its turn, when `atOnce` queries run in parallel */
  untilTurnMs(place: number, atOnce: number): number {
    return Math.min(waitMaxMs, Math.max(waitMinMs, (this.#usualMs * place) / atOnce));
  }
}
