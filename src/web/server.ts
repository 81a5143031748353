/** The web API's HTTP server: the order of its guards, the description, and the form of errors. */
import cookie from '@fastify/cookie';
import etag from '@fastify/etag';
import helmet from '@fastify/helmet';
import multipart from '@fastify/multipart';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyRequest, LogController } from 'fastify';
import { jsonSchemaTransformObject, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { LeitmotifError } from '../errors.ts';
import type { AccessControl } from './access.ts';
import { headBytesMax, refuseClient } from './client-error.ts';
import { describeRoute } from './description.ts';
import { allowMethods } from './methods.ts';
import { previewOf } from './preview.ts';
import { sendProblem } from './problems.ts';
import { prefix } from './query-view.ts';
import { adminRoutes } from './routes/admin.ts';
import { libraryRoutes } from './routes/library.ts';
import { mapRoutes } from './routes/map.ts';
import { pageRoutes } from './routes/page.ts';
import { queryRoutes } from './routes/queries.ts';
import { queryMediaRoutes } from './routes/query-media.ts';
import { restRoutes } from './routes/rest.ts';
import { sharedRoutes } from './routes/shared.ts';
import { shareRoutes } from './routes/shares.ts';
import { signInRoutes } from './routes/sign-in.ts';
import { statusRoutes } from './routes/status.ts';
import { trackRoutes } from './routes/tracks.ts';
import { voteRoutes } from './routes/votes.ts';
import type { Sessions } from './sessions.ts';
import type { RouteParts, WebServer } from './web-server.ts';

export interface ServerOptions extends RouteParts {
  readonly access: AccessControl;
  /** The folder of the web app's built page; null: this server has none. */
  readonly page: (() => Promise<string>) | null;
  /** null: nobody can sign in. */
  readonly sessions: Sessions | null;
}

/** A recording of 500 MB at 7 Mbit/s; a slower client is cut off. */
const requestTimeoutMs = 600_000;
/** Idle connections cost a descriptor each. */
const connectionsMax = 1_000;
/** Of a form, besides the file. */
const fieldsMax = 10;
const fieldBytesMax = 1_000;
const minute = 60_000;

/** Nothing inline and nothing from elsewhere. Swagger UI sets styles of elements by script, which no policy concerns. */
const contentSecurityPolicy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    mediaSrc: ["'self'"],
    fontSrc: ["'self'"],
    connectSrc: ["'self'"],
    manifestSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
};

export async function createServer(options: ServerOptions): Promise<WebServer> {
  const { services, log, access, metrics } = options;
  const { web, fetchLimits } = services.config;
  const server = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: requestTimeoutMs,
    http: { maxHeaderSize: headBytesMax },
    clientErrorHandler: refuseClient,
    forceCloseConnections: true,
    trustProxy: web.trustedProxies.length > 0 ? [...web.trustedProxies] : false,
  }) as unknown as WebServer;
  server.server.maxConnections = connectionsMax;
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  server.decorateRequest('caller', null);
  const notFound = allowMethods(server);
  server.setErrorHandler((error, request, reply) => {
    // The framework refuses some methods before it looks for a route.
    const isUnroutable = request.is404 && !(error instanceof LeitmotifError);
    return sendProblem(isUnroutable ? notFound(request) : error, request, reply);
  });

  // Guards, in this order: the names of this server, the limit of the address, the key, the limit of the key, the body.
  server.addHook('onRequest', async (request) => access.checkAddresses(request));
  await server.register(rateLimit, {
    max: web.requestsPerMinute,
    timeWindow: minute,
    keyGenerator: ({ ip }) => ip,
    errorResponseBuilder: (_request, { ttl }) => tooMany(ttl),
  });
  const ofKey = server.createRateLimit({
    max: web.requestsPerMinute,
    timeWindow: minute,
    keyGenerator: ({ caller }: FastifyRequest) => caller?.id ?? '',
  });
  server.addHook('preParsing', async (request) => {
    if (request.is404) return;
    request.caller = await access.callerOf(request, request.routeOptions.config.access ?? 'query');
    if (!request.caller || request.caller.way === 'local') return;
    const limit = await ofKey(request);
    if (!limit.isAllowed && limit.isExceeded) throw tooMany(limit.ttl);
  });
  server.setNotFoundHandler((request) => {
    throw notFound(request);
  });
  server.addHook('onResponse', async ({ method, routeOptions }, reply) => {
    metrics.answered(method, routeOptions.url ?? 'unknown', reply.statusCode, reply.elapsedTime);
  });

  await server.register(helmet, {
    contentSecurityPolicy,
    // HTTPS is the reverse proxy's.
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
  });
  await server.register(cookie);
  await server.register(etag, { weak: true });
  await server.register(multipart, {
    limits: { files: 1, fields: fieldsMax, fieldSize: fieldBytesMax, fileSize: fetchLimits.bytesMax + 1 },
  });
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Leitmotif',
        version: options.version,
        description: 'Finds music that sounds like a piece you give it. Errors are problem details (RFC 9457).',
      },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }, {}],
    },
    transform: describeRoute,
    transformObject: jsonSchemaTransformObject,
  });
  await server.register(async (open) => {
    open.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'open' };
    });
    await open.register(swaggerUi, { routePrefix: '/api/docs', staticCSP: false });
    open.get('/api/openapi.json', { schema: { hide: true } }, async () => server.swagger());
  });
  statusRoutes(server, options);
  signInRoutes(server, options.sessions);
  if (options.page) pageRoutes(server, options.page, (request, token) => previewOf(options, request, token));
  await server.register(async (scope) => restRoutes(scope as unknown as WebServer, options, access, options.version));
  await server.register(
    async (scope) => {
      const api = scope as unknown as WebServer;
      queryRoutes(api, options);
      queryMediaRoutes(api, options);
      trackRoutes(api, options);
      mapRoutes(api, options);
      voteRoutes(api, options);
      shareRoutes(api, options);
      sharedRoutes(api, options);
      libraryRoutes(api, options);
      adminRoutes(api, options);
    },
    { prefix },
  );
  return server;
}

function tooMany(ttlMs: number): LeitmotifError {
  const facts = { retryAtMs: Date.now() + ttlMs };
  return new LeitmotifError('cooling-down', 'Cannot take another request yet: too many came in the last minute', {
    facts,
  });
}
