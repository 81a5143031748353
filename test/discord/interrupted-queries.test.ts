import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
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

describe('a query whose reply is still there after the crash', () => {
  const messages: [what: string, customId: string, told: number][] = [
    ['keeps an answer that was sent just before, and tells nobody', 'lm1:listen:abc', 0],
    ['replaces progress by the notice', 'lm1:cancel:1', 1],
  ];
  test.each(messages)('%s', async (_, customId, told) => {
    const catalog = openCatalog();
    catalog.pendingQueries.begin({ interactionId: '1', shard: 1, applicationId: '2', token: 'secret', locale: 'de' });
    const calls: string[] = [];
    const rest = {
      get: async () => ({ embeds: [], components: [{ type: 1, components: [{ type: 2, custom_id: customId }] }] }),
      delete: async () => void calls.push('delete'),
      post: async () => void calls.push('post'),
    };
    const bot = { catalog, client: { rest, shard: { count: 2 } }, log: pino({ level: 'silent' }), texts: textsOf };
    expect(await reportInterruptedQueries(bot as unknown as BotContext, 1)).toBe(told);
    expect(calls).toEqual(told === 0 ? [] : ['delete', 'post']);
    expect(catalog.pendingQueries.of(1, 2)).toEqual([]);
  });
});
