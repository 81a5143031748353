/** Signing in with Discord: the real web API and the local Discord, over OAuth2's code flow with PKCE. */
import { request as httpRequest } from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalDiscord, type Person, startLocalDiscord } from '../../local-discord/local-discord.ts';
import { makeLibrary, type TestLibrary } from '../support/library.ts';
import { makeWeb, postJson, type TestWeb } from './running-web.ts';

const manageServer = 1n << 5n;

let library: TestLibrary;
let discord: LocalDiscord;
let web: TestWeb;
let people: Record<'admin' | 'member' | 'stranger' | 'owner', Person>;

beforeAll(async () => {
  library = await makeLibrary();
  // More people sign in at once than Discord would let one address do.
  discord = await startLocalDiscord({ rateLimits: null });
  const elsewhere = discord.addGuild({ name: 'Elsewhere' });
  discord.addChannel(elsewhere, { name: 'general' });
  people = {
    admin: discord.addUser({ name: 'Ada', permissions: manageServer }),
    member: discord.addUser({ name: 'Bo' }),
    stranger: discord.addUser({ name: 'Eve', guildId: elsewhere, permissions: manageServer }),
    owner: discord.addUser({ name: 'Olga', guildId: elsewhere }),
  };
  web = await signInWeb();
});
afterAll(async () => {
  await web?.[Symbol.asyncDispose]();
  await discord?.[Symbol.asyncDispose]();
  await library?.[Symbol.asyncDispose]();
});

function signInWeb(environment: Record<string, string> = {}, recheckMs = 300_000, sessionMs = 3_600_000) {
  return makeWeb(
    library,
    {
      DISCORD_API_URL: discord.apiUrl,
      DISCORD_CLIENT_ID: discord.applicationId,
      DISCORD_CLIENT_SECRET: discord.clientSecret,
      DISCORD_HOME_SERVERS: discord.defaultGuildId,
      DISCORD_OWNERS: people.owner.id,
      ...environment,
    },
    { sessions: { sessionMs, recheckMs, staleMs: 60_000 } },
  );
}

/** Cookies as a browser keeps them. */
class Browser {
  readonly cookies = new Map<string, string>();
  readonly #web: TestWeb;
  /** Of the cookies that were set last. */
  attributes: string[] = [];

  constructor(of: TestWeb = web) {
    this.#web = of;
  }

