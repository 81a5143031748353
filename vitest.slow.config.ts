import { defineConfig } from 'vitest/config';

/** Tests that take minutes: `npm run test:slow`. */
export default defineConfig({
  test: {
    include: ['test/slow/**/*.slow.ts'],
    globalSetup: 'test/support/run-folder.ts',
    pool: 'forks',
    maxWorkers: 1,
    hookTimeout: 120_000,
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
});
