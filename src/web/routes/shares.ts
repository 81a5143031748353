/** Shares a result in the Discord channel for finds: the bot posts it. */
import { z } from 'zod';
import type { LeitmotifError } from '../../errors.ts';
import { isAbsent } from '../../io/socket-client.ts';
import { HttpRefusal, problemResponses } from '../problems.ts';
import { storedOf } from '../query-view.ts';
import { queryParams } from '../route-schemas.ts';
import { callerOf, type RouteParts, type WebServer } from '../web-server.ts';

const tags = ['queries'];

export const sharedSchema = z
  .object({
    server: z.string().describe('Id of the Discord server'),
    channel: z.string(),
    url: z.string().nullable().describe('Of the post; null while another request posts it'),
    isNew: z.boolean().describe('False if this result is in the channel already'),
  })
  .meta({ id: 'Share' });

export const placesSchema = z
  .object({
    bot: z.boolean().describe('Whether a bot runs over this index'),
    servers: z.array(z.object({ id: z.string(), name: z.string() })).describe('With a channel for finds'),
  })
  .meta({ id: 'SharePlaces' });

export function shareRoutes(server: WebServer, { queries, services, botLink }: RouteParts): void {
  server.route({
    method: 'GET',
    url: '/share-places',
    schema: {
      tags,
      summary: 'Discord servers in which a result can be shared',
      response: { 200: placesSchema, ...problemResponses },
    },
    handler: async (request, reply) => {
      const { memberOf } = callerOf(request);
      const status = await botLink.status();
      reply.header('cache-control', 'no-store');
      const servers = status?.shareServers.filter(({ id }) => memberOf === null || memberOf.includes(id)) ?? [];
      return { bot: status !== null, servers };
    },
  });

  server.route({
    method: 'POST',
    url: '/queries/:id/share',
    schema: {
      tags,
      summary: 'Post a result in the Discord channel for finds',
      description: 'Each result once in a channel. Needs a bot over the same index: `npm start`.',
      params: queryParams,
      body: z.strictObject({
        rank: z.int().min(1).max(99),
        server: z
          .string()
          .regex(/^\d{17,20}$/)
          .optional()
          .describe('Where several servers have a channel for finds'),
      }),
      response: { 200: sharedSchema, 201: sharedSchema, ...problemResponses },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const stored = storedOf(queries.get(caller, request.params.id), queries, services.catalog);
      const { rank, server: serverId = null } = request.body;
      const order = { answerId: stored.id, rank: String(rank), userId: caller.id, serverId };
      const memberOf = caller.memberOf === null ? null : [...caller.memberOf];
      const shared = await botLink.share({ ...order, memberOf }).catch((error: unknown) => {
        throw isAbsent(error) ? withoutBot() : error;
      });
      const { channelId: channel, messageUrl: url, isNew } = shared;
      return reply.code(isNew ? 201 : 200).send({ server: shared.serverId, channel, url, isNew });
    },
  });
}

function withoutBot(): LeitmotifError {
  const headers = { 'retry-after': '60' };
  const message =
    'Cannot share: no bot runs over this index. Start it with npm start; it needs DISCORD_TOKEN and the same INDEX_DIR';
  return new HttpRefusal(503, 'discord-unavailable', message, { headers, facts: { problem: 'no-bot' } });
}
