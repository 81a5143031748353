import { GatewayIntentBits, PermissionFlagsBits, REST, type TextChannel } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { startTestBot } from './bot.ts';

const P = PermissionFlagsBits;

async function withChannel(...options: Parameters<typeof startTestBot>) {
  const bot = await startTestBot(...options);
  const channel = (await bot.client.channels.fetch(bot.discord.defaultChannelId)) as TextChannel;
  return { ...bot, bot, channel, [Symbol.asyncDispose]: () => bot[Symbol.asyncDispose]() };
}

describe('a post of the bot', () => {
  test('is in the channel, and can be edited and deleted', async () => {
    await using given = await withChannel();
    const { channel, discord, ada } = given;
    const message = await channel.send({ content: 'one', files: [{ attachment: Buffer.from('x'), name: 'x.txt' }] });
    await message.edit('two');
    expect(ada.messages()).toMatchObject([{ content: 'two', attachments: [{ filename: 'x.txt' }] }]);
    expect(ada.messages()[0]?.edited_timestamp).not.toBeNull();
    await message.delete();
    expect(discord.messages(discord.defaultChannelId)).toEqual([]);
  });

  test('edited twice at once keeps what each edit set', async () => {
    await using given = await withChannel();
    const { channel, client, ada } = given;
    const { id } = await channel.send('one');
    const path = `/channels/${channel.id}/messages/${id}` as const;
    const other = new REST({ api: given.discord.apiUrl }).setToken(given.discord.token);
    const files = [{ name: 'x.txt', data: Buffer.from('x') }];
    await Promise.all([client.rest.patch(path, { files, body: {} }), other.patch(path, { body: { content: 'two' } })]);
    expect(ada.messages()).toMatchObject([{ content: 'two', attachments: [{ filename: 'x.txt' }] }]);
  });

  test('with an equal nonce is one message, also when both calls come at once', async () => {
    await using given = await withChannel();
    const { channel, ada } = given;
    const post = () => channel.send({ content: 'once', nonce: 'n1', enforceNonce: true });
    const [a, b] = await Promise.all([post(), post()]);
    expect(b.id).toBe(a.id);
    await channel.send({ content: 'other', nonce: 'n2', enforceNonce: true });
    expect(ada.messages().map(({ content }) => content)).toEqual(['once', 'other']);
  });

  test.each([
    ['View Channel', P.ViewChannel, { content: 'x' }, 50001],
    ['Send Messages', P.SendMessages, { content: 'x' }, 50013],
    ['Attach Files', P.AttachFiles, { files: [{ attachment: Buffer.from('x'), name: 'x.txt' }] }, 50013],
    ['Embed Links', P.EmbedLinks, { embeds: [{ title: 'x' }] }, 50013],
  ])('needs %s', async (_, bit, payload, code) => {
    await using given = await withChannel();
    const { channel, discord } = given;
    discord.setPermissions(channel.id, 'bot', { deny: bit });
    await expect(channel.send(payload)).rejects.toMatchObject({ code, status: 403 });
    discord.setPermissions(channel.id, 'bot', {});
    await channel.send(payload);
  });

  test('replies to an existing message', async () => {
    await using given = await withChannel();
    const { channel, ada } = given;
    const asked = await ada.post(channel.id, 'Question');
    const answer = await channel.send({ content: 'Answer', reply: { messageReference: asked.id } });
    expect(ada.messages().at(-1)).toMatchObject({ id: answer.id, referenced_message: { content: 'Question' } });
    const nowhere = { content: 'x', reply: { messageReference: '111111111111111111' } };
    await expect(channel.send(nowhere)).rejects.toMatchObject({ code: 50035 });
    const wherever = { ...nowhere, reply: { ...nowhere.reply, failIfNotExists: false } };
    expect((await channel.send(wherever)).reference).toBeNull();
  });

  test('is refused above 25 MiB in total, even if each file is small', async () => {
    await using given = await withChannel({ attachmentSizeLimitBytes: 20 * 1024 * 1024 });
    const file = (name: string) => ({ attachment: Buffer.alloc(13 * 1024 * 1024), name });
    const files = [file('a.wav'), file('b.wav')];
    await expect(given.channel.send({ files })).rejects.toMatchObject({ code: 40005, status: 413 });
    await given.channel.send({ files: files.slice(1) });
  });

  test('older than an hour accepts only a few edits', async () => {
    await using given = await withChannel();
    const { channel, discord } = given;
    const { url } = await channel.send('old');
    discord.advance(3_600_000);
    const path = url.replace(/.*channels\/\d+\/(\d+)\/(\d+)/, '/channels/$1/messages/$2');
    // Not with discord.js, which would wait.
    const edit = () =>
      fetch(`${discord.apiUrl}/v10${path}`, {
        method: 'PATCH',
        headers: { authorization: `Bot ${discord.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ content: 'new' }),
      });
    for (let n = 0; n < 3; n += 1) expect((await edit()).status).toBe(200);
    const refused = await edit();
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ code: 30046 });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3000);
    discord.advance(3_600_000);
    expect((await edit()).status).toBe(200);
  });
});

describe('other users’ messages', () => {
  const post = async (given: Awaited<ReturnType<typeof withChannel>>) =>
    given.ada.post(given.channel.id, 'Words', [{ name: 'song.mp3', data: Buffer.from('mp3') }]);

  test('are empty for a bot without the Message Content intent', async () => {
    await using given = await withChannel({}, { intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages] });
    const seen = new Promise<string>((resolve) =>
      given.client.once('messageCreate', ({ content }) => resolve(content)),
    );
    const { id } = await post(given);
    expect(await seen).toBe('');
    const message = await given.channel.messages.fetch({ message: id, force: true });
    expect(message.content).toBe('');
    expect(message.attachments.size).toBe(0);
    expect(message.author.username).toBe('Ada');
  });

  test('are whole for a bot that has it', async () => {
    const { Guilds, GuildMessages, MessageContent } = GatewayIntentBits;
    const intents = [Guilds, GuildMessages, MessageContent];
    await using given = await withChannel({ privilegedIntents: MessageContent }, { intents });
    const seen = new Promise<string>((resolve) =>
      given.client.once('messageCreate', ({ content }) => resolve(content)),
    );
    const { id } = await post(given);
    expect(await seen).toBe('Words');
    expect((await given.channel.messages.fetch(id)).attachments.first()?.name).toBe('song.mp3');
  });

  test('are whole if they mention the bot', async () => {
    await using given = await withChannel();
    const { id } = await given.ada.post(given.channel.id, `<@${given.discord.botUserId}> hear this`);
    expect((await given.channel.messages.fetch(id)).content).toContain('hear this');
  });

  test('cannot be edited, nor deleted without Manage Messages', async () => {
    await using given = await withChannel();
    const { id } = await post(given);
    const { rest } = given.client;
    const path = `/channels/${given.channel.id}/messages/${id}` as const;
    await expect(rest.patch(path, { body: { content: 'x' } })).rejects.toMatchObject({ code: 50005 });
    await expect(rest.delete(path)).rejects.toMatchObject({ code: 50013 });
    given.discord.setPermissions(given.channel.id, 'bot', { allow: P.ManageMessages });
    await rest.delete(path);
    await expect(rest.get(path)).rejects.toMatchObject({ code: 10008 });
  });

  test('are listed newest first, and not at all without Read Message History', async () => {
    await using given = await withChannel();
    for (const text of ['a', 'b', 'c']) await given.channel.send(text);
    const list = async () =>
      (await given.channel.messages.fetch({ limit: 2, cache: false })).map(({ content }) => content);
    expect(await list()).toEqual(['c', 'b']);
    given.discord.setPermissions(given.channel.id, 'bot', { deny: P.ReadMessageHistory });
    expect(await list()).toEqual([]);
  });
});

describe('a person', () => {
  test('cannot do what Discord’s app refuses', async () => {
    await using given = await withChannel();
    const { ada, channel, discord } = given;
    await expect(ada.post(channel.id, ' ')).rejects.toThrow('empty');
    await expect(ada.post(channel.id, 'x'.repeat(2001))).rejects.toThrow('at most 2000');
    discord.setPermissions(channel.id, ada.id, { deny: P.SendMessages });
    await expect(ada.post(channel.id, 'x')).rejects.toThrow('may not write');
    discord.setPermissions(channel.id, ada.id, { deny: P.ViewChannel });
    expect(() => ada.messages()).toThrow('no such channel');
  });

  test('does not see servers without membership', async () => {
    await using given = await withChannel();
    const { discord } = given;
    const guildId = discord.addGuild({ name: 'Elsewhere' });
    const channelId = discord.addChannel(guildId, { name: 'there' });
    const eve = discord.addUser({ name: 'Eve', guildId });
    await eve.post(channelId, 'Hello');
    expect(() => eve.messages(given.channel.id)).toThrow('no such channel');
    expect(() => given.ada.messages(channelId)).toThrow('no such channel');
    await expect.poll(() => given.client.guilds.cache.size).toBe(2);
  });
});

test('a bot reads servers, members and roles', async () => {
  await using given = await withChannel();
  const guild = await given.client.guilds.fetch(given.discord.defaultGuildId);
  expect((await guild.members.fetch(given.ada.id)).displayName).toBe('Ada');
  expect(await guild.members.fetchMe()).toMatchObject({ id: given.discord.botUserId });
  expect((await guild.roles.fetch()).map(({ name }) => name)).toContain('@everyone');
  expect((await given.client.application.fetch()).owner?.id).toBeTypeOf('string');
  await expect(guild.members.fetch('111111111111111111')).rejects.toMatchObject({ code: 10007 });
});

test('a bot knows its permissions in a channel from the gateway', async () => {
  await using given = await withChannel();
  const { channel, discord, client } = given;
  const has = () => channel.permissionsFor(client.user)?.has(P.AttachFiles);
  expect(has()).toBe(true);
  discord.setPermissions(channel.id, 'bot', { deny: P.AttachFiles });
  await expect.poll(has).toBe(false);
});
