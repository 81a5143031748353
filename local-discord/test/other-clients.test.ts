/** Single requests as clients other than discord.js send them, and the expected responses. */
import { once } from 'node:events';
import { ApplicationCommandOptionType, InteractionResponseType } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type LocalDiscord, startLocalDiscord } from '../local-discord.ts';
import { parseJson } from '../server/json.ts';
import { startTestBot } from './bot.ts';

async function call(discord: LocalDiscord, method: string, path: string, body?: string, type = 'application/json') {
  const response = await fetch(`${discord.apiUrl}/v10${path}`, {
    method,
    headers: {
      authorization: `Bot ${discord.token}`,
      ...(body === undefined && type === 'none' ? {} : { 'content-type': type }),
    },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    json: text === '' ? null : JSON.parse(text),
  };
}

describe('the REST API', () => {
  test('answers with the content type application/json and no charset, refusals included', async () => {
    await using discord = await startLocalDiscord();
    expect(await call(discord, 'GET', '/users/@me')).toMatchObject({ status: 200, type: 'application/json' });
    expect(await call(discord, 'GET', '/channels/1')).toMatchObject({ status: 404, type: 'application/json' });
    expect(await call(discord, 'GET', '/nowhere')).toMatchObject({ status: 404, type: 'application/json' });
  });

  test.each([
    ['an integer', '2147483648', '2147483648'],
    ['an integer beyond 2^53', '9007199254740993', '9007199254740993'],
    ['a string', '"32"', '32'],
    ['null', 'null', null],
  ])('takes default_member_permissions as %s', async (_, sent, kept) => {
    await using discord = await startLocalDiscord();
    const body = `{"name": "admin", "description": "x", "default_member_permissions": ${sent}}`;
    const path = `/applications/${discord.applicationId}/commands`;
    const { status, json } = await call(discord, 'POST', path, body);
    expect([status, json.default_member_permissions]).toEqual([201, kept]);
  });

  test.each(['1', 'true', 'True'])('answers a callback with its message when with_response is %s', async (flag) => {
    await using bot = await startTestBot();
    const { discord, ada, client } = bot;
    await client.application.commands.create({ name: 'ask', description: 'x' });
    const sent = new Promise<{ id: string; token: string }>((resolve) => client.once('interactionCreate', resolve));
    await ada.slash('ask');
    const { id, token } = await sent;
    const path = `/interactions/${id}/${token}/callback?with_response=${flag}`;
    const body = { type: InteractionResponseType.ChannelMessageWithSource, data: { content: 'hi' } };
    const { status, json } = await call(discord, 'POST', path, JSON.stringify(body));
    expect(status).toBe(200);
    expect(json.resource.message.content).toBe('hi');
  });

  test.each([
    ['no body and no type', 'none'],
    ['an empty body of bytes', 'application/octet-stream'],
    ['an empty body of JSON', 'application/json'],
  ])('takes typing with %s', async (_, type) => {
    await using discord = await startLocalDiscord();
    const { status } = await call(discord, 'POST', `/channels/${discord.defaultChannelId}/typing`, undefined, type);
    expect(status).toBe(204);
  });

  test('refuses a body of another type with Discord’s message', async () => {
    await using discord = await startLocalDiscord();
    const path = `/channels/${discord.defaultChannelId}/messages`;
    const { status, json } = await call(discord, 'POST', path, 'content=hi', 'application/x-www-form-urlencoded');
    expect([status, json.code]).toEqual([400, 50035]);
    expect(json.message).toContain('Content-Type');
  });

  test('takes snowflakes as integers without losing a digit', async () => {
    await using discord = await startLocalDiscord();
    const ada = discord.addUser({ name: 'Ada' });
    const path = `/channels/${discord.defaultChannelId}/messages`;
    const asked = await ada.post(discord.defaultChannelId, 'Question');
    const body = `{"content": "<@${ada.id}> see", "message_reference": {"message_id": ${asked.id}},
      "allowed_mentions": {"parse": [], "users": [${ada.id}]}, "nonce": ${ada.id}}`;
    const { status, json } = await call(discord, 'POST', path, body);
    expect(status).toBe(200);
    expect(json.message_reference.message_id).toBe(asked.id);
    expect(json.mentions).toMatchObject([{ id: ada.id }]);
  });

  test('resolves a user that a select names by an integer', async () => {
    await using discord = await startLocalDiscord();
    const ada = discord.addUser({ name: 'Ada' });
    const select = `{"type": 5, "custom_id": "who", "default_values": [{"id": ${ada.id}, "type": "user"}]}`;
    const body = `{"components": [{"type": 1, "components": [${select}]}]}`;
    const { json } = await call(discord, 'POST', `/channels/${discord.defaultChannelId}/messages`, body);
    expect(json.components[0].components[0].default_values).toEqual([{ id: ada.id, type: 'user' }]);
  });
});

describe('JSON', () => {
  test('keeps the digits of integers beyond 2^53 and nothing else', () => {
    const text =
      '{"id": 1312345678901234567, "n": 9007199254740991, "f": 1.5e300, "neg": -9007199254740993, "s": "12345678901234567890"}';
    expect(parseJson(text)).toEqual({
      id: '1312345678901234567',
      n: 9007199254740991,
      f: 1.5e300,
      neg: '-9007199254740993',
      s: '12345678901234567890',
    });
  });

  test('refuses a key that would set a prototype', () => {
    expect(() => parseJson('{"__proto__": {"admin": true}}')).toThrow(SyntaxError);
  });
});

describe('the gateway', () => {
  const connect = async (discord: LocalDiscord, path: string) => {
    const socket = new WebSocket(`${discord.url.replace('http', 'ws')}${path}`);
    const frames: { op: number; t: string | null; d: Record<string, unknown> }[] = [];
    socket.on('message', (data) => frames.push(JSON.parse(String(data))));
    await once(socket, 'open');
    return { socket, frames };
  };

  test('accepts the path with a slash, and a token with the REST prefix', async () => {
    await using discord = await startLocalDiscord();
    const token = `Bot ${discord.token}`;
    const first = await connect(discord, '/gateway/?v=10&encoding=json');
    first.socket.send(JSON.stringify({ op: 2, d: { token, intents: 1, properties: {} } }));
    await expect.poll(() => first.frames.map(({ t }) => t)).toContain('GUILD_CREATE');
    const session = first.frames.find(({ t }) => t === 'READY')?.d.session_id;
    discord.cutGateway();
    const second = await connect(discord, '/gateway/?v=10&encoding=json');
    second.socket.send(JSON.stringify({ op: 6, d: { token, session_id: session, seq: 2 } }));
    await expect.poll(() => second.frames.map(({ t }) => t)).toContain('RESUMED');
    first.socket.terminate();
    second.socket.terminate();
  });
});

test('an integer option beyond 2^53 is refused, not rounded', async () => {
  await using discord = await startLocalDiscord();
  const option = `{"type": ${ApplicationCommandOptionType.Integer}, "name": "n", "description": "x", "min_value": 9007199254740993}`;
  const body = `{"name": "ask", "description": "x", "options": [${option}]}`;
  const path = `/applications/${discord.applicationId}/commands`;
  expect(await call(discord, 'POST', path, body)).toMatchObject({ status: 400, json: { code: 50035 } });
});
