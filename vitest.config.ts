import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real ffmpeg, FAISS, ONNX and child processes: two files at a time is what two cores carry.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // For a package that loads ONNX Runtime by itself (@huggingface/transformers).
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
});
