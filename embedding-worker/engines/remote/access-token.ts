/** The bearer token of a Databricks endpoint: set by the operator, or fetched with a service principal's OAuth client
 *  credentials and renewed before it expires. The only user of oauth4webapi.
 *  @see https://docs.databricks.com/aws/en/dev-tools/auth/oauth-m2m */
import * as oauth from 'oauth4webapi';
import { orAborted } from '../../../src/io/or-aborted.ts';
import { RemoteFailure, statusFailure } from './failures.ts';
import type { RemoteHttp } from './http.ts';

export interface TokenSource {
  /** @throws {RemoteFailure} config-invalid when the credentials are refused, worker-unavailable */
  get(signal: AbortSignal): Promise<string>;
  /** Call it when the server refused the token. @returns whether `get` would now return another one */
  refuse(token: string): boolean;
}

export function givenToken(token: string): TokenSource {
  return { get: async () => token, refuse: () => false };
}

export interface ClientCredentials {
  /** The workspace's address; `/oidc/v1/token` issues tokens. */
  readonly workspaceUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Id of a route-optimised endpoint, which accepts only tokens requested for it; null for other endpoints. */
  readonly routeId: string | null;
}

/** A token of an hour is renewed five minutes before it expires, a shorter one in the last tenth of its life. */
const renewBeforeMs = 300_000;
/** Used when the answer names no lifetime. Databricks' is an hour, so half of that is safe. */
const lifeDefaultSec = 1_800;
const tokenDeadlineMs = 15_000;
const answerBytesMax = 100_000;

interface Token {
  readonly text: string;
  readonly renewAt: number;
  readonly endsAt: number;
}

export class ClientCredentialsToken implements TokenSource {
  readonly #http: RemoteHttp;
  readonly #credentials: ClientCredentials;
  #token: Token | null = null;
  /** The running fetch, shared by all callers. */
  #fetching: Promise<Token> | null = null;

  constructor(http: RemoteHttp, credentials: ClientCredentials) {
    this.#http = http;
    this.#credentials = credentials;
  }

  async get(signal: AbortSignal): Promise<string> {
    const held = this.#token;
    if (held && Date.now() < held.renewAt) return held.text;
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null;
    });
    try {
      return (await orAborted(this.#fetching, signal)).text;
    } catch (error) {
      // A token that has not expired is used when its renewal fails.
      if (!signal.aborted && held && held === this.#token && Date.now() < held.endsAt) return held.text;
      throw error;
    }
  }

  refuse(token: string): boolean {
    if (this.#token?.text === token) this.#token = null;
    return true;
  }

  async #fetch(): Promise<Token> {
    const { workspaceUrl, clientId, clientSecret, routeId } = this.#credentials;
    const tokenUrl = new URL('/oidc/v1/token', workspaceUrl);
    const server = { issuer: tokenUrl.origin, token_endpoint: tokenUrl.href };
    const client = { client_id: clientId };
    const parameters = new URLSearchParams({ scope: 'all-apis' });
    if (routeId !== null) parameters.set('authorization_details', JSON.stringify([routePermission(routeId)]));
    const askedAt = Date.now();
    try {
      const response = await oauth.clientCredentialsGrantRequest(server, client, plainBasic(clientSecret), parameters, {
        signal: AbortSignal.timeout(tokenDeadlineMs),
        [oauth.customFetch]: (url, init) => this.#send(url, init),
        // The configuration allows plain HTTP for this machine only.
        [oauth.allowInsecureRequests]: tokenUrl.protocol === 'http:',
      });
      const answer = await oauth.processClientCredentialsResponse(server, client, response);
      const lifeMs = (answer.expires_in ?? lifeDefaultSec) * 1000;
      this.#token = {
        text: answer.access_token,
        renewAt: askedAt + lifeMs - Math.min(renewBeforeMs, lifeMs / 10),
        endsAt: askedAt + lifeMs,
      };
      return this.#token;
    } catch (error) {
      throw asFailure(error, tokenUrl.host);
    }
  }

  async #send(url: string, init: oauth.CustomFetchOptions<'POST', URLSearchParams>): Promise<Response> {
    const answer = await this.#http.request({
      method: 'POST',
      url,
      headers: init.headers,
      body: Buffer.from(init.body.toString()),
      answerBytesMax,
      signal: init.signal ?? AbortSignal.timeout(tokenDeadlineMs),
    });
    // These are not OAuth errors: they may be retried, and statusFailure describes them better.
    if (answer.status === 429 || answer.status >= 500) throw statusFailure(`the token endpoint ${url}`, answer);
    return new Response(answer.body.toString('utf8'), { status: answer.status, headers: answer.headers });
  }
}

/** Plain Basic authentication like curl's --user, as Databricks documents it. The library's version encodes "-" as "%2D", as
 *  OAuth specifies, and client ids contain many; not every server decodes that. */
function plainBasic(clientSecret: string): oauth.ClientAuth {
  return (_server, { client_id: id }, _body, headers) => {
    headers.set('authorization', `Basic ${Buffer.from(`${id}:${clientSecret}`).toString('base64')}`);
  };
}

/** @see https://docs.databricks.com/aws/en/machine-learning/model-serving/query-route-optimization */
function routePermission(routeId: string) {
  return {
    type: 'workspace_permission',
    object_type: 'serving-endpoints',
    object_path: `/serving-endpoints/${routeId}`,
    actions: ['query_inference_endpoint'],
  };
}

/** oauth4webapi's messages name the OAuth error and never the secret. */
function asFailure(error: unknown, host: string): RemoteFailure {
  if (error instanceof RemoteFailure) return error;
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new RemoteFailure('worker-unavailable', `Cannot get a token: ${host} gave no answer`, {
      cause: error,
      repeatable: true,
      outage: true,
      status: null,
    });
  }
  const why =
    error instanceof oauth.ResponseBodyError
      ? `${error.error}${error.error_description ? `: ${error.error_description}` : ''}`
      : error instanceof Error
        ? error.message
        : String(error);
  const status = error instanceof oauth.ResponseBodyError ? error.status : 401;
  return new RemoteFailure('config-invalid', `Cannot get a token from ${host} with DATABRICKS_CLIENT_ID: ${why}`, {
    cause: error,
    repeatable: false,
    outage: false,
    status,
  });
}
