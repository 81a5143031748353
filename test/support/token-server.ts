/** Microsoft Entra ID's token endpoint as MSAL speaks to it: discovery of the tenant, client credentials, tokens for storage in the
 *  form of Entra's (unsigned: Azurite checks everything but the signature), and Entra's error codes. */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { AzuriteTls } from './azurite.ts';

export interface ServicePrincipal {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

const storage = 'https://storage.azure.com';

/** @param expiresInSec may be negative */
export function storageToken(tenantId: string, expiresInSec: number, aud = storage): string {
  const nowSec = Math.floor(Date.now() / 1000);
  const claims = {
    ...{ aud, iss: `https://sts.windows.net/${tenantId}/` },
    ...{ iat: nowSec - 7200, nbf: nowSec - 7200, exp: nowSec + expiresInSec },
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ typ: 'JWT', alg: 'RS256' })}.${part(claims)}.c2lnbmF0dXJl`;
}

export class TokenServer implements AsyncDisposable {
  /** Forms of the token requests. */
  readonly forms: URLSearchParams[] = [];
  /** Paths of all requests. */
  readonly paths: string[] = [];
  /** Statuses that the next requests are answered with. */
  readonly faults: number[] = [];
  /** The service that tokens are for; undefined: storage. */
  audience: string | undefined;
  readonly #principal: ServicePrincipal;
  readonly #server: Server;

  private constructor(principal: ServicePrincipal, tls: AzuriteTls) {
    this.#principal = principal;
    const files = { cert: readFileSync(tls.certificate), key: readFileSync(tls.key) };
    this.#server = createServer(files, (request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(principal: ServicePrincipal, tls: AzuriteTls): Promise<TokenServer> {
    const server = new TokenServer(principal, tls);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const blocks: Buffer[] = [];
    for await (const block of request) blocks.push(block as Buffer);
    const path = new URL(request.url ?? '/', this.url).pathname;
    this.paths.push(path);
    const { status, body } = this.#answer(path, new URLSearchParams(Buffer.concat(blocks).toString('utf8')));
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  #answer(path: string, form: URLSearchParams): Answer {
    const { tenantId } = this.#principal;
    const fault = this.faults.shift();
    if (fault !== undefined) return { status: fault, body: { error: 'temporarily_unavailable' } };
    const [, tenant = '', rest = ''] = /^\/([^/]+)\/(.*)$/.exec(path) ?? [];
    if (tenant !== tenantId) return refusal(400, 'invalid_tenant', `AADSTS90002: Tenant '${tenant}' not found.`);
    const root = `${this.url}/${tenantId}`;
    if (rest === 'v2.0/.well-known/openid-configuration') {
      const body = {
        issuer: `${root}/v2.0`,
        authorization_endpoint: `${root}/oauth2/v2.0/authorize`,
        token_endpoint: `${root}/oauth2/v2.0/token`,
        jwks_uri: `${root}/discovery/v2.0/keys`,
      };
      return { status: 200, body };
    }
    return rest === 'oauth2/v2.0/token' ? this.#token(form) : { status: 404, body: {} };
  }

  #token(form: URLSearchParams): Answer {
    const { tenantId, clientId, clientSecret } = this.#principal;
    this.forms.push(form);
    if (form.get('grant_type') !== 'client_credentials') return refusal(400, 'unsupported_grant_type', 'AADSTS70003');
    if (form.get('client_id') !== clientId) {
      return refusal(400, 'unauthorized_client', 'AADSTS700016: Application was not found in the directory.');
    }
    if (form.get('client_secret') !== clientSecret) {
      return refusal(401, 'invalid_client', 'AADSTS7000215: Invalid client secret provided.');
    }
    if (!form.get('scope')?.split(' ').includes(`${storage}/.default`)) {
      return refusal(400, 'invalid_scope', `AADSTS70011: The scope ${form.get('scope')} is not valid.`);
    }
    const body = { token_type: 'Bearer', expires_in: 3599, access_token: storageToken(tenantId, 3600, this.audience) };
    return { status: 200, body };
  }
}

function refusal(status: number, error: string, description: string): Answer {
  const body = { error, error_description: description, error_codes: [Number(/\d+/.exec(description)?.[0])] };
  return { status, body };
}
