/** Direct messages, threads and forwards with discord.js. */
import {
  ChannelType,
  type ChatInputCommandInteraction,
  Events,
  GatewayDispatchEvents,
  GatewayIntentBits,
  InteractionContextType,
  type Message,
  type MessageContextMenuCommandInteraction,
  MessageFlags,
  MessageReferenceType,
  PermissionFlagsBits as P,
  Partials,
  type TextChannel,
  type ThreadChannel,
} from 'discord.js';
import { describe, expect, test } from 'vitest';
import { startTestBot } from './bot.ts';

const intents = [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.DirectMessages];

async function withBot() {
  const bot = await startTestBot({}, { intents, partials: [Partials.Channel] });
  const channel = (await bot.client.channels.fetch(bot.discord.defaultChannelId)) as TextChannel;
  return { ...bot, channel, [Symbol.asyncDispose]: () => bot[Symbol.asyncDispose]() };
}

describe('a direct message', () => {
  test('sends interactions with a user, without a member, and with the permissions of bots in direct messages', async () => {
    await using given = await withBot();
    const { ada, discord } = given;
    let seen: ChatInputCommandInteraction | undefined;
    await given.onCommand({ name: 'ask' }, async (interaction) => {
      seen = interaction;
      await interaction.reply({ content: 'here', flags: MessageFlags.Ephemeral });
    });
    const interaction = await ada.slash('ask', {}, { channelId: ada.directChannelId });
    await interaction.until(({ content }) => content === 'here');
    expect(seen).toMatchObject({ guildId: null, member: null, context: InteractionContextType.BotDM });
    expect(seen?.user.id).toBe(ada.id);
    expect(seen?.channel?.type).toBe(ChannelType.DM);
    expect(seen?.appPermissions.has(P.AttachFiles)).toBe(true);
    expect(seen?.appPermissions.has(P.ViewChannel)).toBe(false);
    expect(discord.violations).toEqual([]);
  });

  test('is opened by the bot, sent by the gateway, and visible only to its user', async () => {
    await using given = await withBot();
    const { ada, client, discord } = given;
    const heard = new Promise<Message>((resolve) => client.once(Events.MessageCreate, resolve));
    const user = await client.users.fetch(ada.id);
    const sent = await user.send('Psst');
    expect(sent.channelId).toBe(ada.directChannelId);
    expect((await heard).guildId).toBeNull();
    expect(ada.messages(ada.directChannelId)).toMatchObject([{ content: 'Psst' }]);
    const eve = discord.addUser({ name: 'Eve' });
    expect(() => eve.messages(ada.directChannelId)).toThrow('no such channel');
  });

  test('sends whole messages without the Message Content intent', async () => {
    await using given = await withBot();
    const { ada, client } = given;
    const heard = new Promise<Message>((resolve) => client.once(Events.MessageCreate, resolve));
    await ada.post(ada.directChannelId, 'What is this?', [{ name: 'a.mp3', data: Buffer.from('x') }]);
    expect(await heard).toMatchObject({ content: 'What is this?' });
  });

  test('offers no command that is limited to servers', async () => {
    await using given = await withBot();
    const { ada, client, discord } = given;
    await client.application.commands.set([
      { name: 'anywhere', description: 'x' },
      { name: 'servers', description: 'x', contexts: [InteractionContextType.Guild] },
      { name: 'direct', description: 'x', contexts: [InteractionContextType.BotDM] },
    ]);
    const here = { channelId: ada.directChannelId };
    await ada.slash('anywhere', {}, here);
    await ada.slash('direct', {}, here);
    await expect(ada.slash('servers', {}, here)).rejects.toThrow('no command');
    await expect(ada.slash('direct', {}, { channelId: discord.defaultChannelId })).rejects.toThrow('no command');
  });
});

