import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** Tests that take minutes: `npm run test:slow`. */
export default defineConfig({
  test: {
    include: ['test/slow/**/*.slow.ts'],
    globalSetup: 'test/support/run-folder.ts',
    pool: 'forks',
    // Alone, each keeps one core busy.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    hookTimeout: 120_000,
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
});
