/** /map: where the tracks of the library are in two dimensions. Made on the first request, in a process of its own. */
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { toLeitmotifError } from '../../errors.ts';
import { problemResponses } from '../problems.ts';
import type { RouteParts, WebServer } from '../web-server.ts';

/** A library of some hundred tracks is ready within it, so that clients need not ask again. */
const waitMs = 3_000;
const againSec = 3;

const column = z.array(z.int());
export const mapSchema = z
  .object({
    generation: z.string(),
    ids: column.describe('Of the tracks. The other columns are in this order'),
    x: column.describe('0 to 65535'),
    y: column.describe('0 to 65535'),
    cluster: column.describe('Tracks that sound alike have the same number; 0 is the largest cluster'),
    artist: column.describe('Place in `artists`; -1: none'),
    album: column.describe('Place in `albums`; -1: none'),
    artists: z.array(z.string()),
    albums: z.array(z.string()),
  })
  .meta({ id: 'Map' });

export function mapRoutes(server: WebServer, { services, mapQueries, log }: RouteParts): void {
  server.route({
    method: 'GET',
    url: '/map',
    schema: {
      tags: ['library'],
      summary: 'Where the tracks are on a map: near to what sounds like them',
      description:
        'Made when it is first asked for, and again when the library has changed; until then, the map before. 202: it is being made; ask again.',
      response: {
        200: mapSchema,
        202: z.object({ state: z.literal('making') }),
        304: z.null().describe('As the ETag of the request says'),
        ...problemResponses,
      },
    },
    handler: async (request, reply) => {
      let found = await services.maps.find();
      if (!found.isCurrent) {
        // Callers who wait share it.
        const made = mapQueries.map();
        if (found.file === null) await Promise.race([made, new Promise((resolve) => setTimeout(resolve, waitMs))]);
        made.catch((error: unknown) => log.warn({ err: toLeitmotifError(error) }, 'the map was not made'));
        found = await services.maps.find();
      }
      const { file } = found;
      reply.header('cache-control', 'private, no-cache').header('vary', 'accept-encoding');
      if (file === null) return reply.code(202).header('retry-after', againSec).send({ state: 'making' });
      const etag = `W/"${path.basename(file, '.json.gz')}"`;
      reply.header('etag', etag);
      if (request.headers['if-none-match'] === etag) return reply.code(304).send(null);
      reply.type('application/json; charset=utf-8');
      const packed = createReadStream(file);
      const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
      if (takesGzip) return reply.header('content-encoding', 'gzip').send(packed as never);
      return reply.send(packed.pipe(createGunzip()) as never);
    },
  });
}
