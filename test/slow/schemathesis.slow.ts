/** schemathesis (PyPI) against the served description: generated requests, valid and not, with a fixed seed and a bounded run.
 *  Its Python environment is made in .cache/ on the first run; without Python the test is skipped and says why. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { makeLibrary, projectRoot } from '../support/library.ts';
import { makeWeb } from '../web/running-web.ts';

const run = promisify(execFile);
const environment = path.join(projectRoot, '.cache/schemathesis-python');
const program = path.join(environment, 'bin/schemathesis');
const version = '4.32.5';
const seed = '20261129';
const examplesMax = '25';
const runMaxMs = 20 * 60_000;

/** @returns why it cannot be run; null when it is there */
async function whyMissing(): Promise<string | null> {
  if (existsSync(program)) return null;
  try {
    await run(process.env.PYTHON ?? 'python3', ['-m', 'venv', environment]);
    await run(path.join(environment, 'bin/pip'), ['install', '-q', `schemathesis==${version}`]);
    return null;
  } catch (error) {
    return `schemathesis cannot be installed: ${(error as Error).message.split('\n')[0]}`;
  }
}

test('the API does what its description says, for generated requests', { timeout: runMaxMs }, async ({ skip }) => {
  const why = await whyMissing();
  if (why !== null) skip(why);
  await using library = await makeLibrary();
  await using web = await makeWeb(library, { QUERIES_WAITING_MAX: '3' });
  const args = [
    ...['run', `${web.url}/api/openapi.json`, '--seed', seed, '--max-examples', examplesMax],
    ...['--workers', '1', '--generation-database', 'none', '--request-timeout', '60', '--no-color'],
    // Events do not end before their query does; a test of its own reads them.
    ...['--exclude-path-regex', '/events$'],
    // No schema says which cursors, links and times are good; the API may refuse what its schema allows.
    // DELETE cancels: what was cancelled can still be looked at.
    ...['--exclude-checks', 'positive_data_acceptance,use_after_free'],
  ];
  const { stdout } = await run(program, args, { cwd: library.folder, maxBuffer: 64e6 }).catch((error: unknown) => {
    throw new Error(`schemathesis found failures:\n${(error as { stdout?: string }).stdout?.slice(0, 30_000)}`);
  });
  expect(stdout).toMatch(/Test cases:|No issues found/i);
});
