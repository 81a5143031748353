import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'local-discord/test/**/*.test.ts'],
    globalSetup: 'test/support/run-folder.ts',
    setupFiles: 'test/support/clean-up.ts',
    pool: 'forks',
    // Loading discord.js, fastify, Azure's SDK and our own modules for each file took a third of the run's processor time.
    isolate: false,
    // Real ffmpeg, FAISS, ONNX and child processes: one file more than cores, because files also wait for times and processes.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
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
