/** Signing in with Discord, as Discord has it for web applications. Instead of a password, the authorize page lets a visitor choose
 *  one of the users.
 *  @see https://docs.discord.com/developers/topics/oauth2 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Core } from './core.ts';
import { tokenLifeMs } from './oauth.ts';

const knownScopes = new Set(['identify', 'guilds', 'guilds.members.read', 'email', 'openid']);

interface AuthorizeQuery {
  readonly client_id?: string;
  readonly response_type?: string;
  readonly redirect_uri?: string;
  readonly scope?: string;
  readonly state?: string;
  readonly code_challenge?: string;
  readonly code_challenge_method?: string;
  readonly prompt?: string;
}

/** The page at /oauth2/authorize, which is on the site and not in the API. */
export function authorizePage(app: FastifyInstance, core: Core): void {
  acceptForms(app);
  app.get<{ Querystring: AuthorizeQuery }>('/oauth2/authorize', async ({ query }, reply) => {
    const problem = problemOf(query, core);
    if (problem !== null)
      return reply.code(400).type('text/html; charset=utf-8').send(page('Invalid request', problem));
    const people = [...core.world.users.values()].filter(({ isBot }) => !isBot);
    const hidden = Object.entries(query).map(
      ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(String(value))}">`,
    );
    const buttons = people.map(
      ({ id, name }) => `<p><button name="user" value="${id}">Authorize as ${escaped(name)}</button></p>`,
    );
    const form = `<form method="post" action="/oauth2/authorize">${hidden.join('')}${buttons.join('')}
      <p><button name="user" value="">Cancel</button></p></form>`;
    const heading = `${core.options.botName} wants to know who you are (${query.scope})`;
    return reply.type('text/html; charset=utf-8').send(page(heading, form));
  });
  app.post<{ Body: AuthorizeQuery & { readonly user?: string } }>('/oauth2/authorize', async ({ body }, reply) => {
    const { user = '', ...query } = body;
    const problem = problemOf(query, core);
    if (problem !== null)
      return reply.code(400).type('text/html; charset=utf-8').send(page('Invalid request', problem));
    return reply.redirect(redirectOf(core, query, user === '' ? null : user));
  });
}

/** @param userId null when the user cancels */
function redirectOf(core: Core, query: AuthorizeQuery, userId: string | null): string {
  const to = new URL(query.redirect_uri ?? '');
  if (query.state !== undefined) to.searchParams.set('state', query.state);
  if (userId === null) {
    to.searchParams.set('error', 'access_denied');
    to.searchParams.set('error_description', 'The resource owner or authorization server denied the request');
    return to.href;
  }
  const scopes = (query.scope ?? '').split(/[ +]/).filter(Boolean);
  const code = core.oauth.grant({
    ...{ userId: core.world.user(userId).id, scopes, redirectUri: query.redirect_uri ?? '' },
    challenge: query.code_challenge ?? null,
  });
  to.searchParams.set('code', code);
  return to.href;
}

function problemOf(query: AuthorizeQuery, { applicationId, options }: Core): string | null {
  if (query.client_id !== applicationId) return 'Unknown Application';
  if (query.response_type !== 'code') return 'response_type: expected code';
  const redirectUri = query.redirect_uri ?? '';
  const { redirectUris } = options;
  const isKnown = redirectUris === null ? isOnLoopback(redirectUri) : redirectUris.includes(redirectUri);
  if (!isKnown) return 'Invalid OAuth2 redirect_uri';
  const scopes = (query.scope ?? '').split(/[ +]/).filter(Boolean);
  if (scopes.length === 0 || scopes.some((scope) => !knownScopes.has(scope))) return 'The requested scope is invalid';
  if (query.code_challenge !== undefined && query.code_challenge_method !== 'S256')
    return 'code_challenge_method: expected S256';
  return null;
}

function isOnLoopback(uri: string): boolean {
  return URL.canParse(uri) && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(uri).hostname);
}

interface TokenBody {
  readonly grant_type?: string;
  readonly code?: string;
  readonly redirect_uri?: string;
  readonly code_verifier?: string;
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly token?: string;
}

/** /oauth2/token and /oauth2/token/revoke of the API. */
export function tokenRoutes(app: FastifyInstance, core: Core): void {
  acceptForms(app);
  app.post<{ Body: TokenBody }>('/oauth2/token', async (request, reply) => {
    const { body } = request;
    if (!isClient(request, core)) return refuse(reply, 401, 'invalid_client');
    if (body.grant_type !== 'authorization_code') return refuse(reply, 400, 'unsupported_grant_type');
    const granted = core.oauth.redeem(body.code ?? '', {
      redirectUri: body.redirect_uri ?? '',
      verifier: body.code_verifier ?? null,
    });
    if (!granted) return refuse(reply, 400, 'invalid_grant', 'Invalid "code" in request.');
    return reply.header('cache-control', 'no-store').send({
      token_type: 'Bearer',
      access_token: granted.accessToken,
      expires_in: tokenLifeMs / 1000,
      refresh_token: randomBytes(20).toString('base64url'),
      scope: granted.scopes.join(' '),
    });
  });
  app.post<{ Body: TokenBody }>('/oauth2/token/revoke', async (request, reply) => {
    if (!isClient(request, core)) return refuse(reply, 401, 'invalid_client');
    core.oauth.revoke(request.body.token ?? '');
    return {};
  });
}

function refuse(reply: FastifyReply, status: number, error: string, description?: string): FastifyReply {
  return reply.code(status).send({ error, ...(description ? { error_description: description } : {}) });
}

/** By HTTP Basic, or in the body. */
function isClient({ headers, body }: FastifyRequest<{ Body: TokenBody }>, { applicationId, options }: Core): boolean {
  const basic = /^Basic (\S+)$/.exec(headers.authorization ?? '')?.[1];
  const [id = '', secret = ''] =
    basic === undefined
      ? [body?.client_id, body?.client_secret]
      : Buffer.from(basic, 'base64').toString('utf8').split(':').map(decodeURIComponent);
  const [given, own] = [secret, options.clientSecret].map((text) => createHash('sha256').update(text).digest());
  return id === applicationId && timingSafeEqual(given as Buffer, own as Buffer);
}

function page(heading: string, content: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Local Discord</title></head>
    <body><h1>${escaped(heading)}</h1>${content}</body></html>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function acceptForms(app: FastifyInstance): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))));
  });
}
