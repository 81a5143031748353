/** The CDN: files by signed links that die, with ranges, so that a player can seek. */
import { setTimeout as sleep } from 'node:timers/promises';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import type { Core } from './core.ts';

interface CdnRoute {
  Params: { shelf: string; id: string; name: string };
  Querystring: Record<string, string>;
}

export async function cdn(app: FastifyInstance, { store, faults }: Core): Promise<void> {
  await app.register(fastifyStatic, { root: store.folder, serve: false });
  for (const shelves of ['attachments', 'ephemeral-attachments']) {
    app.get<CdnRoute>(`/${shelves}/:shelf/:id/:name`, async ({ params, query, raw, method }, reply) => {
      const { shelf, id, name } = params;
      const linkPath = `/${shelves}/${shelf}/${id}/${name}`;
      const { fault, slowMs } = faults.draw(`${method} ${linkPath}`, false);
      if (slowMs > 0) await sleep(slowMs);
      if (fault === 'dropped' || fault === 'lost-answer') {
        raw.socket.resetAndDestroy();
        return reply.hijack();
      }
      if (fault)
        return reply
          .status(Number(/\d+/.exec(fault)?.[0]))
          .type('text/plain')
          .send('Local fault.');
      if (!store.isValid(linkPath, query)) {
        return reply.status(404).type('text/plain').send('This content is no longer available.');
      }
      return reply
        .header('access-control-allow-origin', '*')
        .type(store.contentType(id) ?? 'application/octet-stream')
        .sendFile(id, { contentType: false, cacheControl: false });
    });
  }
}
