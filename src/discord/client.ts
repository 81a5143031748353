/** Creates the Discord client: the only place that does. */
import { createRequire } from 'node:module';
import { Client, GatewayIntentBits, Options, type RESTOptions } from 'discord.js';

/** The client caches no messages and almost no members: each interaction carries the data the bot needs. Guilds come with
 *  their channels and roles, which the permission checks read. */
export function makeClient(apiUrl: string | undefined): Client {
  return new Client({
    intents: [GatewayIntentBits.Guilds],
    // Titles are other people's text: the bot's posts must not mention anyone.
    allowedMentions: { parse: [] },
    makeCache: Options.cacheWithLimits({
      ...Options.DefaultMakeCacheSettings,
      MessageManager: 0,
      GuildMemberManager: { maxSize: 50, keepOverLimit: (member) => member.id === member.client.user.id },
      UserManager: { maxSize: 50, keepOverLimit: (user) => user.id === user.client.user.id },
      PresenceManager: 0,
      ReactionManager: 0,
      ThreadMemberManager: 0,
      VoiceStateManager: 0,
    }),
    rest: { agent: ownAgent(), ...(apiUrl === undefined ? {} : { api: apiUrl }) },
  });
}

/** discord.js takes the global HTTP agent, which our newer undici has replaced with its own. That agent refuses form data of
 *  another undici version, so every upload would fail. Therefore discord.js gets an agent of the undici it depends on. */
function ownAgent(): NonNullable<RESTOptions['agent']> {
  const require = createRequire(createRequire(import.meta.url).resolve('@discordjs/rest'));
  const { Agent } = require('undici') as { Agent: new () => NonNullable<RESTOptions['agent']> };
  return new Agent();
}
