import { setTimeout as sleep } from 'node:timers/promises';
import { type ChatInputCommandInteraction, DiscordAPIError, MessageFlags } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { startTestBot } from './bot.ts';

const { Ephemeral, IsComponentsV2, Loading } = MessageFlags;

/** Runs a command with this handler, and returns the code of Discord's refusal. */
async function refusalOf(run: (interaction: ChatInputCommandInteraction) => Promise<unknown>): Promise<unknown> {
  await using bot = await startTestBot();
  const { promise, resolve } = Promise.withResolvers<unknown>();
  await bot.onCommand({ name: 'try' }, (interaction) => run(interaction).then(() => resolve('taken'), resolve));
  await bot.ada.slash('try');
  const outcome = await promise;
  return outcome instanceof DiscordAPIError ? outcome.code : outcome;
}

describe('time', () => {
  test('an answer after 3 s gets 10062, and the user sees that the application did not respond', async () => {
    await using bot = await startTestBot();
    const arrived = Promise.withResolvers<ChatInputCommandInteraction>();
    await bot.onCommand({ name: 'late' }, async (interaction) => arrived.resolve(interaction));
    const interaction = await bot.ada.slash('late');
    const received = await arrived.promise;
    bot.discord.advance(3000);
    await expect(received.deferReply()).rejects.toMatchObject({ code: 10062, status: 404 });
    await expect(interaction.ackedAtMs).rejects.toThrow('did not respond');
    await expect(interaction.until(() => true)).rejects.toThrow('did not respond');
    expect(interaction.failed).toBe(true);
  });

  test('a token expires after 15 minutes', async () => {
    await using bot = await startTestBot();
    await bot.onCommand({ name: 'long' }, async (interaction) => {
      await interaction.deferReply();
      bot.discord.advance(14 * 60_000);
      await interaction.editReply('still there');
      bot.discord.advance(61_000);
      await interaction.editReply('too late');
    });
    const interaction = await bot.ada.slash('long');
    await expect.poll(() => bot.errors).toMatchObject([{ code: 50027, status: 401 }]);
    expect(interaction.original()?.content).toBe('still there');
    // A 401 without authorization does not invalidate the bot's token.
    await bot.client.application.commands.fetch();
  });

  test('reports the existing messages when none matches in time', async () => {
    await using bot = await startTestBot();
    await bot.onCommand({ name: 'echo' }, (interaction) => interaction.reply('other'));
    const interaction = await bot.ada.slash('echo');
    await interaction.ackedAtMs;
    await expect(interaction.until(({ content }) => content === 'mine', 50)).rejects.toThrow('"content": "other"');
  });
});

