/** /workers and /server: the programs behind the answers, for the person who runs them. */
import { z } from 'zod';
import { diskUse } from '../../services/disk-use.ts';
import { problemOf, problemResponses, problemSchema } from '../problems.ts';
import { isoOf } from '../times.ts';
import type { RouteParts, WebServer } from '../web-server.ts';

const tags = ['operations'];
const config = { access: 'admin' } as const;
const workersWithinMs = 10_000;

const workerSchema = z
  .object({
    host: z.string().nullable().describe('null: it belongs to this server'),
    state: z.enum(['ready', 'loading', 'unavailable']),
    error: problemSchema.nullable(),
    version: z.string().nullable(),
    recordingsMax: z.int().nullable().describe('Recordings that it works on at once'),
    queue: z.object({ running: z.int(), waiting: z.int() }).nullable(),
    models: z.array(
      z.object({
        name: z.string(),
        version: z.string(),
        device: z.string().describe('What the vectors are computed on; `loading` until it is known'),
        passedOver: z.array(z.string()).describe('Devices that could not be used, without the reasons'),
      }),
    ),
  })
  .meta({ id: 'Worker' });

export const workersSchema = z.object({ workers: z.array(workerSchema) }).meta({ id: 'Workers' });

export const serverSchema = z
  .object({
    version: z.string(),
    node: z.string(),
    startedAt: z.iso.datetime(),
    memoryBytes: z.number(),
    queries: z.object({ running: z.int(), waiting: z.int() }),
    disk: z
      .object({ usedBytes: z.number().describe('By INDEX_DIR'), freeBytes: z.number() })
      .nullable()
      .describe('null: unknown'),
  })
  .meta({ id: 'Server' });

export function operationRoutes(server: WebServer, { services, queue, version, stopping }: RouteParts): void {
  const startedAt = isoOf(Date.now());

  server.route({
    method: 'GET',
    url: '/workers',
    config,
    schema: {
      tags,
      summary: 'The embedding workers: device, queue and versions',
      response: { 200: workersSchema, ...problemResponses },
    },
    handler: async (_request, reply) => {
      reply.header('cache-control', 'no-store');
      const signal = AbortSignal.any([stopping, AbortSignal.timeout(workersWithinMs)]);
      const workers = await services.worker.statuses(signal);
      return {
        workers: workers.map(({ url, isReady, facts, failure }) => ({
          host: url === null ? null : (URL.parse(url)?.host ?? ''),
          state: isReady ? ('ready' as const) : facts === null ? ('unavailable' as const) : ('loading' as const),
          error: failure === null ? null : problemOf(failure, 'worker'),
          version: facts?.version ?? null,
          recordingsMax: facts?.recordingsMax ?? null,
          queue: facts?.queue ?? null,
          models: (facts?.models ?? []).map(({ name, version: of, device, passedOver }) => {
            // Reasons name files of the worker's machine.
            return { name, version: of, device, passedOver: passedOver.map((each) => each.split(':')[0] ?? '') };
          }),
        })),
      };
    },
  });

  server.route({
    method: 'GET',
    url: '/server',
    config,
    schema: {
      tags,
      summary: 'This server: version, memory, disk',
      response: { 200: serverSchema, ...problemResponses },
    },
    handler: async (_request, reply) => {
      reply.header('cache-control', 'no-store');
      const disk = await diskUse(services.config.indexDir).catch(() => null);
      return {
        ...{ version, node: process.version, startedAt, disk },
        memoryBytes: process.memoryUsage.rss(),
        queries: { ...queue.counts },
      };
    },
  });
}
