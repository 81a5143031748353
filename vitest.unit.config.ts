/** Tests that start no process and open no model: `npm run test:unit`, under 30 s on two cores.
 *
 *  A test file is a unit test if neither its source nor the helpers that it imports from a test folder mention a part that does.
 *  New test files are classified by the same rule.
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'vitest/config';

/** Processes, servers, browsers, models and indexes. */
const heavyParts =
  /node:child_process|node:worker_threads|node:http|fork\(|listen\(|\bfetch\(|startLocal|loadModel|loaded-model|embedding-worker\/(engines|text)\/|faiss|playwright|azurite|ffmpeg|buildApp|app\.ts'/i;
/** Without processes, but slow, and one has time limits. Together they take longer than all others. */
const slow: readonly string[] = [
  'test/audio/gate/gate.test.ts',
  'test/cli/progress-lines.test.ts',
  'test/discord/replies/answer.test.ts',
  'test/exchange/hostile.test.ts',
];

const helperImport = /from '(\.{1,2}\/[^']+\.ts)'/g;

function isHeavy(file: string, seen = new Set<string>()): boolean {
  if (seen.has(file)) return false;
  seen.add(file);
  const source = readFileSync(file, 'utf8');
  if (heavyParts.test(source)) return true;
  const helpers = [...source.matchAll(helperImport)].map(([, name = '']) => path.join(path.dirname(file), name));
  return helpers
    .filter((helper) => helper.startsWith('test/') || helper.startsWith('local-discord/test/'))
    .some((helper) => isHeavy(helper, seen));
}

export default defineConfig({
  test: {
    include: globSync(['test/**/*.test.ts', 'local-discord/test/**/*.test.ts'])
      .filter((file) => !slow.includes(file) && !isHeavy(file))
      .sort(),
    setupFiles: 'test/support/clean-up.ts',
    pool: 'threads',
    isolate: false,
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
