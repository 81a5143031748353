/** /healthz, /readyz and /metrics, for supervisors, load balancers and Prometheus. */
import { z } from 'zod';
import type { RouteParts, WebServer } from '../web-server.ts';
import { indexFacts, workerState } from './library.ts';

const tags = ['operations'];
const readyWithinMs = 3_000;
const retryAfterSec = 5;
/** Probes may come from everywhere; one look serves all that come meanwhile. */
const knownForMs = 1_000;

const readySchema = z.object({ status: z.enum(['ready', 'unavailable']), worker: z.string(), index: z.string() });
type Ready = z.infer<typeof readySchema>;

export function statusRoutes(server: WebServer, parts: RouteParts): void {
  let looked: { readonly atMs: number; readonly found: Promise<Ready> } | null = null;

  server.route({
    method: 'GET',
    url: '/healthz',
    config: { access: 'open', rateLimit: false },
    schema: { tags, summary: 'Whether the server runs', response: { 200: z.object({ status: z.literal('ok') }) } },
    handler: async () => ({ status: 'ok' as const }),
  });

  server.route({
    method: 'GET',
    url: '/readyz',
    config: { access: 'open', rateLimit: false },
    schema: {
      tags,
      summary: 'Whether queries can be answered: worker and index are there',
      response: { 200: readySchema, 503: readySchema },
    },
    handler: async (_request, reply) => {
      if (!looked || performance.now() - looked.atMs > knownForMs)
        looked = { atMs: performance.now(), found: look(parts) };
      const ready = await looked.found;
      if (ready.status === 'ready') return ready;
      return reply.code(503).header('retry-after', String(retryAfterSec)).send(ready);
    },
  });

  server.route({
    method: 'GET',
    url: '/metrics',
    config: { access: 'admin' },
    schema: {
      tags,
      summary: 'Metrics for Prometheus',
      response: { 200: { description: 'Text format', content: { 'text/plain': { schema: z.string() } } } },
    },
    handler: async (_request, reply) => {
      const { contentType } = parts.metrics;
      return reply.type(contentType).send(await parts.metrics.render());
    },
  });
}

async function look(parts: RouteParts): Promise<Ready> {
  const signal = AbortSignal.timeout(readyWithinMs);
  const [worker, { indexError }] = await Promise.all([workerState(parts, signal), indexFacts(parts, signal)]);
  const isReady = worker === 'ready' && indexError === null;
  return { status: isReady ? 'ready' : 'unavailable', worker, index: indexError ?? 'open' };
}
