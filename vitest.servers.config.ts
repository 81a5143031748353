import { defineConfig } from 'vitest/config';

/** Tests with real inference servers: `npm run test:servers`. */
export default defineConfig({
  test: {
    include: ['test/servers/**/*.servers.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 180_000,
    // The first run creates Python environments.
    hookTimeout: 1_800_000,
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
});
