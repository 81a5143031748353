/** The REST API under /api/v10: authentication, faults on demand, rate limits and error bodies. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError, refusals } from './api-error.ts';
import { applicationRoutes } from './application-routes.ts';
import { channelRoutes } from './channel-routes.ts';
import type { Core } from './core.ts';
import type { Fault } from './faults.ts';
import { guildRoutes } from './guild-routes.ts';
import { interactionRoutes } from './interaction-routes.ts';
import { tokenRoutes } from './oauth-routes.ts';
import { threadRoutes } from './thread-routes.ts';
import { readUploads } from './upload-body.ts';

/** Routes that are authorised by an interaction's token in the path. */
const withoutToken = /^\/(interactions|webhooks)\//;
/** Routes of the client, authorised by its secret. */
const byClient = /^\/oauth2\/token(\/revoke)?$/;
/** Routes that a user's access token opens, with the scope that they need. */
const byUser: Readonly<Record<string, string>> = { '/users/@me': 'identify', '/users/@me/guilds': 'guilds' };

interface Fate {
  readonly atMs: number;
  fault: Fault | null;
}

export async function api(app: FastifyInstance, core: Core): Promise<void> {
  const fates = new WeakMap<FastifyRequest, Fate>();
  /** Calls are refused after their bodies were read: a client that is still uploading would see a broken connection. */
  const rated = new WeakMap<FastifyRequest, ApiError>();
  const fateOf = (request: FastifyRequest): Fate => fates.get(request) ?? { atMs: core.clock.nowMs(), fault: null };
  const log = (request: FastifyRequest, status: number) => {
    const { atMs } = fateOf(request);
    core.log.add({ method: request.method, path: apiPath(request), status, atMs, tookMs: core.clock.nowMs() - atMs });
  };
  /** Resets the connection, as when a proxy dies: the client sees ECONNRESET. */
  const breakConnection = (request: FastifyRequest, reply: FastifyReply) => {
    reply.hijack();
    request.raw.socket.resetAndDestroy();
    log(request, 0);
  };

  app.addHook('onRequest', async (request, reply) => {
    fates.set(request, { atMs: core.clock.nowMs(), fault: null });
    const route = apiRoute(request);
    if (route === null) return;
    const params = request.params as Record<string, string>;
    const { refused, headers } = core.rateLimits.take({ method: request.method, route, params });
    // On the raw response, so that every kind of reply carries them.
    for (const [name, value] of Object.entries(headers)) reply.raw.setHeader(name, value);
    if (!refused) return;
    const { retryAfterSec, isGlobal } = refused;
    reply.header('x-ratelimit-scope', isGlobal ? 'global' : 'user');
    if (isGlobal) reply.header('x-ratelimit-global', 'true');
    rated.set(request, refusals.rateLimited(retryAfterSec, isGlobal));
  });
  await readUploads(app);
  app.addHook('preHandler', async (request, reply) => {
    const tooMany = rated.get(request);
    if (tooMany) throw tooMany;
    const { fault, slowMs } = core.faults.draw(`${request.method} ${apiPath(request)}`, true);
    fateOf(request).fault = fault;
    if (slowMs > 0) await sleep(slowMs);
    if (fault === 'dropped') return breakConnection(request, reply);
    if (fault && fault !== 'lost-answer') return fail(fault, core.faults.retryAfterMs, reply);
    const token = request.headers.authorization?.replace(/^Bot /, '') ?? '';
    const path = apiPath(request);
    if (withoutToken.test(path) || byClient.test(path) || core.acceptsToken(token)) return;
    const scope = byUser[path];
    const user = core.oauth.tokenOf(request.headers.authorization);
    if (!user || scope === undefined || !user.scopes.includes(scope)) throw refusals.unauthorized();
  });
  app.addHook('onSend', async (request, reply, payload) => {
    if (fateOf(request).fault === 'lost-answer') return breakConnection(request, reply);
    // Without a charset, like Discord: some clients compare the whole header.
    const type = String(reply.getHeader('content-type') ?? '');
    if (type.startsWith('application/json')) reply.header('content-type', 'application/json');
    return payload;
  });
  app.addHook('onResponse', async (request, reply) => log(request, reply.statusCode));
  app.setErrorHandler((error, request, reply) => {
    const refusal = toRefusal(error);
    const [method, path, atMs] = [request.method, apiPath(request), fateOf(request).atMs];
    const { status, code } = refusal ?? { status: 500, code: 0 };
    // Errors of the local Discord itself are listed too, so that tests notice them.
    const text = refusal?.describe() ?? `Local Discord broke: ${error instanceof Error ? error.stack : error}`;
    core.log.addRefusal({ method, path, status, code, text, atMs });
    if (refusal && refusal.retryAfterSec !== null) reply.header('retry-after', String(refusal.retryAfterSec));
    return reply.status(status).send(refusal?.toBody() ?? { message: text, code });
  });
  app.setNotFoundHandler(() => {
    throw refusals.notFound();
  });

  applicationRoutes(app, core);
  interactionRoutes(app, core, (request) => fateOf(request).atMs);
  channelRoutes(app, core);
  threadRoutes(app, core);
  guildRoutes(app, core);
  // In a scope of its own: only these take forms.
  void app.register(async (scope) => tokenRoutes(scope, core));
}

function apiPath(request: FastifyRequest): string {
  return (request.url.split('?')[0] ?? '').replace(/^\/api\/v\d+/, '').replace('%40', '@');
}

/** The route as declared, with :names; null for an unknown route. */
function apiRoute({ routeOptions }: FastifyRequest): string | null {
  return routeOptions.url?.replace(/^\/api\/v\d+/, '') ?? null;
}

function toRefusal(error: unknown): ApiError | null {
  if (error instanceof ApiError) return error;
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  if (statusCode === 413 || code === 'FST_REQ_FILE_TOO_LARGE') return refusals.tooLarge();
  return statusCode !== undefined && statusCode < 500 ? refusals.badJson() : null;
}

function fail(fault: Fault, retryAfterMs: number, reply: FastifyReply): FastifyReply {
  const retryAfterSec = retryAfterMs / 1000;
  switch (fault) {
    case 'status500':
      return reply.status(500).send({ message: '500: Internal Server Error', code: 0 });
    case 'status502':
      return reply.status(502).type('text/html').send('<html><h1>502 Bad Gateway</h1></html>');
    case 'status429':
    case 'global429': {
      const isGlobal = fault === 'global429';
      return reply
        .status(429)
        .headers({
          'retry-after': String(Math.ceil(retryAfterSec * 1000) / 1000),
          'x-ratelimit-scope': isGlobal ? 'global' : 'user',
          ...(isGlobal
            ? { 'x-ratelimit-global': 'true' }
            : {
                'x-ratelimit-limit': '5',
                'x-ratelimit-remaining': '0',
                'x-ratelimit-reset-after': String(retryAfterSec),
              }),
        })
        .send(refusals.rateLimited(retryAfterSec, isGlobal).toBody());
    }
    default:
      throw new TypeError(`Cannot answer with the fault ${fault}`);
  }
}
