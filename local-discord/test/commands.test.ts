import { ApplicationCommandOptionType, MessageFlags } from 'discord.js';
import { expect, test } from 'vitest';
import { startTestBot } from './bot.ts';

test('a bot logs in and receives its server', async () => {
  await using bot = await startTestBot();
  expect(bot.client.guilds.cache.map(({ name }) => name)).toEqual(['Local server']);
  expect(bot.discord.botOnline).toBe(true);
});

test('a command is deferred, then edited with a file that can be downloaded', async () => {
  await using bot = await startTestBot();
  const { discord, ada } = bot;
  const options = [{ type: ApplicationCommandOptionType.Attachment, name: 'clip', description: 'A clip' } as const];
  await bot.onCommand({ name: 'echo', options }, async (interaction) => {
    await interaction.deferReply();
    const { url } = interaction.options.getAttachment('clip', true);
    const data = Buffer.from(await (await fetch(url)).arrayBuffer());
    await interaction.editReply({
      content: 'Here',
      files: [{ attachment: data, name: 'back.txt', description: 'Alt' }],
    });
  });

  const interaction = await ada.slash('echo', { clip: { name: 'hello.txt', data: Buffer.from('hello') } });
  expect((await interaction.ackedAtMs) - interaction.sentAtMs).toBeLessThan(1000);
  const message = await interaction.until(({ content }) => content === 'Here');

  expect(interaction.edits[0]?.message.flags).toBe(MessageFlags.Loading);
  expect(message.flags).toBe(0);
  expect(message.attachments).toMatchObject([{ filename: 'back.txt', size: 5, description: 'Alt' }]);
  expect(await (await fetch(message.attachments[0]?.url ?? '')).text()).toBe('hello');
  expect(bot.errors).toEqual([]);
  expect(discord.violations).toEqual([]);
});
