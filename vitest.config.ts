import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real ffmpeg, FAISS, ONNX and child processes: two files at a time is what two cores carry.
    pool: 'forks',
    maxWorkers: 2,
    // They are killed and timed on a machine that others use too: who fails once is run once more, and the report says so.
    retry: 1,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
