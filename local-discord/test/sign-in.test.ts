/** Signing in with the local Discord, as with Discord: OAuth2's code flow with PKCE. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalDiscord, type Person, startLocalDiscord } from '../local-discord.ts';

let discord: LocalDiscord;
let ada: Person;
const redirectUri = 'http://127.0.0.1:8700/auth/discord/callback';
const verifier = 'v'.repeat(50);

beforeAll(async () => {
  discord = await startLocalDiscord();
  ada = discord.addUser({ name: 'Ada' });
});
afterAll(() => discord[Symbol.asyncDispose]());

function asking(changes: Record<string, string> = {}): URLSearchParams {
  return new URLSearchParams({
    client_id: discord.applicationId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'identify guilds',
    state: 'a-state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  });
}

async function chosen(user: string, changes: Record<string, string> = {}): Promise<URL> {
  const body = asking({ ...changes, user });
  const response = await fetch(`${discord.url}/oauth2/authorize`, { method: 'POST', body, redirect: 'manual' });
  expect(response.status).toBe(302);
  return new URL(response.headers.get('location') ?? '');
}

function redeem(code: string, changes: Record<string, string> = {}, secret = discord.clientSecret): Promise<Response> {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
    ...changes,
  });
  const basic = Buffer.from(`${discord.applicationId}:${secret}`).toString('base64');
  return fetch(`${discord.apiUrl}/v10/oauth2/token`, {
    method: 'POST',
    body,
    headers: { authorization: `Basic ${basic}` },
  });
}

async function signedIn(scope = 'identify guilds'): Promise<string> {
  const code = (await chosen(ada.id, { scope })).searchParams.get('code') ?? '';
  return ((await (await redeem(code)).json()) as { access_token: string }).access_token;
}

function get(path: string, token: string): Promise<Response> {
  return fetch(`${discord.apiUrl}/v10${path}`, { headers: { authorization: `Bearer ${token}` } });
}

describe('signing in', () => {
  test('shows the users to choose from, and leads back with a code and the state', async () => {
    const page = await (await fetch(`${discord.url}/oauth2/authorize?${asking()}`)).text();
    expect(page).toContain('Authorize as Ada');
    const back = await chosen(ada.id);
    expect(`${back.origin}${back.pathname}`).toBe(redirectUri);
    expect(back.searchParams.get('state')).toBe('a-state');
    const answer = await redeem(back.searchParams.get('code') ?? '');
    expect(await answer.json()).toMatchObject({ token_type: 'Bearer', scope: 'identify guilds' });
  });

  test('says who the user is, and in which servers with which permissions', async () => {
    const token = await signedIn();
    expect(await (await get('/users/@me', token)).json()).toMatchObject({ id: ada.id, global_name: 'Ada', bot: false });
    const [guild] = (await (await get('/users/@me/guilds', token)).json()) as Record<string, unknown>[];
    expect(guild).toMatchObject({ id: discord.defaultGuildId, owner: false });
    expect(BigInt(String(guild?.permissions)) & 0x20n).toBe(0n);
  });

  test('leads back with an error when the user cancels', async () => {
    const back = await chosen('');
    expect(Object.fromEntries(back.searchParams)).toMatchObject({ error: 'access_denied', state: 'a-state' });
  });

  test.each([
    [{ client_id: '123456789012345678' }],
    [{ redirect_uri: 'https://evil.example/callback' }],
    [{ scope: 'everything' }],
    [{ response_type: 'token' }],
    [{ code_challenge_method: 'plain' }],
  ])('refuses to ask with %j, and leads nowhere', async (changes) => {
    const response = await fetch(`${discord.url}/oauth2/authorize?${asking(changes)}`, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
  });

  test('refuses a code that was redeemed, has expired, or came with another verifier, redirect or secret', async () => {
    const code = async () => (await chosen(ada.id)).searchParams.get('code') ?? '';
    const used = await code();
    expect((await redeem(used)).status).toBe(200);
    expect(await (await redeem(used)).json()).toMatchObject({ error: 'invalid_grant' });
    expect((await redeem(await code(), { code_verifier: 'w'.repeat(50) })).status).toBe(400);
    expect((await redeem(await code(), { redirect_uri: 'http://127.0.0.1:1/' })).status).toBe(400);
    expect((await redeem(await code(), {}, 'wrong')).status).toBe(401);
    const late = await code();
    discord.advance(61_000);
    expect((await redeem(late)).status).toBe(400);
  });

  test('opens nothing beyond the scopes, and nothing after it was taken back', async () => {
    const narrow = await signedIn('identify');
    expect((await get('/users/@me', narrow)).status).toBe(200);
    expect((await get('/users/@me/guilds', narrow)).status).toBe(401);
    const token = await signedIn();
    expect((await get(`/guilds/${discord.defaultGuildId}`, token)).status).toBe(401);
    expect((await get('/gateway/bot', token)).status).toBe(401);
    discord.revokeSignIns(ada.id);
    expect((await get('/users/@me', token)).status).toBe(401);
  });
});