describe('a thread', () => {
  test('starts from a message, has its id, and adds the bot', async () => {
    await using given = await withBot();
    const { channel, discord, ada } = given;
    const asked = await ada.post(channel.id, 'Question');
    const message = await channel.messages.fetch(asked.id);
    const thread = await message.startThread({ name: 'Answers', autoArchiveDuration: 60 });
    expect(thread).toMatchObject({ id: asked.id, parentId: channel.id, name: 'Answers', autoArchiveDuration: 60 });
    await thread.send('First');
    expect(ada.messages(thread.id)).toMatchObject([{ content: 'First', channel_id: thread.id }]);
    expect(ada.messages()).toMatchObject([{ flags: MessageFlags.HasThread, thread: { id: asked.id } }]);
    await expect(message.startThread({ name: 'Again' })).rejects.toThrow();
    expect(discord.violations.map(({ code }) => code)).toEqual([]);
  });

  test('has the permissions of its channel, and a separate one to send messages', async () => {
    await using given = await withBot();
    const { channel, discord, client } = given;
    const thread = await channel.threads.create({ name: 'Talk', type: ChannelType.PublicThread });
    discord.setPermissions(channel.id, 'bot', { deny: P.SendMessages });
    await thread.send('Threads have their own right');
    discord.setPermissions(channel.id, 'bot', { deny: P.SendMessagesInThreads });
    await expect(thread.send('x')).rejects.toMatchObject({ code: 50013 });
    discord.setPermissions(channel.id, 'bot', { deny: P.ViewChannel });
    await expect(client.rest.get(`/channels/${thread.id}`)).rejects.toMatchObject({ code: 50001 });
  });

  test('that a user opens is sent to the bot, and commands work in it', async () => {
    await using given = await withBot();
    const { channel, discord, ada, client } = given;
    const created = new Promise<ThreadChannel>((resolve) => client.once(Events.ThreadCreate, resolve));
    const id = discord.addThread(channel.id, { name: 'Ours', ownerId: ada.id });
    expect(await created).toMatchObject({ id, ownerId: ada.id });
    let type: ChannelType | undefined;
    await given.onCommand({ name: 'ask' }, async (interaction) => {
      type = interaction.channel?.type;
      await interaction.reply('here');
    });
    const interaction = await ada.slash('ask', {}, { channelId: id });
    const reply = await interaction.until(({ content }) => content === 'here');
    expect([reply.channel_id, type]).toEqual([id, ChannelType.PublicThread]);
  });

  test('that is private is visible only to its members', async () => {
    await using given = await withBot();
    const { channel, discord, ada } = given;
    const id = discord.addThread(channel.id, { name: 'Secret', ownerId: ada.id, type: ChannelType.PrivateThread });
    await ada.post(id, 'Hush');
    expect(() => discord.addUser({ name: 'Eve' }).messages(id)).toThrow('no such channel');
    expect(discord.addUser({ name: 'Root', admin: true }).messages(id)).toHaveLength(1);
  });

  test('that is private is hidden from a bot outside it, whose commands work there', async () => {
    await using given = await withBot();
    const { channel, discord, ada, client } = given;
    const created: string[] = [];
    // The event that discord.js derives from it is not emitted for a thread that an interaction contained before.
    client.ws.on(GatewayDispatchEvents.ThreadCreate, ({ id }: { id: string }) => created.push(id));
    const secret = { name: 'Secret', ownerId: ada.id, type: ChannelType.PrivateThread } as const;
    const id = discord.addThread(channel.id, secret);
    let seen: ChatInputCommandInteraction | undefined;
    await given.onCommand({ name: 'ask' }, async (interaction) => {
      seen = interaction;
      await interaction.reply({ content: 'here', files: [{ attachment: Buffer.from('x'), name: 'x.txt' }] });
    });
    await (await ada.slash('ask', {}, { channelId: id })).until(({ content }) => content === 'here');
    expect(seen?.channelId).toBe(id);
    expect(seen?.appPermissions.has([P.ViewChannel, P.AttachFiles])).toBe(true);
    await expect(client.rest.get(`/channels/${id}`)).rejects.toMatchObject({ code: 50001 });
    expect(created).toEqual([]);
    discord.addToThread(id, discord.botUserId);
    const thread = (await client.channels.fetch(id, { force: true })) as ThreadChannel;
    expect(created).toEqual([id]);
    expect((await thread.members.fetch({ member: ada.id })).id).toBe(ada.id);
    const eve = discord.addUser({ name: 'Eve' });
    await expect(thread.members.fetch({ member: eve.id, force: true })).rejects.toMatchObject({ code: 10007 });
  });

  test('that others archive is sent to the bot, and a message reopens it', async () => {
    await using given = await withBot();
    const { channel, discord, ada } = given;
    const thread = await channel.threads.create({ name: 'Talk', type: ChannelType.PublicThread });
    const updated = new Promise((resolve) => given.client.once(Events.ThreadUpdate, resolve));
    discord.archiveThread(thread.id);
    await updated;
    expect(thread.archived).toBe(true);
    expect(() => discord.archiveThread(channel.id)).toThrow('Cannot find the thread');
    await ada.post(thread.id, 'Again');
    expect(ada.messages(thread.id)).toHaveLength(1);
  });

  test('that is archived is not among the active ones until a message reopens it', async () => {
    await using given = await withBot();
    const { channel, ada, client } = given;
    const thread = await channel.threads.create({ name: 'Talk', type: ChannelType.PublicThread });
    await thread.setArchived(true);
    expect((await channel.guild.channels.fetchActiveThreads(false)).threads.size).toBe(0);
    const updated = new Promise((resolve) => client.once(Events.ThreadUpdate, resolve));
    await ada.post(thread.id, 'Still here');
    await updated;
    expect(thread.archived).toBe(false);
    expect((await channel.guild.channels.fetchActiveThreads(false)).threads.map(({ id }) => id)).toEqual([thread.id]);
  });

  test('is renamed, left and joined', async () => {
    await using given = await withBot();
    const { channel, discord } = given;
    const thread = await channel.threads.create({ name: 'Talk', type: ChannelType.PublicThread });
    expect((await thread.setName('Walk')).name).toBe('Walk');
    await thread.leave();
    await thread.join();
    expect(discord.violations).toEqual([]);
  });
});