  async call(target: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(cookie === '' ? {} : { cookie }), ...(init.headers as Record<string, string>) };
    const response = await this.#web.call(target, { redirect: 'manual', ...init, headers });
    for (const set of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = set.split('; ');
      const [name = '', value = ''] = pair.split('=');
      this.attributes = attributes;
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /** Begins, and chooses a user at Discord. @returns the address that Discord leads back to */
  async chosen(user: Person | null, to = '/'): Promise<string> {
    const begun = await this.call(`/auth/discord?to=${encodeURIComponent(to)}`);
    expect(begun.status).toBe(302);
    const asking = new URL(begun.headers.get('location') ?? '');
    expect(asking.origin).toBe(discord.url);
    const body = new URLSearchParams([...asking.searchParams, ['user', user?.id ?? '']]);
    const back = await fetch(`${asking.origin}${asking.pathname}`, { method: 'POST', body, redirect: 'manual' });
    expect(back.status).toBe(302);
    const address = new URL(back.headers.get('location') ?? '');
    return `${address.pathname}${address.search}`;
  }

  /** @returns where it ends */
  async signIn(user: Person | null, to = '/'): Promise<string> {
    return (await this.call(await this.chosen(user, to))).headers.get('location') ?? '';
  }

  async me(): Promise<Record<string, unknown>> {
    return (await (await this.call('/api/v1/me')).json()) as Record<string, unknown>;
  }
}

const withOrigin = () => ({ origin: new URL(web.url).origin, 'content-type': 'application/json' });

describe('signing in', () => {
  test('lets a member ask, an admin of a home server and an owner manage the library, and nobody else in', async () => {
    const expected = [
      ['member', '/library?q=waltz', { way: 'discord', scope: 'query', name: 'Bo' }],
      ['admin', '/', { way: 'discord', scope: 'admin', name: 'Ada' }],
      ['owner', '/', { way: 'discord', scope: 'admin', name: 'Olga' }],
    ] as const;
    for (const [who, to, facts] of expected) {
      const browser = new Browser();
      expect(await browser.signIn(people[who], to)).toBe(to);
      expect(await browser.me()).toMatchObject({ ...facts, id: people[who].id });
      const failures = await browser.call('/api/v1/library/failures');
      expect(failures.status).toBe(facts.scope === 'admin' ? 200 : 403);
    }
    const stranger = new Browser();
    expect(await stranger.signIn(people.stranger)).toBe('/?sign-in=no-role');
    expect((await stranger.call('/api/v1/me')).status).toBe(401);
  });

  test('sets a session cookie that scripts cannot read, and says where to sign in', async () => {
    const browser = new Browser();
    const refused = await browser.call('/api/v1/library');
    expect([refused.status, await refused.json()]).toMatchObject([401, { facts: { signIn: '/auth/discord' } }]);
    await browser.signIn(people.member);
    expect(browser.attributes).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Lax', 'Path=/']));
    expect(browser.attributes).not.toContain('Secure');
    expect([...browser.cookies.keys()]).toEqual(['leitmotif-session']);
  });

  test('gives a new session at each time, and the one before ends', async () => {
    const browser = new Browser();
    await browser.signIn(people.member);
    const before = browser.cookies.get('leitmotif-session') ?? '';
    await browser.signIn(people.admin);
    expect(browser.cookies.get('leitmotif-session')).not.toBe(before);
    expect(await browser.me()).toMatchObject({ name: 'Ada' });
    const old = await web.call('/api/v1/me', { headers: { cookie: `leitmotif-session=${before}` } });
    expect(old.status).toBe(401);
  });

  test('ends with signing out, from the own page only', async () => {
    const browser = new Browser();
    await browser.signIn(people.member);
    const session = browser.cookies.get('leitmotif-session') ?? '';
    expect((await browser.call('/auth/sign-out', { method: 'POST' })).status).toBe(403);
    expect((await browser.me()).name).toBe('Bo');
    expect(
      (await browser.call('/auth/sign-out', { method: 'POST', headers: { ...withOrigin() }, body: '{}' })).status,
    ).toBe(204);
    expect(browser.cookies.size).toBe(0);
    const old = await web.call('/api/v1/me', { headers: { cookie: `leitmotif-session=${session}` } });
    expect(old.status).toBe(401);
  });

  test('says that the user cancelled', async () => {
    expect(await new Browser().signIn(null)).toBe('/?sign-in=cancelled');
  });

  test.each(['https://evil.example/', '//evil.example/', '/\\evil.example', '/%0d%0aset-cookie:x=1'])(
    'leads back to this server only, not to %s',
    async (to) => {
      const end = await new Browser().signIn(people.member, to);
      expect(new URL(end, web.url).origin).toBe(new URL(web.url).origin);
    },
  );
});

describe('attacks', () => {
  test('a replayed, missing or foreign state signs nobody in', async () => {
    const browser = new Browser();
    const back = await browser.chosen(people.member);
    const [, , ...cookies] = [null, null, ...browser.cookies];
    expect((await browser.call(back)).headers.get('location')).toBe('/');
    // Replayed, with the cookie of the attempt.
    const replay = new Browser();
    for (const [name, value] of cookies) replay.cookies.set(name, value);
    expect((await replay.call(back)).headers.get('location')).toBe('/?sign-in=failed');
    // In a browser that did not begin it: somebody signs another in as themselves.
    const victim = new Browser();
    const foreign = await new Browser().chosen(people.member);
    expect((await victim.call(foreign)).headers.get('location')).toBe('/?sign-in=failed');
    expect(victim.cookies.size).toBe(0);
    // With another state.
    const other = new Browser();
    const changed = new URL(await other.chosen(people.member), web.url);
    changed.searchParams.set('state', 'x'.repeat(43));
    expect((await other.call(`${changed.pathname}${changed.search}`)).headers.get('location')).toBe('/?sign-in=failed');
    expect((await new Browser().call('/auth/discord/callback')).headers.get('location')).toBe('/?sign-in=failed');
  });

  test('a forged cookie is nobody', async () => {
    for (const value of ['', 'x', 'A'.repeat(43), '../../etc', '%00', encodeURIComponent('{"scope":"admin"}')]) {
      const response = await web.call('/api/v1/me', { headers: { cookie: `leitmotif-session=${value}` } });
      expect(response.status, value).toBe(401);
    }
  });

  test('a write by cookie needs the own origin', async () => {
    const browser = new Browser();
    await browser.signIn(people.member);
    const { method, body } = postJson({ track: 1 });
    const write = (headers: Record<string, string>) =>
      browser.call('/api/v1/queries', { method: method ?? '', body: String(body), headers });
    const json = { 'content-type': 'application/json' };
    expect((await write(json)).status).toBe(403);
    expect((await write({ ...json, origin: 'https://evil.example' })).status).toBe(403);
    expect((await write({ ...json, origin: 'null' })).status).toBe(403);
    expect((await write({ ...json, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await write(withOrigin())).status).toBe(202);
  });
});

describe('a session', () => {
  test('ends when its time is over', async () => {
    await using short = await signInWeb({}, 300_000, 300);
    const browser = new Browser(short);
    await browser.signIn(people.member);
    await expect.poll(async () => (await browser.call('/api/v1/me')).status, { timeout: 100_000 }).toBe(401);
  });

  test('ends for a user who lost the role, left the server, or took the application back', async () => {
    await using watchful = await signInWeb({}, 0);
    const leaving = discord.addUser({ name: 'Leaving', permissions: manageServer });
    const browser = new Browser(watchful);
    await browser.signIn(leaving);
    expect(await browser.me()).toMatchObject({ scope: 'admin' });
    discord.removeMember(discord.defaultGuildId, leaving.id);
    expect((await browser.call('/api/v1/me')).status).toBe(401);
    const revoking = new Browser(watchful);
    await revoking.signIn(people.member);
    discord.revokeSignIns(people.member.id);
    expect((await revoking.call('/api/v1/me')).status).toBe(401);
  });

  test('goes on for a while when Discord does not answer', async () => {
    await using watchful = await signInWeb({}, 0);
    const browser = new Browser(watchful);
    await browser.signIn(people.member);
    discord.faults.rates = { status500: 1 };
    try {
      expect(await browser.me()).toMatchObject({ name: 'Bo' });
      expect(await new Browser(watchful).signIn(people.member)).toBe('/?sign-in=unavailable');
    } finally {
      discord.faults.rates = {};
    }
  });
});

test('behind a proxy with TLS, cookies are Secure and bound to the host, and Discord leads to the public address', async () => {
  const origin = 'https://music.example.org';
  await using proxied = await signInWeb({ WEB_ORIGINS: origin, WEB_TRUSTED_PROXIES: '127.0.0.1' });
  // As the proxy sends it; fetch does not let a caller set Host.
  const headers = {
    host: 'music.example.org',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'music.example.org',
    'x-forwarded-for': '203.0.113.7',
  };
  const begun = await new Promise<{ cookies: string[]; location: string }>((resolve, reject) => {
    httpRequest(new URL('/auth/discord', proxied.url), { headers }, (response) => {
      response.resume();
      const { 'set-cookie': cookies = [], location = '' } = response.headers;
      resolve({ cookies, location });
    })
      .on('error', reject)
      .end();
  });
  expect(begun.cookies[0]).toMatch(/^__Host-leitmotif-sign-in=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  expect(new URL(begun.location).searchParams.get('redirect_uri')).toBe(`${origin}/auth/discord/callback`);
});

test('a server that others can reach starts without a key when people can sign in; half of the settings is refused', async () => {
  const place = { indexDir: path.join(library.folder, 'sign-in-only') };
  const settings = { DISCORD_CLIENT_ID: discord.applicationId, DISCORD_CLIENT_SECRET: discord.clientSecret };
  await using open = await makeWeb(place, { ...settings, WEB_ORIGINS: 'https://music.example.org' });
  expect(open.web.isOpen).toBe(false);
  await expect(makeWeb(place, { DISCORD_CLIENT_ID: discord.applicationId })).rejects.toThrow(/DISCORD_CLIENT_SECRET/);
});
