/** The one place that makes Discord's client. */
import { createRequire } from 'node:module';
import { Client, GatewayIntentBits, Options, type RESTOptions } from 'discord.js';

/** Of messages, members and the rest the bot keeps nothing: what it needs comes with each interaction. Guilds come with
 *  their channels and roles, which the checks of permissions read. */
export function makeClient(apiUrl: string | undefined): Client {
  return new Client({
    intents: [GatewayIntentBits.Guilds],
    // Titles are other people's text: nothing that the bot posts may call anybody.
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

/** discord.js asks the process for its HTTP agent, where our newer undici has put its own, which takes no form that
 *  another undici made: every upload would fail. So discord.js is given one of the undici that it brings. */
function ownAgent(): NonNullable<RESTOptions['agent']> {
  const require = createRequire(createRequire(import.meta.url).resolve('@discordjs/rest'));
  const { Agent } = require('undici') as { Agent: new () => NonNullable<RESTOptions['agent']> };
  return new Agent();
}
