/** /library/backups and /library/checks: copies of the catalog, and checks of the index folder. */
import { z } from 'zod';
import { jobSchema, shownJob } from '../job-view.ts';
import { problemResponses } from '../problems.ts';
import { isoOf } from '../times.ts';
import { callerOf, type RouteParts, type WebServer } from '../web-server.ts';

const tags = ['administration'];
const config = { access: 'admin' } as const;
/** For a store that is elsewhere. */
const listWithinMs = 30_000;

const backupSchema = z
  .object({ name: z.string(), madeAt: z.iso.datetime(), sizeBytes: z.number() })
  .meta({ id: 'Backup' });

export const backupsSchema = z
  .object({ location: z.string().describe('BACKUPS'), backups: z.array(backupSchema) })
  .meta({ id: 'Backups' });

export function backupRoutes(server: WebServer, { services, jobs, stopping }: RouteParts): void {
  server.route({
    method: 'GET',
    url: '/library/backups',
    config,
    schema: {
      tags,
      summary: 'Backups of the catalog, newest first',
      description: 'Restoring one is a command, because it needs no intact catalog: npm run library -- restore NAME.',
      response: {
        200: backupsSchema,
        ...problemResponses,
      },
    },
    handler: async (_request, reply) => {
      const signal = AbortSignal.any([stopping, AbortSignal.timeout(listWithinMs)]);
      const { location, stored } = await services.maintenance.backups(signal);
      reply.header('cache-control', 'private, no-cache');
      const backups = stored.toReversed().map(({ name, madeAtMs, sizeBytes }) => {
        return { name, madeAt: isoOf(madeAtMs), sizeBytes };
      });
      return { location, backups };
    },
  });

  server.route({
    method: 'POST',
    url: '/library/backups',
    config,
    schema: {
      tags,
      summary: 'Back up the catalog',
      description: 'While one is made, that one. BACKUPS_KEPT older ones are kept; unset, all of them.',
      response: { 202: jobSchema, ...problemResponses },
    },
    handler: async (request, reply) => {
      const shown = shownJob(jobs.begin({ kind: 'backup' }, callerOf(request).id));
      return reply.code(202).header('location', shown.self).send(shown);
    },
  });

  server.route({
    method: 'POST',
    url: '/library/checks',
    config,
    schema: {
      tags,
      summary: 'Check the index folder, and repair what can be repaired',
      body: z.strictObject({
        deep: z.boolean().default(false).describe('Also reads every vector and every byte of the recordings'),
      }),
      response: { 202: jobSchema, ...problemResponses },
    },
    handler: async (request, reply) => {
      const shown = shownJob(jobs.begin({ kind: 'verify', deep: request.body.deep }, callerOf(request).id));
      return reply.code(202).header('location', shown.self).send(shown);
    },
  });
}
