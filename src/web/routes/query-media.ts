/** What belongs to an answer: the match picture, and the clips of each result. */
import { sendClip, sendPicture } from '../answer-files.ts';
import { storedOf } from '../query-view.ts';
import { audioResponses, clipFields, pictureResponses, queryParams } from '../route-schemas.ts';
import { callerOf, type RouteParts, type WebServer } from '../web-server.ts';

const tags = ['queries'];
const cacheControl = 'private, max-age=86400';

export function queryMediaRoutes(server: WebServer, parts: RouteParts): void {
  const { queries, services } = parts;

  server.route({
    method: 'GET',
    url: '/queries/:id/picture.png',
    schema: { tags, summary: 'The match picture', params: queryParams, response: pictureResponses },
    handler: async (request, reply) => {
      const stored = storedOf(queries.get(callerOf(request), request.params.id), queries, services.catalog);
      return sendPicture(reply, stored, parts, cacheControl);
    },
  });

  server.route({
    method: 'GET',
    url: '/queries/:id/results/:rank/clips/:kind.mp3',
    schema: {
      tags,
      summary: 'The best matching moment of a result, to hear',
      description: 'At equal loudness, with the range requests that players send.',
      params: queryParams.extend(clipFields),
      response: audioResponses,
    },
    handler: async (request, reply) => {
      const stored = storedOf(queries.get(callerOf(request), request.params.id), queries, services.catalog);
      return sendClip(request, reply, stored, request.params, parts, cacheControl);
    },
  });
}
