/** What belongs to an answer: the match picture, and the clips of each result. */
import { z } from 'zod';
import { resultOf } from '../../answering/stored-result.ts';
import { LeitmotifError } from '../../errors.ts';
import { englishPictureWords } from '../../media/picture-words.ts';
import { problemResponses } from '../problems.ts';
import { storedOf } from '../query-view.ts';
import { sendFile } from '../send-file.ts';
import { callerOf, type RouteParts, type WebServer } from '../web-server.ts';
import { idParams } from './queries.ts';

const tags = ['queries'];
/** Only described: streams and buffers are sent as they are. */
export const bytesSchema = z.any().meta({ type: 'string', format: 'binary' });
const clipParams = idParams.extend({
  rank: z.string().regex(/^[1-9]\d?$/),
  kind: z.enum(['theirs', 'yours', 'both']).describe('The track, the query, or one after the other'),
});

export const audioResponses = {
  200: { description: 'mp3', content: { 'audio/mpeg': { schema: bytesSchema } } },
  206: { description: 'A range of it', content: { 'audio/mpeg': { schema: bytesSchema } } },
  ...problemResponses,
};

export function queryMediaRoutes(server: WebServer, { queries, services, media, stopping }: RouteParts): void {
  server.route({
    method: 'GET',
    url: '/queries/:id/picture.png',
    schema: {
      tags,
      summary: 'The match picture',
      params: idParams,
      response: {
        200: { description: 'A PNG', content: { 'image/png': { schema: bytesSchema } } },
        ...problemResponses,
      },
    },
    handler: async (request, reply) => {
      const stored = storedOf(queries.get(callerOf(request), request.params.id), queries, services.catalog);
      const { results } = stored.answer;
      const picture = await media.picture(
        stored.answer,
        englishPictureWords,
        results.slice(0, Math.min(stored.options.results, 10)),
      );
      return reply.header('cache-control', 'private, max-age=86400').type('image/png').send(picture);
    },
  });

  server.route({
    method: 'GET',
    url: '/queries/:id/results/:rank/clips/:kind.mp3',
    schema: {
      tags,
      summary: 'The best matching moment of a result, to hear',
      description: 'At equal loudness, with the range requests that players send.',
      params: clipParams,
      response: audioResponses,
    },
    handler: async (request, reply) => {
      const { id, rank, kind } = request.params;
      const stored = storedOf(queries.get(callerOf(request), id), queries, services.catalog);
      const result = stored.answer.results.find((each) => String(each.rank) === rank);
      if (!result || result.hits.length === 0)
        throw new LeitmotifError('not-found', `Cannot find a clip of result ${rank}`);
      // The cut is shared by callers and continues when one of them leaves.
      const clips = await media.clips(stored, resultOf(stored, rank, services), stopping);
      const file = { theirs: clips.theirs, yours: clips.yours, both: clips.ab }[kind];
      if (file === null)
        throw new LeitmotifError('not-found', "Cannot play the query's side: its sound is no longer stored");
      return sendFile(request, reply, file, { cacheControl: 'private, max-age=86400', type: 'audio/mpeg' });
    },
  });
}
