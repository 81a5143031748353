/** The gateway's frames without discord.js, and its answers to broken clients. */
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type LocalDiscord, startLocalDiscord } from '../local-discord.ts';

interface Frame {
  readonly op: number;
  readonly d: Record<string, unknown>;
  readonly s: number | null;
  readonly t: string | null;
}

const sockets: WebSocket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate();
});

class Connection {
  readonly frames: Frame[] = [];
  readonly socket: WebSocket;

  constructor(discord: LocalDiscord) {
    this.socket = new WebSocket(`${discord.url.replace('http', 'ws')}/gateway?v=10&encoding=json`);
    this.socket.on('message', (data) => this.frames.push(JSON.parse(String(data))));
    sockets.push(this.socket);
  }

  async until(fits: (frame: Frame) => boolean): Promise<Frame> {
    await expect.poll(() => this.frames.some(fits), { interval: 5 }).toBe(true);
    return this.frames.find(fits) as Frame;
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  async closeCode(): Promise<number> {
    const [code] = await once(this.socket, 'close');
    return code;
  }
}

async function connect(discord: LocalDiscord): Promise<Connection> {
  const connection = new Connection(discord);
  await connection.until(({ op }) => op === 10);
  return connection;
}

async function identified(discord: LocalDiscord) {
  const connection = await connect(discord);
  connection.send({ op: 2, d: { token: discord.token, intents: 1 } });
  const ready = await connection.until(({ t }) => t === 'READY');
  await connection.until(({ t }) => t === 'GUILD_CREATE');
  return { connection, sessionId: String(ready.d.session_id) };
}

test('sends the heartbeat interval, and answers each heartbeat', async () => {
  await using discord = await startLocalDiscord();
  const connection = await connect(discord);
  expect(connection.frames[0]).toEqual({ op: 10, d: { heartbeat_interval: 41_250 }, s: null, t: null });
  connection.send({ op: 1, d: null });
  await connection.until(({ op }) => op === 11);
});

test.each([
  ['no JSON', 'hello', 4002],
  ['an opcode that there is not', { op: 99 }, 4001],
  ['a request before it identified', { op: 3, d: {} }, 4003],
  ['a wrong token', { op: 2, d: { token: 'wrong', intents: 0 } }, 4004],
  ['intents that are no number', { op: 2, d: { token: 'TOKEN', intents: 'all' } }, 4013],
  ['a shard beyond their number', { op: 2, d: { token: 'TOKEN', intents: 0, shard: [2, 2] } }, 4010],
])('closes on a client that sends %s', async (_, frame, code) => {
  await using discord = await startLocalDiscord({ token: 'TOKEN' });
  const connection = await connect(discord);
  const closed = connection.closeCode();
  connection.send(frame);
  expect(await closed).toBe(code);
});

test('closes on a client that identifies twice', async () => {
  await using discord = await startLocalDiscord();
  const { connection } = await identified(discord);
  const closed = connection.closeCode();
  connection.send({ op: 2, d: { token: discord.token, intents: 1 } });
  expect(await closed).toBe(4005);
});

test('replays exactly the missed events, in order and with their sequence numbers', async () => {
  await using discord = await startLocalDiscord();
  const { connection, sessionId } = await identified(discord);
  const seen = Math.max(...connection.frames.map(({ s }) => s ?? 0));
  discord.cutGateway();
  for (const name of ['a', 'b']) discord.addChannel(discord.defaultGuildId, { name });
  const next = await connect(discord);
  next.send({ op: 6, d: { token: discord.token, session_id: sessionId, seq: seen } });
  await next.until(({ t }) => t === 'RESUMED');
  expect(next.frames.slice(1).map(({ t, s, d }) => [t, s, d.name])).toEqual([
    ['CHANNEL_CREATE', seen + 1, 'a'],
    ['CHANNEL_CREATE', seen + 2, 'b'],
    ['RESUMED', seen + 3, undefined],
  ]);
});

test.each([
  ['of an unknown session', 'nonsense', 1],
  ['from a future that never was', null, 1000],
])('a resume %s is an invalid session', async (_, sessionId, seq) => {
  await using discord = await startLocalDiscord();
  const first = await identified(discord);
  discord.cutGateway();
  const next = await connect(discord);
  next.send({ op: 6, d: { token: discord.token, session_id: sessionId ?? first.sessionId, seq } });
  expect(await next.until(({ op }) => op === 9)).toMatchObject({ d: false });
});

test('a normal close ends the session', async () => {
  await using discord = await startLocalDiscord();
  const { connection, sessionId } = await identified(discord);
  connection.socket.close(1000);
  await expect.poll(() => discord.botOnline).toBe(false);
  const next = await connect(discord);
  next.send({ op: 6, d: { token: discord.token, session_id: sessionId, seq: 1 } });
  await next.until(({ op }) => op === 9);
});
