/** Who may do what: loopback without keys, or API keys with a scope; and which Host and Origin a request may name.
 *
 *  Host is checked against DNS rebinding: a page of a foreign site whose name suddenly means 127.0.0.1. Origin is checked
 *  because a foreign page may post a form to a server on loopback, which needs no key.
 */
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { Config } from '../config/config.ts';
import { LeitmotifError } from '../errors.ts';
import type { ApiKeys, Scope } from './keys.ts';
import { HttpRefusal } from './problems.ts';

/** open: everybody, for probes and the description. query: asks and reads. admin: also changes the library. */
export type Access = 'open' | Scope;

export interface Caller {
  /** Answers belong to it; also the person of the query queue. */
  readonly id: string;
  readonly scope: Scope;
  readonly hasKey: boolean;
}

type WebConfig = Config['web'];

const loopbackNames = ['localhost', '127.0.0.1', '::1'];
const bearer = /^Bearer ([\w-]{1,200})$/i;

export class AccessControl {
  readonly #config: WebConfig;
  readonly #keys: ApiKeys;
  /** Whether callers without a key may do everything. Ends when the first key is made. */
  readonly #startedOpen: boolean;
  readonly #hostNames: ReadonlySet<string>;

  /** @throws {LeitmotifError} 'config-invalid' when others than this machine could reach a server without a key */
  constructor(config: WebConfig, keys: ApiKeys) {
    this.#config = config;
    this.#keys = keys;
    this.#startedOpen = keys.list().length === 0;
    this.#hostNames = new Set(['localhost', config.host, ...config.origins.map((origin) => new URL(origin).hostname)]);
    const reach = reachBeyondLoopback(config);
    if (this.#startedOpen && reach !== null) {
      throw new LeitmotifError(
        'config-invalid',
        `Cannot start the web API: ${reach}, so it needs an API key. Make one: npm run web -- keys add NAME --scope admin`,
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
   *  @throws {LeitmotifError} 'unauthorized', 'not-allowed' */
  callerOf(request: FastifyRequest, access: Access): Caller | null {
    if (access === 'open') return null;
    const { authorization } = request.headers;
    if (authorization === undefined && this.isOpen) return { id: 'web:local', scope: 'admin', hasKey: false };
    const token = bearer.exec(authorization ?? '')?.[1];
    const key = token === undefined ? null : this.#keys.find(token, Date.now());
    if (key === null)
      throw new HttpRefusal(401, 'unauthorized', 'Cannot let this request in: expected a valid API key');
    if (access === 'admin' && key.scope !== 'admin')
      throw new LeitmotifError('not-allowed', 'Cannot do this with a key of the scope "query": it needs "admin"');
    return { id: `web:${key.id}`, scope: key.scope, hasKey: true };
  }
}

/** @returns why requests of others may arrive; null: only this machine's */
function reachBeyondLoopback({ host, origins, trustedProxies }: WebConfig): string | null {
  if (!loopbackNames.includes(host)) return `WEB_HOST=${host} is reachable from other machines`;
  if (trustedProxies.length > 0) return 'WEB_TRUSTED_PROXIES lets others in through a proxy';
  return origins.every((origin) => loopbackNames.includes(new URL(origin).hostname.replace(/^\[|\]$/g, '')))
    ? null
    : 'WEB_ORIGINS names a public address';
}
