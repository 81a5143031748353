import { Client, Events, GatewayIntentBits, type Message } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { startLocalDiscord } from '../local-discord.ts';
import { startTestBot } from './bot.ts';

const intents = [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages];

/** The events that the bot receives after its connection broke, in order. */
async function toldAfter(breakIt: (bot: Awaited<ReturnType<typeof startTestBot>>) => Promise<unknown>) {
  await using bot = await startTestBot({}, { intents });
  const told: string[] = [];
  bot.client.on(Events.MessageCreate, ({ id }: Message) => told.push(id));
  bot.client.on(Events.ShardResume, (_, replayed) => told.push(`resumed ${replayed}`));
  bot.client.on(Events.ShardReady, () => told.push('ready'));
  const before = await bot.ada.post(bot.discord.defaultChannelId, 'before');
  await expect.poll(() => told).toEqual([before.id]);
  told.length = 0;
  return { told: await breakIt(bot).then(() => told), bot };
}

describe('after a cut', () => {
  test('a session is resumed and missed events are replayed', async () => {
    let missed = '';
    await toldAfter(async ({ discord, ada, client }) => {
      const resumed = new Promise((resolve) => client.once(Events.ShardResume, (_, replayed) => resolve(replayed)));
      const told: string[] = [];
      client.on(Events.MessageCreate, ({ id }) => told.push(id));
      discord.cutGateway();
      expect(discord.botOnline).toBe(false);
      missed = (await ada.post(discord.defaultChannelId, 'while you were away')).id;
      expect(await resumed).toBeGreaterThanOrEqual(1);
      expect(told).toEqual([missed]);
      expect(discord.botOnline).toBe(true);
    });
  });

  test('a lost session is replaced by a new one, without the missed events', async () => {
    const { told } = await toldAfter(async ({ discord, ada, client }) => {
      const ready = new Promise((resolve) => client.once(Events.ShardReady, resolve));
      discord.cutGateway({ resumable: false });
      await ada.post(discord.defaultChannelId, 'while you were away');
      await ready;
    });
    expect(told).toEqual(['ready']);
  });

  test('a missed interaction is replayed too', async () => {
    await using bot = await startTestBot();
    await bot.onCommand({ name: 'echo' }, (interaction) => interaction.reply('back'));
    bot.discord.cutGateway();
    const interaction = await bot.ada.slash('echo');
    await interaction.until(({ content }) => content === 'back');
  });
});

test('a bot that is asked to reconnect resumes', async () => {
  await using bot = await startTestBot();
  const resumed = new Promise((resolve) => bot.client.once(Events.ShardResume, resolve));
  bot.discord.askToReconnect();
  await resumed;
});

test('a wrong token is refused at login', async () => {
  await using discord = await startLocalDiscord();
  const client = new Client({ intents: [], rest: { api: discord.apiUrl } });
  await expect(client.login('wrong')).rejects.toThrow(/token/i);
  expect(discord.botOnline).toBe(false);
});

test('any token is accepted with acceptAnyToken', async () => {
  await using bot = await startTestBot({ acceptAnyToken: true, token: 'this one' });
  expect(bot.discord.botOnline).toBe(true);
});

test('a privileged intent that is not enabled closes with 4014', async () => {
  await using discord = await startLocalDiscord();
  const client = new Client({ intents: [GatewayIntentBits.MessageContent], rest: { api: discord.apiUrl } });
  await expect(client.login(discord.token)).rejects.toThrow('disallowed intents');
  await client.destroy();
});

test('a revoked token closes with 4004, and REST answers 401', async () => {
  await using bot = await startTestBot();
  const disconnected = new Promise<number>((resolve) =>
    bot.client.once(Events.ShardDisconnect, ({ code }) => resolve(code)),
  );
  bot.discord.revokeToken();
  expect(await disconnected).toBe(4004);
  await expect(bot.client.rest.get('/users/@me')).rejects.toMatchObject({ status: 401 });
});

test('a session is resumed after close code 4000', async () => {
  await using bot = await startTestBot();
  const resumed = new Promise((resolve) => bot.client.once(Events.ShardResume, resolve));
  bot.discord.closeGateway(4000);
  await resumed;
});

test('a bot without the intent Guild Messages receives none', async () => {
  await using bot = await startTestBot();
  let told = 0;
  bot.client.on(Events.MessageCreate, () => {
    told += 1;
  });
  await bot.onCommand({ name: 'echo' }, (interaction) => interaction.reply('ok'));
  await bot.ada.post(bot.discord.defaultChannelId, 'Hello');
  await (await bot.ada.slash('echo')).until(({ content }) => content === 'ok');
  expect(told).toBe(0);
});

test('each shard sees its own servers', async () => {
  await using discord = await startLocalDiscord({ shards: 2 });
  for (let n = 0; n < 8; n += 1) discord.addGuild({ name: `Server ${n}` });
  const client = new Client({ intents: [GatewayIntentBits.Guilds], shards: 'auto', rest: { api: discord.apiUrl } });
  const ready = new Promise((resolve) => client.once(Events.ClientReady, resolve));
  await client.login(discord.token);
  await ready;
  const shards = client.guilds.cache.map(({ id, shardId }) => [Number((BigInt(id) >> 22n) % 2n), shardId]);
  await client.destroy();
  expect(shards).toHaveLength(9);
  expect(shards.every(([expected, actual]) => expected === actual)).toBe(true);
});
