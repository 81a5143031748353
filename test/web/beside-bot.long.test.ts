/** A web server beside a bot over the same index: one queue for both, finds that the bot posts, and processes that do not take each
 *  other down. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLocalDiscord } from '../../local-discord/local-discord.ts';
import { BotLink } from '../../src/answering/bot-link.ts';
import { descendantsRunning } from '../embedding-worker/processes.ts';
import { makeBot, type TestBot } from '../support/bot.ts';
import { makeLibrary, projectRoot, type TestLibrary } from '../support/library.ts';
import { ended, formOf, makeWeb, postJson, type SeenQuery, type TestWeb } from './running-web.ts';

let library: TestLibrary;
const soon = { timeout: 100_000 };

beforeAll(async () => {
  library = await makeLibrary();
});
afterAll(() => library[Symbol.asyncDispose]());

/** Takes a turn at the bot, as another web server would. */
async function turnOf(link: BotLink) {
  const turn = await link.turns({ personId: 'somebody', serverId: null }, AbortSignal.timeout(200_000));
  for (let line = await turn.next(); line !== null; line = await turn.next()) if ('turn' in (line as object)) break;
  return turn;
}

async function asked(web: TestWeb, name = 'piece-1.ogg'): Promise<SeenQuery> {
  const body = formOf(new Uint8Array(readFileSync(path.join(library.music, name))), name);
  const query = (await (await web.call('/api/v1/queries', { method: 'POST', body })).json()) as SeenQuery;
  return ended(web, query.self);
}

test('without a bot, sharing answers what is missing', async () => {
  await using web = await makeWeb(library);
  const { permanent } = await asked(web);
  expect(await (await web.call('/api/v1/share-places')).json()).toEqual({ bot: false, servers: [] });
  const response = await web.call(`${permanent}/share`, postJson({ rank: 1 }));
  expect(response.status).toBe(503);
  const problem = (await response.json()) as { code: string; detail: string };
  expect(problem.code).toBe('discord-unavailable');
  expect(problem.detail).toMatch(/npm start.*DISCORD_TOKEN/);
});

describe('beside a bot', () => {
  let bot: TestBot;
  let web: TestWeb;
  beforeAll(async () => {
    bot = await makeBot(library, { environment: { QUERIES_AT_ONCE: '1' } });
    web = await makeWeb(library, { QUERIES_AT_ONCE: '1' });
  });
  afterAll(async () => {
    await web?.[Symbol.asyncDispose]();
    await bot?.[Symbol.asyncDispose]();
  });

  test('a result is posted once in the channel for finds, by the bot', async () => {
    const done = await asked(web);
    const refused = await web.call(`${done.permanent}/share`, postJson({ rank: 1 }));
    expect([refused.status, await refused.json()]).toMatchObject([400, { facts: { problem: 'no-share-channel' } }]);
    const { discord } = bot;
    const channel = discord.addChannel(discord.defaultGuildId, { name: 'finds' });
    bot.app.catalog.guildSettings.set(discord.defaultGuildId, { shareChannelId: channel });
    const response = await web.call(`${done.permanent}/share`, postJson({ rank: 1 }));
    expect(response.status).toBe(201);
    const shared = (await response.json()) as { url: string };
    const [post, another] = discord.messages(channel);
    expect(another).toBeUndefined();
    expect(shared.url).toContain(`/${channel}/${post?.id}`);
    expect(post?.embeds[0]?.title).toContain('piece-1');
    expect(post?.attachments.length).toBeGreaterThan(0);
    // An API caller is no Discord user, so nobody is named.
    expect(post?.embeds[0]?.description).not.toContain('<@');
    const again = await web.call(`${done.permanent}/share`, postJson({ rank: 1 }));
    expect([again.status, await again.json()]).toMatchObject([200, { url: shared.url, isNew: false }]);
    expect((await web.call(`${done.permanent}/share`, postJson({ rank: 99 }))).status).toBe(410);
    expect((await web.call('/api/v1/queries/qnone/share', postJson({ rank: 1 }))).status).toBe(404);
    expect(discord.violations).toEqual([]);
  });

  test('people of both wait in one line', async () => {
    // One query at once, in both together: a turn taken at the bot keeps the web server's query waiting.
    const link = new BotLink(library.indexDir);
    const turn = await turnOf(link);
    const body = formOf(new Uint8Array(readFileSync(path.join(library.music, 'piece-4.ogg'))), 'four.ogg');
    const query = (await (await web.call('/api/v1/queries', { method: 'POST', body })).json()) as SeenQuery;
    const seen = async () => (await (await web.call(query.self)).json()) as SeenQuery & { progress: object };
    await expect.poll(async () => (await seen()).progress, soon).toEqual({ stage: 'waiting', place: 1 });
    await turn[Symbol.asyncDispose]();
    expect((await ended(web, query.self)).state).toBe('done');
    await link.close();
  });

  test('a caller with too many queries is refused at once with 429, by the queue of the bot', async () => {
    const link = new BotLink(library.indexDir);
    const turn = await turnOf(link);
    const post = () =>
      web.call('/api/v1/queries', {
        method: 'POST',
        body: formOf(new Uint8Array(readFileSync(path.join(library.music, 'piece-5.ogg'))), 'five.ogg'),
      });
    const first = [(await post()).json(), (await post()).json()] as Promise<SeenQuery>[];
    const queries = await Promise.all(first);
    await expect.poll(async () => (await post()).status, soon).toBe(429);
    for (const { self } of queries) await web.call(self, { method: 'DELETE' });
    await turn[Symbol.asyncDispose]();
    await link.close();
  });

  test('a query that waits at a bot which ends runs in the queue of the web server', async () => {
    const link = new BotLink(library.indexDir);
    const turn = await turnOf(link);
    const body = formOf(new Uint8Array(readFileSync(path.join(library.music, 'piece-2.ogg'))), 'two.ogg');
    const query = (await (await web.call('/api/v1/queries', { method: 'POST', body })).json()) as SeenQuery;
    await bot.restart();
    expect((await ended(web, query.self)).state).toBe('done');
    await turn[Symbol.asyncDispose]();
    await link.close();
  });
});