describe('a forward', () => {
  const audio = { name: 'song.mp3', data: Buffer.from('x') };

  test('contains a copy of the message, which stays after a deletion', async () => {
    await using given = await withBot();
    const { ada, discord } = given;
    const other = discord.addChannel(discord.defaultGuildId, { name: 'other' });
    const original = await ada.post(discord.defaultChannelId, 'Listen', [audio]);
    const forwarded = await ada.forward(original, other);
    discord.deleteMessage(discord.defaultChannelId, original.id);
    expect(ada.messages(other)).toMatchObject([
      {
        id: forwarded.id,
        content: '',
        attachments: [],
        flags: MessageFlags.HasSnapshot,
        message_reference: {
          type: MessageReferenceType.Forward,
          message_id: original.id,
          guild_id: discord.defaultGuildId,
        },
        message_snapshots: [{ message: { content: 'Listen', attachments: [{ filename: 'song.mp3' }] } }],
      },
    ]);
  });

  test('is sent to a message command with its snapshot; a forward of a forward has the first one', async () => {
    await using given = await withBot();
    const { ada, discord, client, channel } = given;
    await client.application.commands.create({ name: 'Find', type: 3 });
    const sent = new Promise<MessageContextMenuCommandInteraction>((resolve) =>
      client.once(Events.InteractionCreate, (each) => resolve(each as MessageContextMenuCommandInteraction)),
    );
    const first = await ada.forward(await ada.post(channel.id, 'Listen', [audio]), channel.id);
    const second = await ada.forward(first, ada.directChannelId);
    await ada.messageCommand('Find', ada.directChannelId, second.id);
    const [snapshot] = (await sent).targetMessage.messageSnapshots.values();
    expect(snapshot?.content).toBe('Listen');
    expect(snapshot?.attachments?.map(({ name }) => name)).toEqual(['song.mp3']);
    expect(discord.violations).toEqual([]);
  });

  test('by the bot needs no content and accepts none', async () => {
    await using given = await withBot();
    const { ada, channel, client } = given;
    const original = await ada.post(channel.id, 'Listen');
    const message = await channel.messages.fetch(original.id);
    const forwarded = await message.forward(channel);
    expect(forwarded.reference).toMatchObject({ type: MessageReferenceType.Forward, messageId: original.id });
    const reference = { type: 1, message_id: original.id, channel_id: channel.id };
    const body = { content: 'and more', message_reference: reference };
    await expect(client.rest.post(`/channels/${channel.id}/messages`, { body })).rejects.toMatchObject({ code: 50035 });
  });

  test('is empty for a bot without the Message Content intent', async () => {
    await using given = await withBot();
    const { ada, channel } = given;
    const forwarded = await ada.forward(await ada.post(channel.id, 'Secret', [audio]), channel.id);
    const seen = await channel.messages.fetch(forwarded.id);
    expect(seen.messageSnapshots.first()).toMatchObject({ content: '' });
    expect(seen.messageSnapshots.first()?.attachments.size).toBe(0);
  });
});

test('a reply of a user references the message that it replies to', async () => {
  await using given = await withBot();
  const { ada, channel } = given;
  const question = await ada.post(channel.id, 'Question');
  const answer = await ada.post(channel.id, 'Answer', [], question.id);
  expect(answer).toMatchObject({ type: 19, referenced_message: { id: question.id, content: 'Question' } });
  await expect(ada.post(channel.id, 'x', [], '111111111111111111')).rejects.toThrow('no such message');
});
