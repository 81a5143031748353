/** Test files share their process (`isolate: false`): none gets the clock, mocks or variables of the one before. */
import { afterAll, vi } from 'vitest';

afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});
