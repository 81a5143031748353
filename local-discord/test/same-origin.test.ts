/** A foreign web page can act neither as a user nor as the bot. */
import { once } from 'node:events';
import { request } from 'node:http';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type LocalDiscord, startLocalDiscord } from '../local-discord.ts';

async function status(discord: LocalDiscord, path: string, headers: Record<string, string>, method = 'GET') {
  const sent = request(new URL(path, discord.url), { method, headers });
  sent.end();
  const [response] = await once(sent, 'response');
  response.resume();
  return response.statusCode as number;
}

test.each([
  ['a name that was rebound to loopback', () => ({ host: 'evil.example:80' })],
  ['a rebound name with its own origin', () => ({ host: 'evil.example', origin: 'http://evil.example' })],
  ['an origin of another site', () => ({ origin: 'https://evil.example' })],
  ['another port of this machine', () => ({ origin: 'http://127.0.0.1:1' })],
  ['a sandboxed frame', () => ({ origin: 'null' })],
  ['a name that only begins like loopback', () => ({ host: '127.0.0.1.evil.example' })],
  ['an IP address of another network', () => ({ host: '192.168.1.5:80' })],
])('refuses %s', async (_, headers) => {
  await using discord = await startLocalDiscord();
  const ada = discord.addUser({ name: 'Ada' });
  for (const path of [`/page/state?user=${ada.id}`, '/api/v10/gateway', '/attachments/1/2/x.mp3']) {
    expect(await status(discord, path, headers())).toBe(403);
  }
  expect(await status(discord, `/page/interactions?user=${ada.id}`, headers(), 'POST')).toBe(403);
});

test.each(['/page/events', '/gateway'])('refuses the web socket %s of a foreign page', async (path) => {
  await using discord = await startLocalDiscord();
  const socket = new WebSocket(`${discord.url.replace('http', 'ws')}${path}`, { origin: 'https://evil.example' });
  const [error] = await once(socket, 'error');
  expect(String(error)).toContain('403');
});

test('answers its own page by every loopback name and over a tunnel', async () => {
  await using discord = await startLocalDiscord();
  const ada = discord.addUser({ name: 'Ada' });
  for (const host of [new URL(discord.url).host, 'localhost:1234', '[::1]:80', 'LOCALHOST']) {
    const headers = { host, origin: new URL(`http://${host}`).origin };
    expect(await status(discord, `/page/state?user=${ada.id}`, headers)).toBe(200);
  }
  expect(await status(discord, '/api/v10/gateway/bot', { authorization: `Bot ${discord.token}` })).toBe(200);
});
