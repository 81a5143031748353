/** Routes of the application: the bot itself and its commands. */
import type { APIApplicationCommand } from 'discord-api-types/v10';
import type { FastifyInstance } from 'fastify';
import { refusals } from './api-error.ts';
import { withoutLocalizations } from './commands.ts';
import type { Core } from './core.ts';
import { isTrue } from './json.ts';
import { ownUser, user } from './shapes.ts';
import { uploadBody } from './upload-body.ts';

interface CommandRoute {
  Params: { application: string; guild?: string; command?: string };
  Querystring: { with_localizations?: string };
}

export function applicationRoutes(app: FastifyInstance, core: Core): void {
  const { applicationId, botId, ownerId, world, commands, options } = core;

  app.get('/gateway', async () => ({ url: `${core.baseUrl().replace(/^http/, 'ws')}/gateway` }));
  app.get('/gateway/bot', async () => ({
    url: `${core.baseUrl().replace(/^http/, 'ws')}/gateway`,
    shards: options.shards,
    session_start_limit: { total: 1000, remaining: 1000, reset_after: 86_400_000, max_concurrency: options.shards },
  }));
  app.get('/users/@me', async ({ headers }) => {
    const signedIn = core.oauth.tokenOf(headers.authorization);
    return signedIn ? user(world.user(signedIn.userId)) : ownUser(world.user(botId));
  });
  app.get<{ Params: { user: string } }>('/users/:user', async ({ params }) => {
    const found = world.users.get(params.user);
    if (!found) throw refusals.unknownUser();
    return user(found);
  });
  for (const path of ['/applications/@me', '/oauth2/applications/@me']) {
    app.get(path, async () => ({
      id: applicationId,
      name: options.botName,
      description: '',
      icon: null,
      bot_public: true,
      bot_require_code_grant: false,
      verify_key: '0'.repeat(64),
      flags: 0,
      owner: user(world.user(ownerId)),
      team: null,
      bot: user(world.user(botId)),
      approximate_guild_count: world.guilds.size,
      approximate_user_install_count: 0,
      approximate_user_authorization_count: 0,
      explicit_content_filter: 0,
      eligible_oauth2_scopes: ['applications.commands', 'bot'],
      flags_new: '0',
      interactions_endpoint_url: null,
      redirect_uris: [],
      role_connections_verification_url: null,
      type: null,
    }));
  }

  const place = ({ application, guild }: CommandRoute['Params']): string | null => {
    if (application !== applicationId) throw refusals.unknownApplication();
    if (guild !== undefined && !world.guilds.has(guild)) throw refusals.missingAccess();
    return guild ?? null;
  };
  for (const prefix of ['/applications/:application', '/applications/:application/guilds/:guild']) {
    app.get<CommandRoute>(`${prefix}/commands`, async ({ params, query }) => {
      const list = commands.list(place(params));
      return isTrue(query.with_localizations) ? list : list.map(withoutLocalizations);
    });
    app.put<CommandRoute>(`${prefix}/commands`, async ({ params, body }) =>
      commands.overwrite(place(params), body as APIApplicationCommand[]),
    );
    app.post<CommandRoute>(`${prefix}/commands`, async (request, reply) => {
      const body = uploadBody(request).json as APIApplicationCommand;
      const { command, isNew } = commands.upsert(place(request.params), body);
      return reply.status(isNew ? 201 : 200).send(command);
    });
    app.get<CommandRoute>(`${prefix}/commands/:command`, async ({ params }) =>
      commands.get(place(params), params.command ?? ''),
    );
    app.patch<CommandRoute>(`${prefix}/commands/:command`, async (request) => {
      const { params } = request;
      return commands.edit(place(params), params.command ?? '', uploadBody(request).json);
    });
    app.delete<CommandRoute>(`${prefix}/commands/:command`, async ({ params }, reply) => {
      commands.delete(place(params), params.command ?? '');
      return reply.status(204).send();
    });
  }
}
