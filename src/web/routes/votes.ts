/** Votes on results, in the same table as the bot's thumbs; and what is stored about the caller. */
import { z } from 'zod';
import { resultOf } from '../../answering/stored-result.ts';
import { retryBusy } from '../../catalog/retry-busy.ts';
import { msPerDay } from '../../format.ts';
import { problemResponses } from '../problems.ts';
import { voteNames } from '../query-schemas.ts';
import { storedOf } from '../query-view.ts';
import { queryParams, rankText } from '../route-schemas.ts';
import { callerOf, type RouteParts, type WebServer } from '../web-server.ts';

const tags = ['queries'];
const voteParams = queryParams.extend({ rank: rankText });

const personalDataSchema = z.object({
  votes: z.int().describe('On results'),
  shareVotes: z.int().describe('On shared results'),
  shares: z.int(),
  answers: z.int(),
  embeddings: z.int().describe('Cached query embeddings'),
  jobs: z.int(),
});

export const meSchema = z
  .object({
    id: z.string().describe('Under which answers and votes are stored'),
    name: z.string().nullable(),
    way: z.enum(['local', 'key', 'discord']).describe('How the caller came in'),
    scope: z.enum(['query', 'admin']),
    stored: personalDataSchema,
    answersKeptDays: z.number(),
    userIdsKeptDays: z.number(),
  })
  .meta({ id: 'Me' });

export function voteRoutes(server: WebServer, { queries, services }: RouteParts): void {
  const { catalog, config, maintenance } = services;

  server.route({
    method: 'PUT',
    url: '/queries/:id/results/:rank/vote',
    schema: {
      tags,
      summary: 'Vote on a result; a second vote replaces the first',
      params: voteParams,
      body: z.strictObject({ vote: z.enum(voteNames) }),
      response: { 204: z.undefined().describe('Stored'), ...problemResponses },
    },
    handler: async (request, reply) => {
      const { id, rank } = request.params;
      const caller = callerOf(request);
      const stored = storedOf(queries.get(caller, id), queries, catalog);
      const { track } = resultOf(stored, rank, services);
      const { id: answerId, contentSha256, spaceId, generation } = stored;
      const vote = request.body.vote === 'up' ? 1 : -1;
      await retryBusy(() =>
        catalog.feedback.put({
          ...{ answerId, contentSha256, spaceId, generation, vote },
          ...{ trackId: track.id, rank: Number(rank), userId: caller.id },
        }),
      );
      return reply.code(204).send();
    },
  });

  server.route({
    method: 'DELETE',
    url: '/queries/:id/results/:rank/vote',
    schema: {
      tags,
      summary: 'Withdraw a vote; without one, nothing happens',
      params: voteParams,
      response: { 204: z.undefined().describe('There is no vote now'), ...problemResponses },
    },
    handler: async (request, reply) => {
      const { id, rank } = request.params;
      const caller = callerOf(request);
      const { contentSha256, spaceId, answer } = storedOf(queries.get(caller, id), queries, catalog);
      // Also of a track that was removed since.
      const ids = answer.results.filter((result) => String(result.rank) === rank).map(({ track }) => track.id);
      await retryBusy(() => catalog.feedback.withdraw({ contentSha256, spaceId, userId: caller.id }, ids));
      return reply.code(204).send();
    },
  });

  server.route({
    method: 'GET',
    url: '/me',
    schema: {
      tags: ['caller'],
      summary: 'Who calls, and what is stored about them',
      response: { 200: meSchema, ...problemResponses },
    },
    handler: async (request, reply) => {
      const { id, name, way, scope } = callerOf(request);
      reply.header('cache-control', 'no-store');
      const stored = catalog.people.count(id);
      const [answersKeptDays, userIdsKeptDays] = [config.answersKeptMs / msPerDay, config.userIdsKeptMs / msPerDay];
      return { id, name, way, scope, stored, answersKeptDays, userIdsKeptDays };
    },
  });

  server.route({
    method: 'DELETE',
    url: '/me/data',
    schema: {
      tags: ['caller'],
      summary: "Delete the caller's answers, cached embeddings and votes, as the bot's /privacy does",
      response: { 200: personalDataSchema.describe('What was deleted'), ...problemResponses },
    },
    handler: async (request) => maintenance.erasePerson(callerOf(request).id, retryBusy),
  });
}
