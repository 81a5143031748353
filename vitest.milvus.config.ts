import { defineConfig } from 'vitest/config';

/** Tests with a real Milvus: `npm run test:milvus`. One server answers for all files; the main tests of command line, bot and web
 *  API run on it as they are. */
export default defineConfig({
  test: {
    include: [
      'test/milvus/**/*.milvus.ts',
      'test/cli/cli.long.test.ts',
      'test/discord/bot/similar.long.test.ts',
      'test/web/queries.test.ts',
    ],
    globalSetup: 'test/milvus/global-setup.ts',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 700_000,
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
});
