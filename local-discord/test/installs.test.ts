/** An app that people have installed for themselves, in places that its bot is not a member of. */
import {
  ApplicationIntegrationType,
  ChannelType,
  InteractionContextType,
  PermissionFlagsBits as P,
  Partials,
} from 'discord.js';
import { expect, test } from 'vitest';
import { type Bot, startTestBot } from './bot.ts';

const everywhere = { contexts: [0, 1, 2], integration_types: [0, 1] };

/** Registers a command that replies with what it saw. */
async function withCommand(given: Bot): Promise<void> {
  await given.onCommand({ name: 'ask', ...everywhere }, async (interaction) => {
    const { context, authorizingIntegrationOwners: owners, guildId, channel, appPermissions } = interaction;
    const isGroup = channel?.type === ChannelType.GroupDM;
    const seen = { context, owners, guildId, isGroup, files: appPermissions.has(P.AttachFiles) };
    await interaction.reply({ content: JSON.stringify(seen), embeds: [{ title: 'A reply needs no membership' }] });
  });
}

async function seenBy(given: Bot, channelId: string, person = given.ada): Promise<Record<string, unknown>> {
  const interaction = await person.slash('ask', {}, { channelId });
  const { content } = await interaction.until(({ content }) => content !== '');
  return JSON.parse(content) as Record<string, unknown>;
}

test('is used in a group of people, which the bot neither sees nor can post in', async () => {
  await using given = await startTestBot({}, { partials: [Partials.Channel] });
  const { ada, client, discord } = given;
  await withCommand(given);
  const eve = discord.addUser({ name: 'Eve' });
  const group = discord.addGroup('Band', [ada, eve]);
  const { UserInstall } = ApplicationIntegrationType;
  expect(await seenBy(given, group, eve)).toMatchObject({
    ...{ context: InteractionContextType.PrivateChannel, owners: { [UserInstall]: eve.id } },
    ...{ guildId: null, isGroup: true, files: true },
  });
  expect(ada.messages(group)).toMatchObject([{ embeds: [{ title: 'A reply needs no membership' }] }]);
  await expect(client.rest.post(`/channels/${group}/messages`, { body: { content: 'x' } })).rejects.toMatchObject({
    code: 50001,
  });
  const outsider = discord.addUser({ name: 'Oz' });
  await expect(seenBy(given, group, outsider)).rejects.toThrow('no such channel');
});

test('is used in a server without its bot, which the gateway does not report', async () => {
  await using given = await startTestBot();
  const { client, discord } = given;
  await withCommand(given);
  const guildId = discord.addGuild({ name: 'Elsewhere', withoutBot: true });
  const channelId = discord.addChannel(guildId, { name: 'general' });
  const eve = discord.addUser({ name: 'Eve', guildId });
  const { UserInstall } = ApplicationIntegrationType;
  expect(await seenBy(given, channelId, eve)).toMatchObject({
    ...{ context: InteractionContextType.Guild, owners: { [UserInstall]: eve.id }, guildId, files: true },
  });
  expect([...client.guilds.cache.keys()]).toEqual([discord.defaultGuildId]);
  await expect(client.rest.get(`/channels/${channelId}`)).rejects.toMatchObject({ code: 50001 });
});

test('offers there only commands for people who installed it', async () => {
  await using given = await startTestBot();
  const { ada, client, discord } = given;
  const guildId = discord.addGuild({ name: 'Elsewhere', withoutBot: true });
  const channelId = discord.addChannel(guildId, { name: 'general' });
  const eve = discord.addUser({ name: 'Eve', guildId });
  const group = discord.addGroup('Band', [ada, eve]);
  await client.application.commands.set([
    { name: 'people', description: 'x', contexts: [0, 2], integrationTypes: [1] },
    { name: 'servers', description: 'x', contexts: [0, 2], integrationTypes: [0] },
    { name: 'default', description: 'x' },
  ]);
  for (const place of [channelId, group]) {
    await eve.slash('people', {}, { channelId: place });
    for (const name of ['servers', 'default'])
      await expect(eve.slash(name, {}, { channelId: place })).rejects.toThrow('no command');
  }
  await ada.slash('default');
});