test('npm start with WEB_PORT runs both; a killed one is started again, and the other goes on', async () => {
  await using discord = await startLocalDiscord();
  const env = {
    ...process.env,
    INDEX_DIR: library.indexDir,
    DISCORD_TOKEN: discord.token,
    DISCORD_API_URL: discord.apiUrl,
    WEB_PORT: '0',
    LOG_LEVEL: 'info',
  };
  const program: ChildProcess = spawn(process.execPath, [path.join(projectRoot, 'src/main.ts')], { env });
  let printed = '';
  for (const stream of [program.stdout, program.stderr])
    stream?.on('data', (bytes) => {
      printed += String(bytes);
    });
  const addresses = () => [...printed.matchAll(/Leitmotif is at (http:\S+)/g)].map(([, url]) => url ?? '');
  const pidsOf = (what: RegExp) => [...printed.matchAll(what)].map(([, pid]) => Number(pid));
  const botPids = () => pidsOf(/"pid":(\d+)[^\n]*the bot is there/g);
  try {
    await expect.poll(() => botPids().length, soon).toBe(1);
    await expect.poll(() => addresses().length, soon).toBe(1);
    const [url = ''] = addresses();
    const isUp = async () => (await fetch(`${url}/healthz`)).status;
    expect(await isUp()).toBe(200);
    // Both use one worker.
    const workers = () => descendantsRunning(program.pid ?? 0, 'embedding-worker/main.ts');
    await expect.poll(() => workers().length, soon).toBe(1);
    const [worker] = workers();
    process.kill(botPids()[0] ?? 0, 'SIGKILL');
    await expect.poll(() => /"program":"bot"[^\n]*started again/.test(printed), soon).toBe(true);
    expect(await isUp()).toBe(200);
    await expect.poll(() => botPids().length, soon).toBe(2);
    expect(addresses().length).toBe(1);
    expect(workers().map(({ pid }) => pid)).toEqual([worker?.pid]);
  } finally {
    program.kill('SIGTERM');
    await once(program, 'exit');
  }
  expect(program.exitCode).toBe(0);
  expect(discord.botOnline).toBe(false);
}, 300_000);
