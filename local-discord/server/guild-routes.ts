/** Routes to read servers, their members, roles and channels. */
import type { FastifyInstance } from 'fastify';
import { refusals } from './api-error.ts';
import type { Core } from './core.ts';
import { permissionsInGuild } from './permissions.ts';
import { channel, guild as guildBody, member, role } from './shapes.ts';
import type { Guild } from './world.ts';

interface GuildRoute {
  Params: { guild: string; user: string };
  Querystring: { limit?: string };
}

export function guildRoutes(app: FastifyInstance, { world, botId, oauth }: Core): void {
  const find = (id: string): Guild => {
    const guild = world.guilds.get(id);
    if (!guild) throw refusals.unknownGuild();
    return guild;
  };
  app.get('/users/@me/guilds', async ({ headers }) => {
    const userId = oauth.tokenOf(headers.authorization)?.userId ?? botId;
    return [...world.guilds.values()]
      .filter(({ members }) => members.has(userId))
      .map((guild) => ({
        id: guild.id,
        name: guild.name,
        icon: null,
        banner: null,
        owner: guild.ownerId === userId,
        features: [],
        permissions: String(permissionsInGuild(guild, userId)),
      }));
  });
  app.get<GuildRoute>('/guilds/:guild', async ({ params }) => guildBody(find(params.guild)));
  app.get<GuildRoute>('/guilds/:guild/channels', async ({ params }) =>
    [...find(params.guild).channels.values()].map((each, position) => channel(each, world, position)),
  );
  app.get<GuildRoute>('/guilds/:guild/roles', async ({ params }) => [...find(params.guild).roles.values()].map(role));
  app.get<GuildRoute>('/guilds/:guild/members/:user', async ({ params }) => {
    const guild = find(params.guild);
    const userId = params.user === '@me' ? botId : params.user;
    if (!guild.members.has(userId)) throw refusals.unknownMember();
    return member(guild, world.user(userId));
  });
}
