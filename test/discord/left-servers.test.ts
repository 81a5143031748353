/** The settings of servers over the gateway: the real client at the local Discord, and a real catalog. */
import { Events } from 'discord.js';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { startTestBot } from '../../local-discord/test/bot.ts';
import { deleteLeftServerSettings, watchLeftServers } from '../../src/discord/left-servers.ts';
import { openCatalog } from '../catalog/helpers.ts';

test('settings survive an outage of their server, and end when the bot is removed', async () => {
  await using given = await startTestBot();
  const { client, discord } = given;
  const catalog = openCatalog();
  const parts = { catalog, client, log: pino({ level: 'silent' }) };
  const { guildSettings } = catalog;
  const [home, elsewhere] = [discord.defaultGuildId, discord.addGuild({ name: 'Elsewhere' })];
  await expect.poll(() => client.guilds.cache.size).toBe(2);
  for (const id of [home, elsewhere]) guildSettings.set(id, { results: 3 });
  watchLeftServers(parts);

  const outage = new Promise((resolve) => client.once(Events.GuildUnavailable, resolve));
  discord.breakGuild(elsewhere);
  await outage;
  // Also at a start during the outage.
  await deleteLeftServerSettings(parts);
  expect(guildSettings.guildIds().sort()).toEqual([home, elsewhere].sort());

  discord.removeGuild(elsewhere);
  await expect.poll(() => guildSettings.guildIds()).toEqual([home]);
});
