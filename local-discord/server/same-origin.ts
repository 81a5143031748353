/** Refuses what a foreign web page sends: the local Discord has no passwords, so loopback alone is no protection. A page
 *  whose name resolves to 127.0.0.1 (DNS rebinding) is known by its Host, any other page by its Origin. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';

/** A server on loopback is called by one of these; the port may be that of a tunnel. */
const loopbackNames = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** For every route of the app, web sockets too. Call it after @fastify/websocket, whose hook closes what is refused, and before the
 *  routes. */
export function refuseForeignPages(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (isOurs(request.headers)) return;
    return reply.status(403).send({ message: 'This server answers pages of its own address only.', code: 0 });
  });
}

/** Bots and players send no Origin; the page's own is this very host. */
export function isOurs({ host = '', origin }: Pick<IncomingHttpHeaders, 'host' | 'origin'>): boolean {
  const url = `http://${host}`;
  if (!URL.canParse(url) || !loopbackNames.has(new URL(url).hostname)) return false;
  return origin === undefined || origin === new URL(url).origin;
}
