/** Signing in with a managed identity and with a service principal, each against a local token server, and an Azurite with TLS
 *  that requires tokens. It checks everything in a token except its signature. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Azurite, emulator } from '../support/azurite.ts';
import { freePort } from '../support/free-port.ts';
import { projectRoot } from '../support/library.ts';
import { type ServicePrincipal, storageToken, TokenServer } from '../support/token-server.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-sign-in-'));
const [certificate, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
/** openssl makes the certificate; nearly every machine has it. */
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
let azurite: Azurite | undefined;
let tokens: Server | undefined;
let asked: string[] = [];
/** Azurite expects this tenant. */
const principal: ServicePrincipal = {
  tenantId: 'ab1f708d-50f6-404c-a006-d71b2ac7a606',
  clientId: 'a-client-id',
  clientSecret: 'the secret of the principal',
};
let entra: TokenServer | undefined;
let answer: () => { status: number; body: object };

/** As the endpoint of managed identities answers. */
function token(expiresInSec: number): { status: number; body: object } {
  const access_token = storageToken(principal.tenantId, expiresInSec);
  const expires_on = String(Math.floor(Date.now() / 1000) + 3600);
  return {
    status: 200,
    body: { access_token, expires_on, resource: 'https://storage.azure.com', token_type: 'Bearer' },
  };
}

beforeAll(async () => {
  if (!hasOpenssl) return;
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject];
  execFileSync('openssl', [...made, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  azurite = await Azurite.start({ certificate, key });
  const { endpoint } = azurite;
  // Vitest's own process does not trust the certificate.
  const upload = `
    const { BlobServiceClient, StorageSharedKeyCredential } = await import('@azure/storage-blob');
    const service = new BlobServiceClient(${JSON.stringify(endpoint)},
      new StorageSharedKeyCredential(${JSON.stringify(emulator.account)}, ${JSON.stringify(emulator.key)}));
    const container = service.getContainerClient('music');
    await container.create();
    await container.getBlockBlobClient('a.mp3').upload('x', 1);`;
  execFileSync(process.execPath, ['--input-type=module', '-e', upload], {
    cwd: projectRoot,
    env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: certificate },
  });
  entra = await TokenServer.start(principal, { certificate, key });
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers['x-identity-header']}`);
    const { status, body } = answer();
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  tokens = server;
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  tokens?.close();
  await entra?.[Symbol.asyncDispose]();
  await azurite?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function listSignedIn(environment: Record<string, string> = {}): Promise<string> {
  const program = path.join(projectRoot, 'test/library/programs/list-signed-in.ts');
  const port = (tokens?.address() as AddressInfo | undefined)?.port;
  const env = {
    ...{ PATH: process.env.PATH, HOME: folder, NODE_EXTRA_CA_CERTS: certificate },
    AZURE_STORAGE_ENDPOINT: azurite?.endpoint,
    ...{ IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/token`, IDENTITY_HEADER: 'the-header' },
    ...environment,
  };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program], { env, timeout: 50_000 }, (error, stdout) => {
      if (error) reject(error);
      else resolve(stdout);
    });
  });
}

test.skipIf(!hasOpenssl)('lists with a managed identity and no key', async () => {
  answer = () => token(3600);
  expect(await listSignedIn()).toBe('a.mp3');
  expect(asked[0]).toMatch(/^GET \/token\?.*resource=https%3A%2F%2Fstorage\.azure\.com.* the-header$/);
});

test.skipIf(!hasOpenssl)('refuses an expired token with a message', async () => {
  answer = () => token(-3600);
  expect(await listSignedIn()).toMatch(
    /^library-forbidden: Cannot list .*this machine's sign-in \(DefaultAzureCredential\)/,
  );
});

test.skipIf(!hasOpenssl)('reports a failed sign-in without the token server’s secrets', async () => {
  answer = () => ({ status: 400, body: { error: 'invalid_request', error_description: 'no identity' } });
  const said = await listSignedIn();
  expect(said).toMatch(/^library-forbidden: Cannot list .*signing in failed \(this machine's sign-in/);
  expect(said).not.toContain('the-header');
});

describe.skipIf(!hasOpenssl)('a service principal', () => {
  const as = (changes: Partial<Record<string, string>> = {}) =>
    listSignedIn({
      AZURE_TENANT_ID: principal.tenantId,
      AZURE_CLIENT_ID: principal.clientId,
      AZURE_CLIENT_SECRET: principal.clientSecret,
      AZURE_AUTHORITY_HOST: entra?.url ?? '',
      ...changes,
    });
  beforeEach(() => {
    entra?.forms.splice(0);
    entra?.paths.splice(0);
    entra?.faults.splice(0);
    Object.assign(entra as TokenServer, { audience: undefined });
  });

  test('lists with a token for storage that it got for its secret', async () => {
    expect(await as()).toBe('a.mp3');
    const { tenantId, clientId } = principal;
    expect(entra?.paths).toEqual([
      `/${tenantId}/v2.0/.well-known/openid-configuration`,
      `/${tenantId}/oauth2/v2.0/token`,
    ]);
    expect(Object.fromEntries(entra?.forms[0] ?? [])).toMatchObject({
      grant_type: 'client_credentials',
      client_id: clientId,
      scope: expect.stringContaining('https://storage.azure.com/.default'),
    });
    // The managed identity of the machine is not used.
    expect(asked).toEqual([]);
  });

  test('is refused when its token is for another service', async () => {
    (entra as TokenServer).audience = 'https://vault.azure.net';
    expect(await as()).toMatch(
      /^library-forbidden: Cannot list .*AZURE_CLIENT_ID and AZURE_CLIENT_SECRET is not accepted/,
    );
    expect(entra?.forms).toHaveLength(1);
  });

  test.each([
    [
      'a wrong secret',
      { AZURE_CLIENT_SECRET: 'wrong-secret' },
      /signing in failed \(AZURE_CLIENT_SECRET is wrong.*AADSTS7000215/,
    ],
    ['an unknown client', { AZURE_CLIENT_ID: 'another' }, /signing in failed \(AZURE_CLIENT_ID is unknown/],
  ])('with %s is refused with the variable that is wrong, and without the secret', async (_, changes, words) => {
    const said = await as(changes);
    expect(said).toMatch(/^library-forbidden: Cannot list azure:/);
    expect(said).toMatch(words);
    expect(said).not.toMatch(/wrong-secret|the secret of/);
    expect(entra?.forms).toHaveLength(1);
  });

  test('of an unknown tenant, or without a sign-in service, is refused with both variables', async () => {
    const words =
      /^library-unavailable: .*AZURE_AUTHORITY_HOST\) cannot be reached, or AZURE_TENANT_ID names no tenant/;
    expect(await as({ AZURE_TENANT_ID: 'another' })).toMatch(words);
    expect(await as({ AZURE_AUTHORITY_HOST: `https://127.0.0.1:${await freePort()}` })).toMatch(words);
  });

  test('asks again when the sign-in service is busy', async () => {
    entra?.faults.push(429);
    expect(await as()).toBe('a.mp3');
    expect(entra?.paths).toHaveLength(3);
  });
});
