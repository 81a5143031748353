/** /library/failures: recordings that could not be indexed, and trying them again. */
import { z } from 'zod';
import { retryBusy } from '../../catalog/retry-busy.ts';
import { LeitmotifError } from '../../errors.ts';
import { problemResponses } from '../problems.ts';
import { isoOf, isoOrNull } from '../times.ts';
import { callerOf, type RouteParts, type WebServer } from '../web-server.ts';
import { reindexSchema, shownReindex } from './reindexes.ts';

const tags = ['administration'];
const config = { access: 'admin' } as const;
const failuresMax = 1_000;
/** As a path may be. */
const keyMax = 4_096;
/** Keys of usual length, as many as are listed. */
const keysBytesMax = 1_048_576;

const failureSchema = z
  .object({
    key: z.string(),
    code: z.string(),
    message: z.string(),
    tries: z.int(),
    at: z.iso.datetime(),
    retryAt: z.iso.datetime().nullable().describe('null: when the file changes'),
  })
  .meta({ id: 'Failure' });

export const failuresSchema = z.object({ total: z.int(), failures: z.array(failureSchema) }).meta({ id: 'Failures' });

export function failureRoutes(server: WebServer, parts: RouteParts): void {
  const { services, libraryQueries, reindexer, log } = parts;

  server.route({
    method: 'GET',
    url: '/library/failures',
    config,
    schema: {
      tags,
      summary: 'Recordings that could not be indexed, and why',
      querystring: z.object({ limit: z.coerce.number<string>().int().min(1).max(failuresMax).default(100) }),
      response: {
        200: failuresSchema,
        ...problemResponses,
      },
    },
    handler: async (request, reply) => {
      const { total, shown } = await libraryQueries.failures(request.query.limit);
      reply.header('cache-control', 'private, no-cache');
      const failures = shown.map(({ key, code, message, tries, atMs, retryAtMs }) => {
        return { key, code, message, tries, at: isoOf(atMs), retryAt: isoOrNull(retryAtMs) };
      });
      return { total, failures };
    },
  });

  server.route({
    method: 'POST',
    url: '/library/failures/retries',
    config,
    bodyLimit: keysBytesMax,
    schema: {
      tags,
      summary: 'Try recordings again that could not be indexed',
      description: 'Returns the reindex that does it. It also indexes what has changed since the last one.',
      body: z.strictObject({
        keys: z.array(z.string().min(1).max(keyMax)).min(1).max(failuresMax).optional().describe('Unset: all'),
      }),
      response: { 202: reindexSchema, ...problemResponses },
    },
    handler: async (request, reply) => {
      const { keys = null } = request.body;
      const by = callerOf(request).id;
      // The open one may have passed these recordings already.
      if (services.catalog.reindexes.open() !== null) throw stillOpen();
      const count = await retryBusy(() => services.catalog.files.retryNow(keys));
      if (count === 0) throw new LeitmotifError('not-found', 'Cannot try again: there is no such failure');
      const asked = { mode: 'changed', requestedBy: by, guildId: null, channelId: null, locale: 'en-US' } as const;
      const { reindex, isNew } = await reindexer.ask(asked);
      if (!isNew) throw stillOpen();
      log.info({ by, recordings: count, reindex: reindex.id }, 'failed recordings are tried again');
      const shown = shownReindex(reindex, parts);
      return reply.code(202).header('location', shown.self).send(shown);
    },
  });
}

function stillOpen(): LeitmotifError {
  return new LeitmotifError('index-locked', 'Cannot try recordings again while a reindex is open: wait for its end');
}
