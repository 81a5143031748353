import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'local-discord/test/**/*.test.ts'],
    // Real ffmpeg, FAISS, ONNX and child processes: two files at a time is what two cores carry.
    globalSetup: 'test/support/run-folder.ts',
    pool: 'forks',
    maxWorkers: 2,
    // Only a test that hangs waits so long: beside other work on the machine, a bot's start alone may take half a minute.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    // `npm run coverage`. Counts this process only, not the child processes that tests start.
    coverage: {
      provider: 'v8',
      include: [
        'src/**/*.ts',
        'commands/**/*.ts',
        'embedding-worker/**/*.ts',
        'local-discord/{*,server/**/*,page/**/*}.ts',
      ],
      reporter: ['text-summary', 'html'],
      reportsDirectory: '.cache/coverage',
    },
    // For a package that loads ONNX Runtime by itself (@huggingface/transformers).
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
});