describe('the first answer', () => {
  test('is accepted only once', async () => {
    const twice = async (interaction: ChatInputCommandInteraction) => {
      await interaction.reply('one');
      interaction.replied = false;
      await interaction.reply('two');
    };
    expect(await refusalOf(twice)).toBe(40060);
  });

  test('decides with a deferral who sees the reply, and no edit changes that', async () => {
    await using bot = await startTestBot();
    const { ada, discord } = bot;
    const eve = discord.addUser({ name: 'Eve' });
    await bot.onCommand({ name: 'secret' }, async (interaction) => {
      await interaction.deferReply({ flags: Ephemeral });
      await interaction.editReply('for Ada');
    });
    const interaction = await ada.slash('secret');
    const message = await interaction.until(({ content }) => content === 'for Ada');
    expect(interaction.edits.map(({ message }) => message.flags)).toEqual([Ephemeral | Loading, Ephemeral]);
    expect(message.flags).toBe(Ephemeral);
    expect(eve.messages()).toEqual([]);
    expect(ada.messages()).toHaveLength(1);
    expect(discord.messages(discord.defaultChannelId)).toEqual([]);
    await expect(fetchMessage(bot, message.id)).rejects.toMatchObject({ code: 10008 });
  });

  test('accepts no other flag with a deferral', async () => {
    expect(await refusalOf((interaction) => interaction.deferReply({ flags: IsComponentsV2 as never }))).toBe(50035);
  });

  test('returns its message when asked to, and 204 without a body otherwise', async () => {
    await using bot = await startTestBot();
    let response: unknown;
    await bot.onCommand({ name: 'echo' }, async (interaction) => {
      const { resource } = await interaction.reply({ content: 'hi', withResponse: true });
      response = resource?.message?.content;
    });
    await (await bot.ada.slash('echo')).until(({ content }) => content === 'hi');
    await expect.poll(() => response).toBe('hi');
  });

  test.each([
    ['nothing', {}, 50006],
    ['white space', { content: '  \n' }, 50006],
    ['2001 characters', { content: 'x'.repeat(2001) }, 50035],
    ['an embed of 6001', { embeds: [{ description: 'x'.repeat(4000) }, { description: 'x'.repeat(2001) }] }, 50035],
    ['a file of over 10 MiB', { files: [{ attachment: Buffer.alloc(10 * 1024 * 1024 + 1), name: 'a.wav' }] }, 40005],
  ])('of %s is refused, and the next one is taken', async (_, payload, code) => {
    await using bot = await startTestBot();
    await bot.onCommand({ name: 'try' }, async (interaction) => {
      await expect(interaction.reply(payload)).rejects.toMatchObject({ code });
      await interaction.reply('fine');
    });
    await (await bot.ada.slash('try')).until(({ content }) => content === 'fine');
    expect(bot.discord.violations).toMatchObject([{ code }]);
  });

  test('names the invalid field as Discord does', async () => {
    await using bot = await startTestBot();
    await bot.onCommand({ name: 'try' }, (interaction) => interaction.reply('x'.repeat(2001)));
    await bot.ada.slash('try');
    await expect.poll(() => bot.errors).toHaveLength(1);
    expect(bot.errors[0]).toMatchObject({
      rawError: { code: 50035, errors: { data: { content: { _errors: [{ code: 'BASE_TYPE_MAX_LENGTH' }] } } } },
    });
    expect(bot.discord.violations[0]?.text).toContain('data.content: Must be 2000 or fewer in length.');
  });
});

