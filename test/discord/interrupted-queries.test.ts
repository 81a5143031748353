import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { BotContext } from '../../src/discord/bot-context.ts';
import { reportInterruptedQueries } from '../../src/discord/interrupted-queries.ts';
import { textsOf } from '../../src/discord/texts/texts.ts';
import { openCatalog } from '../catalog/helpers.ts';

test('notifies the user of an interrupted query privately, also when the reply was deleted', async () => {
  const catalog = openCatalog();
  catalog.pendingQueries.begin({ interactionId: '1', shard: 0, applicationId: '2', token: 'secret', locale: 'de' });
  const told: unknown[] = [];
  const rest = {
    delete: async () => {
      throw new Error('Unknown Message');
    },
    post: async (_route: string, { body }: { readonly body: unknown }) => void told.push(body),
  };
  const bot = { catalog, client: { rest }, log: pino({ level: 'silent' }), texts: textsOf };
  expect(await reportInterruptedQueries(bot as unknown as BotContext, 0)).toBe(1);
  expect(told).toMatchObject([{ flags: 64, content: expect.stringContaining('neu gestartet') }]);
  expect(catalog.pendingQueries.of(0, 1)).toEqual([]);
});
