/** What a guard told, and limits for tests: patient with the machine, not with the clock. */
import type { GuardEvents, GuardLimits } from '../../../embedding-worker/engines/remote/guard.ts';

export const testLimits: GuardLimits = {
  attemptMs: 20_000,
  patienceMs: 20_000,
  coldAttemptMs: 20_000,
  coldPatienceMs: 20_000,
  coldAfterMs: 600_000,
  pauseMs: 1,
  pauseMaxMs: 5,
  failuresMax: 2,
  openMs: 60_000,
};

/** Gives up at once: one attempt a request. */
export const impatient: Partial<GuardLimits> = { pauseMs: 60_000 };

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