describe('later answers', () => {
  test('an edit before the first answer gets 10015', async () => {
    expect(
      await refusalOf((interaction) => {
        interaction.deferred = true;
        return interaction.editReply('early');
      }),
    ).toBe(10015);
  });

  test('the first follow-up to a deferral becomes the reply, as private or public as that', async () => {
    await using bot = await startTestBot();
    await bot.onCommand({ name: 'echo' }, async (interaction) => {
      await interaction.deferReply();
      await interaction.followUp({ content: 'first', flags: Ephemeral });
      await interaction.followUp({ content: 'second', flags: Ephemeral });
    });
    const interaction = await bot.ada.slash('echo');
    await interaction.until(({ content }) => content === 'second');
    expect(interaction.original()).toMatchObject({ content: 'first', flags: 0 });
    expect(interaction.followups).toMatchObject([{ content: 'second', flags: Ephemeral }]);
  });

  test('an edit keeps the attachments that it lists and drops the others', async () => {
    await using bot = await startTestBot();
    const file = (name: string) => ({ attachment: Buffer.from(name), name });
    await bot.onCommand({ name: 'files' }, async (interaction) => {
      await interaction.deferReply();
      const { attachments } = await interaction.editReply({ files: [file('a.txt'), file('b.txt')] });
      const [a] = attachments.values();
      await interaction.editReply({ content: 'text only' });
      await interaction.editReply({ content: 'done', attachments: a ? [a] : [], files: [file('c.txt')] });
    });
    const interaction = await bot.ada.slash('files');
    await interaction.until(({ content }) => content === 'done');
    const names = interaction.edits.map(({ message }) => message.attachments.map(({ filename }) => filename));
    expect(names).toEqual([[], ['a.txt', 'b.txt'], ['a.txt', 'b.txt'], ['a.txt', 'c.txt']]);
  });

  test('a picture in an embed is not listed a second time', async () => {
    await using bot = await startTestBot();
    await bot.onCommand({ name: 'picture' }, (interaction) =>
      interaction.reply({
        embeds: [{ title: 'Match', image: { url: 'attachment://match.png' } }],
        files: [{ attachment: Buffer.from('png'), name: 'match.png' }],
      }),
    );
    const message = await (await bot.ada.slash('picture')).until(({ embeds }) => embeds.length > 0);
    expect(message.attachments).toEqual([]);
    expect(await (await fetch(message.embeds[0]?.image?.url ?? '')).text()).toBe('png');
  });

  test('a deleted reply is gone', async () => {
    await using bot = await startTestBot();
    await bot.onCommand({ name: 'echo' }, async (interaction) => {
      await interaction.reply('now');
      await interaction.deleteReply();
      await interaction.editReply('again');
    });
    const interaction = await bot.ada.slash('echo');
    await expect.poll(() => bot.errors).toMatchObject([{ code: 10008 }]);
    expect(interaction.original()).toBeNull();
  });

  test('an edit can set the flag of Components V2 but not remove it', async () => {
    await using bot = await startTestBot();
    const components = [{ type: 10, content: 'Text' }];
    await bot.onCommand({ name: 'layout' }, async (interaction) => {
      await interaction.deferReply();
      await interaction.editReply({ flags: IsComponentsV2, components });
      await expect(interaction.editReply({ content: 'classic', components: [] })).rejects.toMatchObject({
        code: 50035,
      });
      await interaction.editReply({ components: [{ type: 10, content: 'Other text' }] });
    });
    const interaction = await bot.ada.slash('layout');
    const message = await interaction.until(({ components }) => JSON.stringify(components).includes('Other'));
    expect(message.flags).toBe(IsComponentsV2);
    expect(bot.errors).toEqual([]);
  });

  test('pings nobody outside allowed_mentions', async () => {
    await using bot = await startTestBot({}, { allowedMentions: { parse: [] } });
    const { ada } = bot;
    await bot.onCommand({ name: 'ping' }, async (interaction) => {
      await interaction.reply(`@everyone <@${ada.id}>`);
      await interaction.followUp({
        content: `@everyone <@${ada.id}>`,
        allowedMentions: { parse: ['everyone', 'users'] },
      });
    });
    const interaction = await ada.slash('ping');
    await expect.poll(() => interaction.followups.length).toBe(1);
    expect(interaction.original()).toMatchObject({ mention_everyone: false, mentions: [] });
    expect(interaction.followups[0]).toMatchObject({ mention_everyone: true, mentions: [{ id: ada.id }] });
  });

  test('files need Attach Files, embeds Embed Links, text nothing', async () => {
    await using bot = await startTestBot();
    const { discord } = bot;
    const { AttachFiles, EmbedLinks, SendMessages } = (await import('discord.js')).PermissionFlagsBits;
    discord.setPermissions(discord.defaultChannelId, 'bot', { deny: AttachFiles | EmbedLinks | SendMessages });
    let hasAttachFiles: boolean | undefined;
    await bot.onCommand({ name: 'try' }, async (interaction) => {
      hasAttachFiles = interaction.appPermissions.has(AttachFiles);
      const files = [{ attachment: Buffer.from('x'), name: 'x.txt' }];
      await expect(interaction.reply({ files })).rejects.toMatchObject({ code: 50013 });
      await expect(interaction.reply({ embeds: [{ title: 'x' }] })).rejects.toMatchObject({ code: 50013 });
      await interaction.reply('words');
    });
    await (await bot.ada.slash('try')).until(({ content }) => content === 'words');
    expect(hasAttachFiles).toBe(false);
    expect(bot.errors).toEqual([]);
  });
});

test('a command without a bot fails after 3 s', async () => {
  await using bot = await startTestBot();
  await bot.onCommand({ name: 'echo' }, async () => undefined);
  await bot.client.destroy();
  await expect.poll(() => bot.discord.botOnline).toBe(false);
  const interaction = await bot.ada.slash('echo');
  await sleep(20);
  expect(interaction.failed).toBe(false);
  bot.discord.advance(3000);
  expect(interaction.failed).toBe(true);
});

async function fetchMessage({ client, discord }: Awaited<ReturnType<typeof startTestBot>>, id: string) {
  const channel = await client.channels.fetch(discord.defaultChannelId);
  if (!channel?.isTextBased()) throw new RangeError('Expected a text channel');
  return channel.messages.fetch(id);
}
