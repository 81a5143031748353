/** /library/reindexes: what a reindex would do, jobs with their progress, and cancelling. */
import { z } from 'zod';
import type { Reindex } from '../../catalog/reindexes.ts';
import { LeitmotifError } from '../../errors.ts';
import { problemOf, problemResponses, problemSchema } from '../problems.ts';
import { prefix } from '../query-view.ts';
import { eventResponses, numberParams } from '../route-schemas.ts';
import { isoOf, isoOrNull } from '../times.ts';
import { callerOf, type RouteParts, type WebServer } from '../web-server.ts';

const tags = ['administration'];
const config = { access: 'admin' } as const;
const lookEachMs = 1_000;
const listed = 20;

export const planSchema = z
  .object({
    files: z.record(z.string(), z.int()).describe('Counts: added, changed, moved, removed, unchanged and more'),
    bytes: z.number().describe('Of the files to read'),
    expected: z.object({ audioSec: z.number(), wallSec: z.number() }).nullable().describe('From earlier runs'),
  })
  .meta({ id: 'ReindexPlan' });

export const reindexSchema = z
  .object({
    id: z.int(),
    mode: z.enum(['changed', 'everything']),
    state: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
    askedBy: z.string().nullable().describe('null: the schedule. A Discord user, or `web:` and the id of the API key'),
    askedAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    endedAt: z.iso.datetime().nullable(),
    waitingFor: z.string().nullable().describe('Why it waits, when another program is indexing'),
    progress: z
      .object({
        phase: z.enum(['scan', 'embed', 'generation', 'done']),
        tracksDone: z.int(),
        tracksTotal: z.int(),
        bytesDone: z.number(),
        bytesTotal: z.number(),
        failed: z.int(),
        etaSec: z.number().nullable(),
      })
      .nullable()
      .describe('null when another program runs it, such as the bot'),
    error: problemSchema.nullable(),
    self: z.string(),
    events: z.string(),
  })
  .meta({ id: 'Reindex' });

export const reindexesSchema = z.object({ reindexes: z.array(reindexSchema) }).meta({ id: 'Reindexes' });

export function reindexRoutes(server: WebServer, parts: RouteParts): void {
  const { services, reindexer, libraryQueries, streams } = parts;

  server.route({
    method: 'POST',
    url: '/library/reindexes',
    config,
    schema: {
      tags,
      summary: 'Index the library again, or see what that would do',
      description: 'With `dryRun`, 200 and the plan. Else 202 and the job: one at a time; while one is open, that one.',
      body: z.strictObject({
        mode: z.enum(['changed', 'everything']).default('changed'),
        dryRun: z.boolean().default(false),
      }),
      response: { 200: planSchema, 202: reindexSchema, ...problemResponses },
    },
    handler: async (request, reply) => {
      const { mode, dryRun } = request.body;
      if (dryRun) {
        const { files, bytes, expected } = await libraryQueries.plan(mode);
        return reply.code(200).send({ files: { ...files }, bytes, expected });
      }
      const asked = { mode, requestedBy: callerOf(request).id, guildId: null, channelId: null, locale: 'en-US' };
      const { reindex } = await reindexer.ask(asked);
      const shown = shownReindex(reindex, parts);
      return reply.code(202).header('location', shown.self).send(shown);
    },
  });

  server.route({
    method: 'GET',
    url: '/library/reindexes',
    config,
    schema: {
      tags,
      summary: 'The last jobs, newest first',
      response: {
        200: reindexesSchema,
        ...problemResponses,
      },
    },
    handler: async (_request, reply) => {
      reply.header('cache-control', 'no-store');
      return { reindexes: services.catalog.reindexes.newest(listed).map((each) => shownReindex(each, parts)) };
    },
  });

  server.route({
    method: 'GET',
    url: '/library/reindexes/:id',
    config,
    schema: { tags, summary: 'A job', params: numberParams, response: { 200: reindexSchema, ...problemResponses } },
    handler: async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return shownReindex(reindexOf(request.params.id, parts), parts);
    },
  });

  server.route({
    method: 'GET',
    url: '/library/reindexes/:id/events',
    config,
    schema: {
      tags,
      summary: 'Changes of a job, as Server-Sent Events',
      params: numberParams,
      response: eventResponses,
    },
    handler: async (request, reply) => {
      const { id } = reindexOf(request.params.id, parts);
      const current = () => {
        const reindex = reindexOf(id, parts);
        return { event: 'state', data: shownReindex(reindex, parts), isLast: reindex.finishedAtMs !== null };
      };
      // Another program may run the job, so the catalog is asked.
      streams.stream(reply, current, (onChange) => {
        let seen = '';
        const timer = setInterval(() => {
          try {
            const now = JSON.stringify(current().data);
            if (now === seen) return;
            seen = now;
            onChange();
          } catch {
            // The catalog is busy; the next look tells.
          }
        }, lookEachMs);
        return () => clearInterval(timer);
      });
    },
  });

  server.route({
    method: 'DELETE',
    url: '/library/reindexes/:id',
    config,
    schema: {
      tags,
      summary: 'Cancel a job; what is indexed stays',
      params: numberParams,
      response: { 204: z.undefined().describe('It ends now, or had ended'), ...problemResponses },
    },
    handler: async (request, reply) => {
      const { id } = reindexOf(request.params.id, parts);
      if (services.catalog.reindexes.open()?.id === id) await reindexer.cancel();
      return reply.code(204).send();
    },
  });
}

function reindexOf(id: number, { services }: RouteParts): Reindex {
  const reindex = services.catalog.reindexes.get(id);
  if (reindex) return reindex;
  throw new LeitmotifError('not-found', `Cannot find the reindex ${id}`);
}

export function shownReindex(reindex: Reindex, { reindexer }: Pick<RouteParts, 'reindexer'>) {
  const { id, mode, state, error, finishedAtMs } = reindex;
  const progress = finishedAtMs === null ? reindexer.progressOf(id) : null;
  const self = `${prefix}/library/reindexes/${id}`;
  return {
    ...{ id, mode, state },
    askedBy: reindex.requestedBy,
    askedAt: isoOf(reindex.requestedAtMs),
    startedAt: isoOrNull(reindex.startedAtMs),
    endedAt: isoOrNull(finishedAtMs),
    waitingFor: finishedAtMs === null ? reindexer.waitingFor : null,
    progress: progress && {
      phase: progress.phase,
      tracksDone: progress.tracksDone,
      tracksTotal: progress.tracksTotal,
      bytesDone: progress.bytesDone,
      bytesTotal: progress.bytesTotal,
      failed: progress.failed,
      etaSec: progress.etaSec,
    },
    error: error === null ? null : problemOf(new LeitmotifError(error.code, error.message), `reindex-${id}`),
    self,
    events: `${self}/events`,
  };
}
