/** Who may do what: every role against every route; keys, host names, origins and limits. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeLibrary, projectRoot, type TestLibrary } from '../support/library.ts';
import { addKey, ended, formOf, makeWeb, postJson, type SeenQuery, type TestWeb } from './running-web.ts';

let library: TestLibrary;
let web: TestWeb;
let roles: Record<'nobody' | 'stranger' | 'expired' | 'query' | 'admin', string | undefined>;

beforeAll(async () => {
  library = await makeLibrary();
  roles = {
    nobody: undefined,
    stranger: 'lm_not-a-key-of-this-server',
    expired: await addKey(library, 'old', 'admin', Date.now() - 1),
    query: await addKey(library, 'asker', 'query'),
    admin: await addKey(library, 'owner', 'admin'),
  };
  web = await makeWeb(library);
});
afterAll(async () => {
  await web[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
});

/** Everything that the server answers; a route that is missing here fails the test below. */
const routes: Readonly<Record<string, 'open' | 'query' | 'admin'>> = {
  'GET /healthz': 'open',
  'GET /readyz': 'open',
  'GET /metrics': 'admin',
  'GET /api/openapi.json': 'open',
  'GET /api/docs': 'open',
  'POST /api/v1/queries': 'query',
  'GET /api/v1/queries/{id}': 'query',
  'DELETE /api/v1/queries/{id}': 'query',
  'GET /api/v1/queries/{id}/events': 'query',
  'GET /api/v1/queries/{id}/picture.png': 'query',
  'GET /api/v1/queries/{id}/results/{rank}/clips/{kind}.mp3': 'query',
  'PUT /api/v1/queries/{id}/results/{rank}/vote': 'query',
  'DELETE /api/v1/queries/{id}/results/{rank}/vote': 'query',
  'POST /api/v1/queries/{id}/share': 'query',
  'GET /api/v1/share-places': 'query',
  'POST /api/v1/queries/{id}/link': 'query',
  'GET /api/v1/shared/{token}': 'open',
  'GET /api/v1/shared/{token}/picture.png': 'open',
  'GET /api/v1/shared/{token}/results/{rank}/clips/{kind}.mp3': 'open',
  'GET /api/v1/map': 'query',
  'GET /api/v1/me': 'query',
  'DELETE /api/v1/me/data': 'query',
  'GET /api/v1/tracks': 'query',
  'GET /api/v1/tracks/{id}': 'query',
  'GET /api/v1/tracks/{id}/similar': 'query',
  'GET /api/v1/tracks/{id}/audio': 'query',
  'GET /api/v1/tracks/{id}/duplicates': 'query',
  'GET /api/v1/tracks/{id}/waveform': 'query',
  'GET /api/v1/library': 'query',
  'GET /api/v1/library/failures': 'admin',
  'GET /api/v1/models': 'query',
  'POST /api/v1/library/failures/retries': 'admin',
  'GET /api/v1/library/reindexes': 'admin',
  'POST /api/v1/library/reindexes': 'admin',
  'GET /api/v1/library/reindexes/{id}': 'admin',
  'GET /api/v1/library/reindexes/{id}/events': 'admin',
  'DELETE /api/v1/library/reindexes/{id}': 'admin',
  'GET /api/v1/library/clusters': 'admin',
  'GET /api/v1/library/marks': 'admin',
  'PUT /api/v1/library/marks/{id}': 'admin',
  'DELETE /api/v1/library/marks/{id}': 'admin',
  'GET /api/v1/library/backups': 'admin',
  'POST /api/v1/library/backups': 'admin',
  'POST /api/v1/library/checks': 'admin',
  'GET /api/v1/library/jobs': 'admin',
  'GET /api/v1/library/jobs/{id}': 'admin',
  'GET /api/v1/library/jobs/{id}/events': 'admin',
  'DELETE /api/v1/library/jobs/{id}': 'admin',
  'GET /api/v1/library/settings': 'admin',
  'PUT /api/v1/library/settings/schedule': 'admin',
  'DELETE /api/v1/library/settings/schedule': 'admin',
  'PATCH /api/v1/library/settings/servers/{id}': 'admin',
  'GET /api/v1/workers': 'admin',
  'GET /api/v1/server': 'admin',
};

function statusOf(role: keyof typeof roles, access: 'open' | 'query' | 'admin'): 'let in' | 401 | 403 {
  if (access === 'open') return 'let in';
  if (role !== 'query' && role !== 'admin') return 401;
  return access === 'admin' && role === 'query' ? 403 : 'let in';
}

