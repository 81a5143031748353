import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BotLink } from '../../src/answering/bot-link.ts';
import { botSocketOf } from '../../src/answering/bot-link-wire.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-bot-link-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a bot that has just started is found at once, and asked once for all callers of some seconds', async () => {
  const link = new BotLink(folder);
  expect(await Promise.all([link.status(), link.status()])).toEqual([null, null]);
  const status = { shareServers: [{ id: '1', name: 'one' }], homeServers: [] };
  let requests = 0;
  const bot = createServer((_, response) => {
    requests++;
    response.end(JSON.stringify(status));
  });
  await new Promise<void>((resolve) => bot.listen(botSocketOf(folder) ?? '', resolve));
  expect(await Promise.all([link.status(), link.status()])).toEqual([status, status]);
  expect(requests).toBe(1);
  await link.close();
  bot.closeAllConnections();
  await new Promise((resolve) => bot.close(resolve));
});
