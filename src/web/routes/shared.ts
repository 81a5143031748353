/** Answers that their owner shared by an address: anybody who has it sees the answer, its picture and its clips, and nothing else. */
import { z } from 'zod';
import { hasRemovedPieces } from '../../answering/stored-result.ts';
import { LeitmotifError } from '../../errors.ts';
import { fromRow, type StoredAnswer } from '../../query/stored-answer.ts';
import { sendClip, sendPicture } from '../answer-files.ts';
import { answerSchema } from '../answer-schemas.ts';
import { problemResponses } from '../problems.ts';
import { answerView, prefix, storedOf } from '../query-view.ts';
import { audioResponses, clipFields, pictureResponses, queryParams } from '../route-schemas.ts';
import { callerOf, type RouteParts, type WebServer } from '../web-server.ts';

const tags = ['shared'];
const config = { access: 'open' } as const;
const tokenParams = z.object({ token: z.string().regex(/^[\w-]{1,100}$/) });
/** Caches of the person who has the address may keep what is there. */
const cacheControl = 'private, max-age=3600';

/** The answer under a token.
 *  @throws {LeitmotifError} 'not-found' for a token that is none; 'answer-expired' */
export function sharedAnswer({ links, services }: Pick<RouteParts, 'links' | 'services'>, token: string): StoredAnswer {
  const row = services.catalog.answers.get(links.answerIdOf(token));
  const stored = row === null ? null : fromRow(row);
  if (stored && !hasRemovedPieces(stored, services)) return stored;
  throw new LeitmotifError('answer-expired', 'Cannot show the answer: it is no longer stored');
}

export function sharedAddress(token: string): string {
  return `${prefix}/shared/${token}`;
}

export function sharedRoutes(server: WebServer, parts: RouteParts): void {
  const { queries, services, links } = parts;

  server.route({
    method: 'POST',
    url: '/queries/:id/link',
    schema: {
      tags: ['queries'],
      summary: 'Make an address under which anybody can see this answer',
      description: 'The same one each time. It works as long as the answer is stored.',
      params: queryParams,
      response: {
        200: z.object({ page: z.string().describe('For people'), answer: z.string().describe('As JSON') }),
        ...problemResponses,
      },
    },
    handler: async (request) => {
      const { id } = storedOf(queries.get(callerOf(request), request.params.id), queries, services.catalog);
      const token = links.tokenOf(id);
      return { page: `/shared/${token}`, answer: sharedAddress(token) };
    },
  });

  server.route({
    ...{ method: 'GET', url: '/shared/:token', config },
    schema: {
      tags,
      summary: 'An answer that was shared',
      params: tokenParams,
      response: { 200: z.object({ answer: answerSchema, picture: z.string() }), ...problemResponses },
    },
    handler: async (request, reply) => {
      const { token } = request.params;
      reply.header('cache-control', 'private, no-cache');
      const self = sharedAddress(token);
      return { answer: answerView(sharedAnswer(parts, token), self), picture: `${self}/picture.png` };
    },
  });

  server.route({
    ...{ method: 'GET', url: '/shared/:token/picture.png', config },
    schema: { tags, summary: 'Its match picture', params: tokenParams, response: pictureResponses },
    handler: async (request, reply) =>
      sendPicture(reply, sharedAnswer(parts, request.params.token), parts, cacheControl),
  });

  server.route({
    ...{ method: 'GET', url: '/shared/:token/results/:rank/clips/:kind.mp3', config },
    schema: {
      tags,
      summary: 'The best moment of a result',
      params: tokenParams.extend(clipFields),
      response: audioResponses,
    },
    handler: async (request, reply) =>
      sendClip(request, reply, sharedAnswer(parts, request.params.token), request.params, parts, cacheControl),
  });
}
