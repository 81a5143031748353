/** The worker's HTTP server: authentication, routes and the form of errors. */
import { createHash, timingSafeEqual } from 'node:crypto';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import type { Logger } from 'pino';
import { textBodyBytesMax } from '../src/embedding/wire-format.ts';
import { type ErrorCode, LeitmotifError, toLeitmotifError } from '../src/errors.ts';
import { DrainingError, QueueFullError } from './admission.ts';
import { type EmbeddingsRouteOptions, embeddingsRoute } from './embeddings-route.ts';
import type { OpenRequests } from './open-requests.ts';
import { type TextEmbeddingsRouteOptions, textEmbeddingsRoute } from './text-embeddings-route.ts';

export interface ServerOptions extends EmbeddingsRouteOptions, TextEmbeddingsRouteOptions {
  readonly token: string;
  /** Recordings processed at once; clients use it to spread recordings over workers. */
  readonly recordingsMax: number;
  /** The worker's version, for operators. */
  readonly version: string;
  /** Requests that run or wait, of all kinds. */
  readonly connectionsMax: number;
  readonly openRequests: OpenRequests;
  readonly log: Logger;
}

/** Requested by load balancers and supervisors without a token; the answers contain nothing about recordings. */
const openPaths = ['/healthz', '/readyz'];

/** Time for a client that is refused while it still sends; then the connection is closed. Closing it at once would reset it
 *  and lose the answer. */
const lingerMs = 5_000;

/** Connections in addition to running and queued requests: probes, `/metrics`, and refusals that are not read yet. */
const spareConnections = 256;

export function createServer(options: ServerOptions): FastifyInstance {
  const server = Fastify({
    loggerInstance: options.log,
    // One log line for each recording instead of two for each request.
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: options.requestDeadlineMs,
    forceCloseConnections: true,
  }) as unknown as FastifyInstance;
  // An idle connection costs memory and a descriptor, and needs no token.
  server.server.maxConnections = options.connectionsMax + spareConnections;
  const checkToken = bearerCheck(options.token);

  // Before the check, because a refused request ends too.
  server.addHook('onRequest', async () => options.openRequests.begin());
  server.addHook('onRequest', async (request) => {
    if (!openPaths.includes(request.routeOptions.url ?? '')) checkToken(request.headers.authorization);
  });
  server.addHook('onResponse', async (request) => {
    options.openRequests.end();
    drainBody(request);
  });
  server.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  server.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ code: 'bad-request', message: `Cannot ${request.method} ${request.url}: no such address` }),
  );

  // Bodies are recordings whatever their content type says; the route reads them itself, as a stream.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, _payload, done) => done(null));

  server.get('/healthz', async () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const { isDraining } = options.admission;
    const ready = options.models.ready && !isDraining;
    const status = isDraining ? 'draining' : 'loading';
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : status });
  });
  server.get('/metrics', async (_request, reply) => {
    const { registry } = options.metrics;
    return reply.type(registry.contentType).send(await registry.metrics());
  });
  server.get('/v1/models', async () => {
    const { recordingsMax, version, admission, models } = options;
    const { isDraining: draining, state, usualSec } = admission;
    const queue = { ...state, usualSec };
    return { recordingsMax, version, queue, draining, ...models.describe() };
  });
  server.post('/v1/embeddings', embeddingsRoute(options));
  // Texts are small and are read whole before their route runs.
  server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: textBodyBytesMax }, (_request, body, done) =>
      done(null, body),
    );
    scope.post('/v1/text-embeddings', textEmbeddingsRoute(options));
  });
  return server;
}

/** Statuses of refusals; other failures get 500. Clients read the code in the body. */
const httpStatuses: Partial<Record<ErrorCode, number>> = {
  'bad-request': 400,
  unauthorized: 401,
  'model-unknown': 404,
  'model-without-text': 404,
  'audio-too-large': 413,
  'audio-too-long': 413,
  'audio-empty': 422,
  'audio-no-sound': 422,
  'audio-refused': 422,
  'audio-timeout': 422,
  'audio-too-costly': 422,
  'audio-too-short': 422,
  'audio-unreadable': 422,
  'file-unreadable': 422,
  'text-refused': 422,
  'queue-full': 429,
  cancelled: 499,
  'worker-protocol': 502,
  'worker-unavailable': 503,
  'disk-full': 507,
};

function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = toKnownError(thrown);
  if (error.code === 'internal') request.log.error({ err: thrown }, 'failed');
  else request.log.info({ code: error.code, reason: error.message }, 'refused');
  if (error instanceof QueueFullError || error instanceof DrainingError)
    reply.header('retry-after', String(error.retryAfterSec));
  return reply.code(httpStatuses[error.code] ?? 500).send({ code: error.code, message: error.message });
}

/** The framework's own refusals (a bad URL, a bad header) carry a 4xx status. */
function toKnownError(thrown: unknown): LeitmotifError {
  const status = thrown instanceof Error && 'statusCode' in thrown ? Number(thrown.statusCode) : 500;
  if (status === 413 && !(thrown instanceof LeitmotifError)) {
    const kilobytes = textBodyBytesMax / 1024;
    return new LeitmotifError('bad-request', `Cannot read the request: expected at most ${kilobytes} KiB`, {
      cause: thrown,
    });
  }
  if (thrown instanceof Error && !(thrown instanceof LeitmotifError) && status >= 400 && status < 500) {
    return new LeitmotifError('bad-request', thrown.message, { cause: thrown });
  }
  return toLeitmotifError(thrown);
}

function drainBody({ raw }: FastifyRequest): void {
  if (raw.complete || raw.destroyed) return;
  raw.resume();
  setTimeout(() => {
    if (!raw.complete) raw.socket.destroy();
  }, lingerMs).unref();
}

/** @returns a check of the Authorization header in constant time
 *  @throws {LeitmotifError} unauthorized, from the check */
function bearerCheck(token: string): (authorization: string | undefined) => void {
  const expected = sumOf(`Bearer ${token}`);
  return (authorization) => {
    if (!timingSafeEqual(sumOf(authorization ?? ''), expected)) {
      throw new LeitmotifError('unauthorized', 'Cannot let this request in: expected the bearer token of this worker');
    }
  };
}

/** timingSafeEqual needs arguments of equal length. */
function sumOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
