import { expect, onTestFinished, test, vi } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { libraryEraseUser } from '../../src/cli/erase-user-command.ts';
import { readConfig } from '../../src/config/config.ts';
import { makeBotLog } from '../../src/discord/log.ts';
import { tempFolder } from '../catalog/helpers.ts';
import { projectRoot } from '../support/library.ts';

async function setUp() {
  const config = readConfig({ INDEX_DIR: tempFolder(), LOG_LEVEL: 'silent' }, projectRoot);
  const log = makeBotLog('silent', { write: () => {} });
  const app = await buildApp(config, { root: projectRoot, environment: process.env, log });
  onTestFinished(() => app.close());
  const printed: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  onTestFinished(() => write.mockRestore());
  return { app, printed };
}

test("deletes one user's data and reports the counts", async () => {
  const { app, printed } = await setUp();
  const { feedback, people } = app.catalog;
  const where = { contentSha256: 'x', spaceId: 's', answerId: 'A', rank: 1, generation: 'g', vote: 1 } as const;
  for (const userId of ['17', '18']) feedback.put({ ...where, trackId: 1, userId });
  expect(await libraryEraseUser(app, '17')).toBe(0);
  expect(printed.join('')).toContain('Deleted 1 vote on results, and 0 votes on shared results.');
  expect([people.count('17').votes, people.count('18').votes]).toEqual([0, 1]);
});

test('refuses an invalid user id', async () => {
  const { app } = await setUp();
  await expect(libraryEraseUser(app, 'ada')).rejects.toMatchObject({ code: 'bad-request' });
});
