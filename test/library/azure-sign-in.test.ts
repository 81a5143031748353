/** DefaultAzureCredential against a local token server, as for a managed identity, and an Azurite with TLS that
 *  requires tokens. It checks everything in a token except its signature. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Azurite, emulator } from '../support/azurite.ts';
import { projectRoot } from '../support/library.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-sign-in-'));
const [certificate, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
/** openssl makes the certificate; nearly every machine has it. */
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
let azurite: Azurite | undefined;
let tokens: Server | undefined;
let asked: string[] = [];
let answer: () => { status: number; body: object };

/** A token in the form of Entra's, unsigned. */
function token(expiresInSec: number): { status: number; body: object } {
  const nowSec = Math.floor(Date.now() / 1000);
  const exp = nowSec + expiresInSec;
  const claims = {
    ...{ aud: 'https://storage.azure.com', iss: 'https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/' },
    ...{ iat: nowSec - 7200, nbf: nowSec - 7200, exp },
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jwt = `${part({ typ: 'JWT', alg: 'RS256' })}.${part(claims)}.c2lnbmF0dXJl`;
  const expires_on = String(nowSec + 3600);
  return {
    status: 200,
    body: { access_token: jwt, expires_on, resource: 'https://storage.azure.com', token_type: 'Bearer' },
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
  await azurite?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function listSignedIn(environment: Record<string, string> = {}): Promise<string> {
  const program = path.join(projectRoot, 'test/library/programs/list-signed-in.ts');
  const port = (tokens?.address() as AddressInfo | undefined)?.port;
  const env = {
    ...{ PATH: process.env.PATH, HOME: folder, NODE_EXTRA_CA_CERTS: certificate },
    ...{ IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/token`, IDENTITY_HEADER: 'the-header' },
    ...environment,
  };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, azurite?.endpoint ?? ''], { env, timeout: 50_000 }, (error, stdout) => {
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