test('every described route is in the table', async () => {
  const { paths } = (await (await web.call('/api/openapi.json')).json()) as { paths: Record<string, object> };
  const described = Object.entries(paths).flatMap(([url, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${url}`),
  );
  const undescribed = ['GET /api/openapi.json', 'GET /api/docs'];
  expect([...described, ...undescribed].toSorted()).toEqual(Object.keys(routes).toSorted());
});

/** A request with ids that mean nothing, so that it changes nothing. */
function requestOf(route: string): { readonly url: string; readonly method: string } {
  const [method = '', pattern = ''] = route.split(' ');
  const url = pattern
    .replace('{id}', pattern.includes('tracks') ? '1' : 'q0')
    .replace('{rank}', '1')
    .replace('{kind}', 'theirs');
  return { url, method };
}

describe.each(Object.entries(routes))('%s', (route, access) => {
  test.each(['nobody', 'stranger', 'expired', 'query', 'admin'] as const)('for %s', async (role) => {
    const { url, method } = requestOf(route);
    const key = roles[role];
    const response = await web.call(url, { method, ...(key === undefined ? {} : { key }) });
    const expected = statusOf(role, access);
    if (expected === 'let in') {
      await response.body?.cancel();
      expect([401, 403]).not.toContain(response.status);
      return;
    }
    expect([response.status, response.headers.get('content-type')]).toEqual([
      expected,
      'application/problem+json; charset=utf-8',
    ]);
    expect(await response.json()).toMatchObject({
      status: expected,
      code: expected === 401 ? 'unauthorized' : 'not-allowed',
    });
    if (expected === 401) expect(response.headers.get('www-authenticate')).toContain('Bearer');
  });
});

describe('on loopback without keys, but not with a wrong one', () => {
  let open: TestWeb;
  beforeAll(async () => {
    open = await makeWeb({ indexDir: path.join(library.folder, 'open') });
  });
  afterAll(() => open[Symbol.asyncDispose]());

  test.each(Object.entries(routes))('%s', async (route, access) => {
    const { url, method } = requestOf(route);
    const response = await open.call(url, { method });
    await response.body?.cancel();
    expect([401, 403]).not.toContain(response.status);
    const refused = await open.call(url, { method, key: roles.stranger ?? '' });
    await refused.body?.cancel();
    if (access === 'open') expect([401, 403]).not.toContain(refused.status);
    else expect(refused.status).toBe(401);
  });
});

test("another key's query is not found, nor its answer, clips and events", async () => {
  const key = roles.query ?? '';
  const body = formOf(new Uint8Array(readFileSync(path.join(library.music, 'piece-1.ogg'))), 'one.ogg');
  const query = (await (await web.call('/api/v1/queries', { method: 'POST', body, key })).json()) as SeenQuery;
  const done = await ended(web, query.self, key);
  const addresses = [done.self, done.permanent, done.picture, done.events, done.answer.results[0].clip];
  for (const address of addresses) {
    expect((await web.call(address ?? '', { key })).status).toBe(200);
    const other = await web.call(address ?? '', { key: roles.admin ?? '' });
    expect([other.status, await other.json()]).toMatchObject([404, { code: 'not-found' }]);
  }
  expect((await web.call(done.self, { method: 'DELETE', key: roles.admin ?? '' })).status).toBe(404);
});

describe('keys', () => {
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, [path.join(projectRoot, 'src/web.ts'), 'keys', ...args], {
      env: { ...process.env, INDEX_DIR: library.indexDir },
    });

  test('are printed once, stored as hashes only, and end at once when they are revoked', async () => {
    const { stdout } = await run('add', 'a visitor', '--scope', 'query');
    const key = stdout.trim();
    expect(key).toMatch(/^lm_[\w-]{43}$/);
    expect(readFileSync(path.join(library.indexDir, 'web-keys.json'), 'utf8')).not.toContain(key.slice(3));
    expect((await web.call('/api/v1/tracks', { key })).status).toBe(200);
    expect((await run('list')).stdout).toContain('a visitor');
    await expect(run('add', 'a visitor')).rejects.toThrow(/exists/);
    await run('revoke', 'a visitor');
    expect((await web.call('/api/v1/tracks', { key })).status).toBe(401);
    await expect(run('revoke', 'a visitor')).rejects.toThrow(/no key/);
  });
});

/** fetch does not let a caller set Host. */
function statusWith(headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL('/api/v1/tracks', web.url), { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject).end();
  });
}

describe('addresses', () => {
  test.each([
    [{ host: 'evil.example' }, 403],
    [{ host: 'localhost:8700' }, 200],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'x-forwarded-host': 'evil.example', 'x-forwarded-for': '10.0.0.1' }, 200],
  ])('%j gives %i', async (headers, status) => {
    expect(await statusWith({ authorization: `Bearer ${roles.query}`, ...headers })).toBe(status);
  });

  test('a server that others can reach does not start without a key', async () => {
    const place = { indexDir: path.join(library.folder, 'without-keys') };
    for (const environment of [
      { WEB_HOST: '0.0.0.0' },
      { WEB_TRUSTED_PROXIES: '127.0.0.1' },
      { WEB_ORIGINS: 'https://music.example.org' },
    ]) {
      await expect(makeWeb(place, environment)).rejects.toThrow(/needs an API key/);
    }
    await using open = await makeWeb(place);
    expect(open.web.isOpen).toBe(true);
    expect((await open.call('/api/v1/tracks')).status).toBe(200);
    // The first key closes the door.
    await addKey(place, 'first', 'query');
    expect((await open.call('/api/v1/tracks')).status).toBe(401);
  });
});

test('too many requests of one address are refused with Retry-After, as a problem', async () => {
  await using slow = await makeWeb(library, { WEB_REQUESTS_PER_MINUTE: '3' });
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => slow.call('/api/v1/tracks', { key: roles.admin ?? '' })),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 429, 429]);
  const refused = answers.find(({ status }) => status === 429);
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused?.json()).toMatchObject({ code: 'cooling-down', retryable: true });
});

test('the pages of the description need nothing inline and nothing from elsewhere', async () => {
  const page = await web.call('/api/docs/');
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
  const html = await page.text();
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>/);
  expect(html).not.toMatch(/<style|https?:\/\//);
  for (const [, file = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    expect((await web.call(new URL(file, `${web.url}/api/docs/`).pathname)).status, file).toBe(200);
  }
  expect(await (await web.call('/api/openapi.json')).json()).toMatchObject({ openapi: '3.1.0' });
  expect(await (await web.call('/api/v1/queries', { ...postJson({}), key: roles.query ?? '' })).json()).toMatchObject({
    status: 400,
  });
});
