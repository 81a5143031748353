/** Buckets per route and channel, and a discord.js bot that obeys them. */
import { Events, type TextChannel } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { type LocalDiscord, startLocalDiscord, usualRateLimits } from '../local-discord.ts';
import { startTestBot } from './bot.ts';

const small = {
  ...usualRateLimits,
  routes: { 'POST /channels/:channel/messages': { limit: 2, windowMs: 400 } },
};

async function post(discord: LocalDiscord, channelId: string) {
  const response = await fetch(`${discord.apiUrl}/v10/channels/${channelId}/messages`, {
    method: 'POST',
    headers: { authorization: `Bot ${discord.token}`, 'content-type': 'application/json' },
    body: '{"content": "x"}',
  });
  const header = (name: string) => response.headers.get(name);
  return { status: response.status, header, body: (await response.json()) as Record<string, unknown> };
}

/** The statuses of the bot's calls. */
const statuses = (discord: LocalDiscord) => new Set(discord.log.map(({ status }) => status));

describe('a bucket', () => {
  test('counts down in the headers, refuses when empty, and resets with time', async () => {
    await using discord = await startLocalDiscord({ rateLimits: small });
    const first = await post(discord, discord.defaultChannelId);
    expect([first.header('x-ratelimit-limit'), first.header('x-ratelimit-remaining')]).toEqual(['2', '1']);
    expect(Number(first.header('x-ratelimit-reset-after'))).toBeLessThanOrEqual(0.4);
    expect(Number(first.header('x-ratelimit-reset'))).toBeGreaterThan(Date.now() / 1000 - 1);
    expect((await post(discord, discord.defaultChannelId)).header('x-ratelimit-remaining')).toBe('0');
    const refused = await post(discord, discord.defaultChannelId);
    expect(refused.status).toBe(429);
    expect(refused.header('x-ratelimit-scope')).toBe('user');
    expect(refused.header('x-ratelimit-global')).toBeNull();
    const waitSec = Number(refused.header('retry-after'));
    expect(refused.body).toEqual({
      message: 'You are being rate limited.',
      code: 0,
      retry_after: waitSec,
      global: false,
    });
    expect(waitSec).toBeGreaterThan(0);
    discord.advance(400);
    expect((await post(discord, discord.defaultChannelId)).status).toBe(200);
  });

  test('belongs to one channel, and has one name per route', async () => {
    await using discord = await startLocalDiscord({ rateLimits: small });
    const other = discord.addChannel(discord.defaultGuildId, { name: 'other' });
    await post(discord, discord.defaultChannelId);
    await post(discord, discord.defaultChannelId);
    const [here, there] = [await post(discord, discord.defaultChannelId), await post(discord, other)];
    expect([here.status, there.status]).toEqual([429, 200]);
    expect(there.header('x-ratelimit-bucket')).toBe(here.header('x-ratelimit-bucket'));
  });

  test('of all calls is marked as global', async () => {
    const rateLimits = { ...small, routes: {}, global: { limit: 3, windowMs: 60_000 } };
    await using discord = await startLocalDiscord({ rateLimits });
    for (let n = 0; n < 3; n += 1) await post(discord, discord.defaultChannelId);
    const refused = await post(discord, discord.defaultChannelId);
    expect([refused.status, refused.header('x-ratelimit-scope')]).toEqual([429, 'global']);
    expect(refused.header('x-ratelimit-global')).toBe('true');
    expect(refused.body.global).toBe(true);
  });

  test('can be disabled', async () => {
    await using discord = await startLocalDiscord({ rateLimits: null });
    for (let n = 0; n < 12; n += 1) expect((await post(discord, discord.defaultChannelId)).status).toBe(200);
  });

  test('also sends its headers with refusals', async () => {
    await using discord = await startLocalDiscord();
    const response = await fetch(`${discord.apiUrl}/v10/users/@me`);
    expect(response.status).toBe(401);
    expect(response.headers.get('x-ratelimit-bucket')).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('a bot by discord.js', () => {
  test('waits for its bucket and gets no 429', async () => {
    await using bot = await startTestBot({ rateLimits: small });
    const { discord, client, ada } = bot;
    const channel = (await client.channels.fetch(discord.defaultChannelId)) as TextChannel;
    const startedMs = performance.now();
    await Promise.all(Array.from({ length: 7 }, (_, n) => channel.send(`${n}`)));
    expect(performance.now() - startedMs).toBeGreaterThan(3 * 350);
    expect(ada.messages()).toHaveLength(7);
    expect(statuses(discord).has(429)).toBe(false);
  });

  test('waits with edits of a reply, but not with answers to interactions', async () => {
    const routes = { 'PATCH /webhooks/:application/:token/messages/:message': { limit: 2, windowMs: 400 } };
    await using bot = await startTestBot({ rateLimits: { ...small, routes } });
    const { discord, ada } = bot;
    await bot.onCommand({ name: 'ask' }, async (interaction) => {
      await interaction.deferReply();
      for (let n = 1; n <= 5; n += 1) await interaction.editReply(`${n}`);
    });
    const asked = await Promise.all([ada.slash('ask'), ada.slash('ask')]);
    for (const interaction of asked) await interaction.until(({ content }) => content === '5');
    expect(bot.errors).toEqual([]);
    expect(statuses(discord).has(429)).toBe(false);
  });

  test('keeps to the global limit of 50 calls a second', async () => {
    await using bot = await startTestBot();
    const { discord, client } = bot;
    const ids = Array.from({ length: 70 }, (_, n) => discord.addChannel(discord.defaultGuildId, { name: `c${n}` }));
    await Promise.all(ids.map((id) => client.rest.post(`/channels/${id}/messages`, { body: { content: 'x' } })));
    expect(discord.log.filter(({ path }) => path.endsWith('/messages'))).toHaveLength(70);
    expect(statuses(discord).has(429)).toBe(false);
  });

  test('waits after a 429 that another process of the same bot caused', async () => {
    await using bot = await startTestBot({ rateLimits: small });
    const { discord, client } = bot;
    await post(discord, discord.defaultChannelId);
    await post(discord, discord.defaultChannelId);
    const limited = new Promise((resolve) => client.rest.once('rateLimited', resolve));
    const channel = (await client.channels.fetch(discord.defaultChannelId)) as TextChannel;
    await channel.send('late');
    await limited;
    expect(discord.messages(discord.defaultChannelId).at(-1)?.content).toBe('late');
    expect(client.listenerCount(Events.Error)).toBe(1);
  });
});
