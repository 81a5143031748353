import { mkdtempSync, rmSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { nicenessMax } from '../../src/io/niceness.ts';
import { IndexProcess } from '../../src/services/index-process.ts';
import { projectRoot } from '../support/library.ts';

test.each([
  [{}, 15],
  [{ INDEX_NICENESS: '4' }, 4],
  [{ INDEX_NICENESS: '0' }, 0],
])('gives way to other programs as far as %j says', async (environment, added) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-index-process-'));
  const config = readConfig({ INDEX_DIR: folder, LOG_LEVEL: 'silent', ...environment }, projectRoot);
  const running = new IndexProcess(
    { kind: 'counts' },
    { root: projectRoot, environment: process.env, config },
    () => {},
  );
  expect(getPriority(running.pid)).toBe(Math.min(getPriority() + added, nicenessMax));
  await running.stop();
  rmSync(folder, { recursive: true });
});
