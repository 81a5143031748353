/** Garbage in requests gets Discord's errors and breaks nothing. */
import { existsSync, globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startLocalDiscord } from '../local-discord.ts';
import { findCommandViolations } from '../server/command-rules.ts';
import { checkMessagePayload } from '../server/message-rules.ts';
import { startTestBot } from './bot.ts';

const keys = fc.constantFrom(
  'content',
  'embeds',
  'components',
  'attachments',
  'flags',
  'type',
  'data',
  'options',
  'url',
);
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, -1, 0, 1, 2, 3, 17, 1 << 15, 1e300, '', 'x', 'attachment://x', 'x'.repeat(5000)),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(keys, tie('json'), { maxKeys: 5 }),
  ),
}));
const body = fc.dictionary(keys, json, { maxKeys: 6 });

describe('garbage', () => {
  test('is validated without exceptions', () => {
    fc.assert(
      fc.property(body, (payload) => {
        expect(checkMessagePayload(payload).every((complaint) => complaint !== '')).toBe(true);
        expect(Array.isArray(findCommandViolations(payload))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('is refused by every route that takes a body', async () => {
    await using discord = await startLocalDiscord();
    const channel = `/channels/${discord.defaultChannelId}`;
    const application = `/applications/${discord.applicationId}`;
    const headers = { authorization: `Bot ${discord.token}`, 'content-type': 'application/json' };
    const routes = [
      ['POST', `${channel}/messages`],
      ['PUT', `${application}/commands`],
      ['POST', `${application}/commands`],
      ['POST', '/interactions/1/token/callback'],
      ['POST', `/webhooks/${discord.applicationId}/token`],
    ];
    const send = async (payload: unknown) => {
      for (const [method = '', route] of routes) {
        const response = await fetch(`${discord.apiUrl}/v10${route}`, {
          method,
          headers,
          body: JSON.stringify(payload),
        });
        expect({ payload, route, status: response.status }).not.toMatchObject({ status: 500 });
      }
    };
    await fc.assert(fc.asyncProperty(fc.oneof(body, json), send), { numRuns: 15 });
    for (const payload of [null, [], 1, 'x', [null], [[]]]) await send(payload);
  });

  test('is refused as the answer to an interaction', async () => {
    await using bot = await startTestBot();
    const { discord, ada } = bot;
    let wanted: { id: string; token: string } = { id: '', token: '' };
    await bot.onCommand({ name: 'try' }, async ({ id, token }) => {
      wanted = { id, token };
    });
    const answer = fc.record({ type: fc.constantFrom(4, 5, 6, 7, 8, 9, 99, null, 'x'), data: fc.oneof(body, json) });
    const send = async (first: unknown, next: unknown) => {
      const interaction = await ada.slash('try');
      await expect.poll(() => wanted.id, { interval: 1 }).toBe(interaction.id);
      const webhook = `/webhooks/${discord.applicationId}/${wanted.token}`;
      const calls = [
        ['POST', `/interactions/${wanted.id}/${wanted.token}/callback`, first],
        ['POST', webhook, next],
        ['PATCH', `${webhook}/messages/@original`, next],
      ] as const;
      for (const [method, route, payload] of calls) {
        const headers = { 'content-type': 'application/json' };
        const request = { method, headers, body: JSON.stringify(payload) };
        const { status } = await fetch(`${discord.apiUrl}/v10${route}`, request);
        expect({ first, next, method, status }).not.toMatchObject({ status: 500 });
      }
    };
    await fc.assert(fc.asyncProperty(answer, fc.oneof(body, json), send), { numRuns: 40 });
    await send({ type: 5 }, { content: 1, embeds: [null], components: {} });
    await send({ type: 5 }, { content: 'fine' });
  });

  test('that is not JSON is refused as such', async () => {
    await using discord = await startLocalDiscord();
    const headers = { authorization: `Bot ${discord.token}`, 'content-type': 'application/json' };
    const url = `${discord.apiUrl}/v10/channels/${discord.defaultChannelId}/messages`;
    const response = await fetch(url, { method: 'POST', headers, body: '{' });
    expect(await response.json()).toMatchObject({ code: 50109 });
  });
});

test('a port in use is reported, and no files stay behind', async () => {
  const folders = () => globSync(path.join(tmpdir(), 'local-discord-*'));
  const before = new Set(folders());
  const discord = await startLocalDiscord();
  const [own = ''] = folders().filter((folder) => !before.has(folder));
  await expect(startLocalDiscord({ port: Number(new URL(discord.url).port) })).rejects.toThrow('EADDRINUSE');
  await discord[Symbol.asyncDispose]();
  expect(existsSync(own)).toBe(false);
});
