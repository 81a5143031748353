/** The one place that makes Discord's client. */
import { Client, GatewayIntentBits, Options } from 'discord.js';

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
    ...(apiUrl === undefined ? {} : { rest: { api: apiUrl } }),
  });
}
