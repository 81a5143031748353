/** Failures on demand: at seeded rates, or for the next matching calls. Every fault is counted. */

/** status500, status502, status429, global429: answered so, nothing done. dropped: the connection breaks, nothing done.
 *  lost-answer: done, then the connection breaks, so that a client which repeats the call does it twice. */
export type Fault = 'status500' | 'status502' | 'status429' | 'global429' | 'dropped' | 'lost-answer';

export interface FaultRates {
  status500?: number;
  status502?: number;
  status429?: number;
  dropped?: number;
  'lost-answer'?: number;
}

interface Planned {
  readonly pattern: string | RegExp;
  readonly fault: Fault | { readonly slowMs: number };
  times: number;
}

export class Faults {
  /** Rates of API calls, each in [0, 1], with a sum of at most 1. Can be changed at any time. */
  rates: FaultRates = {};
  /** The wait that a 429 requests. */
  retryAfterMs = 250;
  readonly counts: Record<Fault | 'slow', number> = {
    status500: 0,
    status502: 0,
    status429: 0,
    global429: 0,
    dropped: 0,
    'lost-answer': 0,
    slow: 0,
  };
  #planned: Planned[] = [];
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** @param pattern found in `METHOD /path` (of the API after its version, of the CDN from the root), for example
   *  'PATCH /webhooks/' or /^POST .*\/callback/ */
  next(pattern: string | RegExp, fault: Fault, times = 1): void {
    this.#planned.push({ pattern, fault, times });
  }

  /** Delays matching calls before they are executed: all of them, or the given number. */
  slow(ms: number, pattern: string | RegExp = '', times = Number.POSITIVE_INFINITY): void {
    this.#planned.push({ pattern, fault: { slowMs: ms }, times });
  }

  /** Removes all faults; the counts stay. */
  clear(): void {
    this.rates = {};
    this.#planned = [];
  }

  /** Draws the fault for a call.
   *  @param call `METHOD /path`
   *  @param byRates whether the rates apply */
  draw(call: string, byRates: boolean): { fault: Fault | null; slowMs: number } {
    let fault: Fault | null = null;
    let slowMs = 0;
    for (const planned of this.#planned) {
      const matches = typeof planned.pattern === 'string' ? call.includes(planned.pattern) : planned.pattern.test(call);
      if (!matches || (typeof planned.fault === 'string' && fault)) continue;
      planned.times -= 1;
      if (typeof planned.fault === 'string') fault = planned.fault;
      else slowMs += planned.fault.slowMs;
    }
    this.#planned = this.#planned.filter(({ times }) => times > 0);
    if (byRates) fault ??= this.#drawByRate();
    if (fault) this.counts[fault] += 1;
    if (slowMs > 0) this.counts.slow += 1;
    return { fault, slowMs };
  }

  #drawByRate(): Fault | null {
    const entries = Object.entries(this.rates) as [Fault, number][];
    if (entries.length === 0) return null;
    let rest = this.#random();
    for (const [fault, rate] of entries) {
      rest -= rate;
      if (rest < 0) return fault;
    }
    return null;
  }

  /** Mulberry32, in [0, 1). @see https://github.com/bryc/code/blob/master/jshash/PRNGs.md */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}
