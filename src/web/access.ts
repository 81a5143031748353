/** Who may do what: loopback without keys, API keys with a scope, or people who signed in with Discord; and which Host and Origin
 *  a request may name.
 *
 *  Host is checked against DNS rebinding: a page of a foreign site whose name suddenly means 127.0.0.1. Origin is checked
 *  because a foreign page may post a form to a server on loopback, which needs no key.
 */
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { Config } from '../config/config.ts';
import { LeitmotifError } from '../errors.ts';
import type { ApiKey, ApiKeys, Scope } from './keys.ts';
import { HttpRefusal } from './problems.ts';
import { cookieOf, sessionCookie } from './session-cookies.ts';
import type { Sessions } from './sessions.ts';

/** open: everybody, for probes and the description. query: asks and reads. admin: also changes the library. */
export type Access = 'open' | Scope;

export interface Caller {
  /** Answers and votes belong to it; also the person of the query queue. A Discord user has their id there. */
  readonly id: string;
  readonly name: string | null;
  readonly way: 'local' | 'key' | 'discord';
  readonly scope: Scope;
  /** Ids of the Discord servers of a Discord user; null for others. */
  readonly memberOf: readonly string[] | null;
}

/** Leads to Discord and back. */
export const signInPath = '/auth/discord';

/** Everybody on this machine, where no key is needed. */
const localCaller: Caller = { id: 'web:local', name: null, way: 'local', scope: 'admin', memberOf: null };

type WebConfig = Config['web'];

const loopbackNames = ['localhost', '127.0.0.1', '::1'];
const bearer = /^Bearer ([\w-]{1,200})$/i;

export class AccessControl {
  readonly #config: WebConfig;
  readonly #keys: ApiKeys;
  /** null: nobody can sign in. */
  readonly #sessions: Sessions | null;
  /** Whether callers without a key may do everything. Ends when the first key is made. */
  readonly #startedOpen: boolean;
  readonly #hostNames: ReadonlySet<string>;

  /** @throws {LeitmotifError} 'config-invalid' when others than this machine could reach a server without a key */
  constructor(config: WebConfig, keys: ApiKeys, sessions: Sessions | null = null) {
    this.#config = config;
    this.#keys = keys;
    this.#sessions = sessions;
    this.#startedOpen = keys.list().length === 0 && sessions === null;
    this.#hostNames = new Set(['localhost', config.host, ...config.origins.map((origin) => new URL(origin).hostname)]);
    const reach = reachBeyondLoopback(config);
    if (this.#startedOpen && reach !== null) {
      throw new LeitmotifError(
        'config-invalid',
        `Cannot start the web API: ${reach}, so it needs an API key, or people who sign in with Discord. Make a key: npm run web -- keys add NAME --scope admin. Or set DISCORD_CLIENT_ID and DISCORD_CLIENT_SECRET`,
      );
    }
  }

  get isOpen(): boolean {
    return this.#startedOpen && this.#keys.list().length === 0;
  }

  /** @throws {LeitmotifError} 'not-allowed' */
  checkAddresses(request: FastifyRequest): void {
    const { hostname } = URL.parse(`http://${request.host}`) ?? { hostname: '' };
    const name = hostname.replace(/^\[|\]$/g, '');
    // A name must be ours. A foreign page cannot be at an IP address of this server.
    if (!(isIP(name) !== 0 || this.#hostNames.has(name))) {
      throw new LeitmotifError(
        'not-allowed',
        'Cannot answer under this host name: WEB_ORIGINS lists the names of this server',
      );
    }
    const { origin } = request.headers;
    if (origin === undefined || origin === `${request.protocol}://${request.host}`) return;
    if (!this.#config.origins.includes(origin))
      throw new LeitmotifError('not-allowed', 'Cannot answer a page of another origin');
  }

  /** @returns null where no key is needed and none is given
   *  @throws {LeitmotifError} 'unauthorized', 'not-allowed', 'discord-unavailable' */
  async callerOf(request: FastifyRequest, access: Access): Promise<Caller | null> {
    if (access === 'open') return null;
    const caller = await this.#anyCallerOf(request);
    if (access === 'admin' && caller.scope !== 'admin') {
      const needed =
        caller.way === 'key' ? 'with a key of the scope "query": it needs "admin"' : 'without Manage Server';
      throw new LeitmotifError('not-allowed', `Cannot do this ${needed}`);
    }
    return caller;
  }

  /** @returns null for an unknown or expired key */
  keyOf(token: string): ApiKey | null {
    return this.#keys.find(token, Date.now());
  }

  async #anyCallerOf(request: FastifyRequest): Promise<Caller> {
    const { authorization } = request.headers;
    if (authorization === undefined) {
      if (this.isOpen) return localCaller;
      const signedIn = await this.#signedIn(request);
      if (signedIn) return signedIn;
    }
    const token = bearer.exec(authorization ?? '')?.[1];
    const key = token === undefined ? null : this.#keys.find(token, Date.now());
    if (key) return { id: `web:${key.id}`, name: key.name, way: 'key', scope: key.scope, memberOf: null };
    // Where to sign in, for the page.
    const facts = this.#sessions ? { signIn: signInPath } : {};
    throw new HttpRefusal(401, 'unauthorized', 'Cannot let this request in: expected a valid API key', { facts });
  }

  async #signedIn(request: FastifyRequest): Promise<Caller | null> {
    const sessionId = cookieOf(request, sessionCookie);
    const session = sessionId === undefined ? null : await this.#sessions?.find(sessionId);
    if (!session) return null;
    if (!safeMethods.has(request.method)) assertFromOwnPage(request);
    const { userId, name, scope, memberOf } = session;
    return { id: userId, name, way: 'discord', scope, memberOf };
  }
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A browser sends the cookie with requests of foreign pages too. `checkAddresses` refuses foreign origins; here one must be named.
 *  @throws {LeitmotifError} 'not-allowed' */
export function assertFromOwnPage({ headers }: Pick<FastifyRequest, 'headers'>): void {
  if (headers.origin !== undefined || headers['sec-fetch-site'] === 'same-origin') return;
  throw new LeitmotifError(
    'not-allowed',
    'Cannot change anything by cookie without an Origin: send an API key instead',
  );
}

/** @returns why requests of others may arrive; null: only this machine's */
function reachBeyondLoopback({ host, origins, trustedProxies }: WebConfig): string | null {
  if (!loopbackNames.includes(host)) return `WEB_HOST=${host} is reachable from other machines`;
  if (trustedProxies.length > 0) return 'WEB_TRUSTED_PROXIES lets others in through a proxy';
  return origins.every((origin) => loopbackNames.includes(new URL(origin).hostname.replace(/^\[|\]$/g, '')))
    ? null
    : 'WEB_ORIGINS names a public address';
}
