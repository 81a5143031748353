/** Signing in with Discord, and out: /auth/discord leads to Discord and back, and ends with a session cookie. */
import '@fastify/cookie';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type LeitmotifError, toLeitmotifError } from '../../errors.ts';
import { assertFromOwnPage, signInPath } from '../access.ts';
import { problemResponses } from '../problems.ts';
import { attemptCookie, clearCookie, cookieOf, sessionCookie, setCookie } from '../session-cookies.ts';
import type { Sessions } from '../sessions.ts';
import type { WebServer } from '../web-server.ts';

const callbackPath = '/auth/discord/callback';
const attemptMaxSec = 600;
const tags = ['caller'];
const config = { access: 'open' } as const;

/** @param sessions null: nobody can sign in here */
export function signInRoutes(server: WebServer, sessions: Sessions | null): void {
  if (sessions === null) return;

  server.route({
    ...{ method: 'GET', url: signInPath, config },
    schema: { hide: true, querystring: z.object({ to: z.string().max(300).optional() }) },
    handler: async (request, reply) => {
      const { address, attemptId } = await sessions.begin(originOf(request) + callbackPath, ownPath(request.query.to));
      setCookie(request, reply, attemptCookie, attemptId, attemptMaxSec);
      return reply.header('cache-control', 'no-store').redirect(address);
    },
  });

  server.route({
    ...{ method: 'GET', url: callbackPath, config },
    schema: { hide: true },
    handler: async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const attemptId = cookieOf(request, attemptCookie);
      clearCookie(request, reply, attemptCookie);
      try {
        const { sessionId, returnTo } = await sessions.complete(
          attemptId,
          new URL(request.url, 'http://here').searchParams,
        );
        // Rotated: a session that this browser had ends.
        await endSession(request, sessions);
        setCookie(request, reply, sessionCookie, sessionId, Math.floor(sessions.sessionMs / 1000));
        return reply.redirect(returnTo);
      } catch (thrown) {
        const error = toLeitmotifError(thrown);
        request.log[error.code === 'internal' ? 'error' : 'info']({ err: error }, 'nobody was signed in');
        return reply.redirect(`/?sign-in=${outcomeOf(error)}`);
      }
    },
  });

  server.route({
    ...{ method: 'POST', url: '/auth/sign-out', config },
    schema: {
      tags,
      summary: 'Sign out: end the session of the cookie',
      response: { 204: z.undefined().describe('There is no session now'), ...problemResponses },
    },
    handler: async (request, reply) => {
      assertFromOwnPage(request);
      await endSession(request, sessions);
      clearCookie(request, reply, sessionCookie);
      return reply.header('cache-control', 'no-store').code(204).send();
    },
  });
}

async function endSession(request: FastifyRequest, sessions: Sessions): Promise<void> {
  const before = cookieOf(request, sessionCookie);
  if (before !== undefined) await sessions.end(before);
}

/** What the page tells the user. */
function outcomeOf({ code }: LeitmotifError): 'cancelled' | 'no-role' | 'unavailable' | 'failed' {
  if (code === 'cancelled') return 'cancelled';
  if (code === 'not-allowed') return 'no-role';
  return code === 'discord-unavailable' ? 'unavailable' : 'failed';
}

/** Its names were checked before any route; behind a proxy, it is the public one. */
function originOf({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`;
}

/** Leads nowhere but to this server. */
function ownPath(to: string | undefined): string {
  if (to === undefined || !/^\/[\w./?=&%+-]*$/.test(to) || to.startsWith('//')) return '/';
  const here = 'http://here';
  const url = URL.parse(to, here);
  return url?.origin === here ? `${url.pathname}${url.search}` : '/';
}
