/** A limit of wall time on one piece of work. Its timer ends with the work.
 *
 *  AbortSignal.timeout is for work that is short or seldom: it stays in memory until its time is over, with every signal that was made
 *  of it. A query makes several of ten minutes or more.
 */
export interface TimeLimit extends Disposable {
  /** Aborts when the time is over (TimeoutError), or with the first of the callers' signals. */
  readonly signal: AbortSignal;
  /** Whether the time was over first. */
  readonly isOver: boolean;
}

/** @param ms of wall time; does not keep the program running */
export function timeLimit(ms: number, ...callers: readonly AbortSignal[]): TimeLimit {
  const late = new AbortController();
  // Without a listener, AbortSignal.any takes its reason from the first aborted signal in this order, whichever aborted first.
  const signal = AbortSignal.any([late.signal, ...callers]);
  const end = (): void => {
    if (!callers.some(({ aborted }) => aborted)) late.abort(new DOMException('The time is over', 'TimeoutError'));
  };
  const timer = setTimeout(end, ms).unref();
  return {
    signal,
    get isOver() {
      return late.signal.aborted;
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
