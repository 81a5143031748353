import { DiscordAPIError, HTTPError, RESTEvents, type TextChannel } from 'discord.js';
import { expect, test } from 'vitest';
import { Faults } from '../server/faults.ts';
import { startTestBot } from './bot.ts';

async function withChannel() {
  const bot = await startTestBot();
  const channel = (await bot.client.channels.fetch(bot.discord.defaultChannelId)) as TextChannel;
  const { discord, client } = bot;
  return { bot, discord, client, channel, [Symbol.asyncDispose]: () => bot[Symbol.asyncDispose]() };
}

test.each(['status500', 'status502', 'dropped'] as const)(
  '%s is repeated by discord.js, and done once',
  async (fault) => {
    await using given = await withChannel();
    given.discord.faults.next('POST /channels/', fault, 2);
    await given.channel.send({ content: 'through', files: [{ attachment: Buffer.alloc(300_000), name: 'x.txt' }] });
    expect(given.discord.faults.counts[fault]).toBe(2);
    const posts = given.discord.log.filter(({ method }) => method === 'POST').map(({ status }) => status);
    expect(posts).toEqual([...Array(2).fill(fault === 'dropped' ? 0 : Number(fault.slice(6))), 200]);
    expect(given.discord.messages(given.channel.id)).toHaveLength(1);
  },
);

test('discord.js reports a permanent fault in the end', async () => {
  await using given = await withChannel();
  given.discord.faults.next(/^POST/, 'status500', 100);
  await expect(given.channel.send('x')).rejects.toBeInstanceOf(HTTPError);
  given.discord.faults.clear();
  await given.channel.send('x');
});

test('a lost answer causes a duplicate, unless a nonce prevents it', async () => {
  await using given = await withChannel();
  given.discord.faults.next('POST /channels/', 'lost-answer');
  await given.channel.send('twice');
  given.discord.faults.next('POST /channels/', 'lost-answer');
  await given.channel.send({ content: 'once', nonce: 'n', enforceNonce: true });
  const contents = given.discord.messages(given.channel.id).map(({ content }) => content);
  expect(contents).toEqual(['twice', 'twice', 'once']);
});

test('a lost answer to an acknowledgement comes back as 40060, though it succeeded', async () => {
  await using given = await withChannel();
  await given.bot.onCommand({ name: 'echo' }, (interaction) => interaction.deferReply());
  given.discord.faults.next('/callback', 'lost-answer');
  const interaction = await given.bot.ada.slash('echo');
  await expect.poll(() => given.bot.errors).toMatchObject([{ code: 40060 }]);
  expect(given.bot.errors[0]).toBeInstanceOf(DiscordAPIError);
  await interaction.ackedAtMs;
});

test.each(['status429', 'global429'] as const)('%s is waited for', async (fault) => {
  await using given = await withChannel();
  const limited: boolean[] = [];
  given.client.rest.on(RESTEvents.RateLimited, ({ global }) => limited.push(global));
  given.discord.faults.retryAfterMs = 200;
  given.discord.faults.next('POST /channels/', fault);
  const startedMs = performance.now();
  await given.channel.send('late');
  expect(performance.now() - startedMs).toBeGreaterThan(200);
  expect(limited[0]).toBe(fault === 'global429');
});

test('a slow call is delayed', async () => {
  await using given = await withChannel();
  given.discord.faults.slow(150, 'POST /channels/', 1);
  await given.channel.send('slow');
  const [call] = given.discord.log.filter(({ method }) => method === 'POST');
  expect(call?.tookMs).toBeGreaterThan(145);
  expect(given.discord.faults.counts.slow).toBe(1);
});

test('rates hit the given share of calls, and the same ones for the same seed', () => {
  const draw = (seed: number) => {
    const faults = new Faults(seed);
    faults.rates = { status500: 0.1, status429: 0.05 };
    return Array.from({ length: 10_000 }, () => faults.draw('GET /x', true).fault);
  };
  const drawn = draw(7);
  const count = (fault: string) => drawn.filter((found) => found === fault).length;
  expect(count('status500') / 10_000).toBeCloseTo(0.1, 1);
  expect(count('status429') / 10_000).toBeCloseTo(0.05, 1);
  expect(draw(7)).toEqual(drawn);
  expect(draw(8)).not.toEqual(drawn);
});

test('a bot delivers every answer despite faults', async () => {
  await using given = await withChannel();
  await given.bot.onCommand({ name: 'echo' }, async (interaction) => {
    await interaction.deferReply();
    await interaction.editReply('done');
  });
  given.discord.faults.retryAfterMs = 20;
  given.discord.faults.rates = { status500: 0.1, status429: 0.05 };
  const people = Array.from({ length: 20 }, (_, n) => given.discord.addUser({ name: `Person ${n}` }));
  const interactions = await Promise.all(people.map((person) => person.slash('echo')));
  await Promise.all(interactions.map((interaction) => interaction.until(({ content }) => content === 'done')));
  expect(given.discord.faults.counts.status500).toBeGreaterThan(0);
  expect(given.discord.messages(given.channel.id)).toHaveLength(20);
});

test('a revoked token gets 401 over REST, and nothing is done', async () => {
  await using given = await withChannel();
  given.client.rest.setToken('wrong');
  await expect(given.client.rest.get('/users/@me')).rejects.toMatchObject({ status: 401 });
  expect(given.discord.violations).toMatchObject([{ status: 401 }]);
});
