/** Keeps foreign web pages out of a server that has no passwords. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';

/** Host names of a server on loopback. The port may be that of a tunnel. */
const loopbackNames = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Refuses requests of foreign web pages: there are no passwords, so loopback alone is no protection. A page whose name resolves
 *  to 127.0.0.1 (DNS rebinding) is recognised by its Host, any other page by its Origin. Applies to web sockets too. Must be
 *  called after @fastify/websocket, whose hook closes refused sockets, and before the routes. */
export function refuseForeignPages(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (isOurs(request.headers)) return;
    return reply.status(403).send({ message: 'This server answers pages of its own address only.', code: 0 });
  });
}

/** Bots and media players send no Origin. That of the server's own page is the Host. */
function isOurs({ host = '', origin }: Pick<IncomingHttpHeaders, 'host' | 'origin'>): boolean {
  const url = `http://${host}`;
  if (!URL.canParse(url) || !loopbackNames.has(new URL(url).hostname)) return false;
  return origin === undefined || origin === new URL(url).origin;
}
