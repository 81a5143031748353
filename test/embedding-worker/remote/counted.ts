/** Counts the events of a request guard; limits for tests that allow for a slow machine. */
import type { GuardEvents, GuardLimits } from '../../../embedding-worker/engines/remote/guard.ts';

export const testLimits: GuardLimits = {
  attemptMs: 120_000,
  patienceMs: 120_000,
  coldAttemptMs: 120_000,
  coldPatienceMs: 120_000,
  coldAfterMs: 600_000,
  pauseMs: 1,
  pauseMaxMs: 5,
  failuresMax: 2,
  openMs: 60_000,
};

/** One attempt a request. */
export const impatient: Partial<GuardLimits> = { pauseMs: 600_000 };

export function counted() {
  const outcomes: string[] = [];
  const states: string[] = [];
  const count = { retries: 0 };
  const events: GuardEvents = {
    onAttempt: (outcome) => void outcomes.push(outcome),
    onRetry: () => {
      count.retries++;
    },
    onBreaker: (state) => void states.push(state),
  };
  return { outcomes, states, count, events };
}
