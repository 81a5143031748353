/** Two shards of the real bot (DISCORD_SHARDS): start, queries, kills, another number of shards, and stop. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ShardClientUtil } from 'discord.js';
import type { APIMessage } from 'discord-api-types/v10';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type LocalDiscord, type Person, startLocalDiscord } from '../../local-discord/local-discord.ts';
import { BotLink } from '../../src/answering/bot-link.ts';
import { descendantsRunning, eventually, lives } from '../embedding-worker/processes.ts';
import { atFullPriority, makeLibrary, projectRoot, type TestLibrary } from '../support/library.ts';

const soon = { timeout: 100_000 };
const shards = 2;

interface Place {
  readonly person: Person;
  readonly guildId: string;
  readonly channelId: string;
}

let library: TestLibrary;
let discord: LocalDiscord;
let manager: ChildProcess;
let logged = '';
/** A server of each shard, with a member. The second one's shard is another one of three. */
let places: [Place, Place];

beforeAll(async () => {
  library = await makeLibrary();
  discord = await startLocalDiscord({ shards });
  places = [
    placeOf((id) => ShardClientUtil.shardIdForGuildId(id, 2) === 0),
    placeOf((id) => ShardClientUtil.shardIdForGuildId(id, 2) === 1 && ShardClientUtil.shardIdForGuildId(id, 3) !== 1),
  ];
  library.app.catalog.libraryLocation = `file:${library.music}`;
  library.app.catalog.schedule.set({
    ...{ cron: '0 4 1 1 *', timeZone: 'UTC', channelId: null, locale: 'en-US', setBy: places[0].person.id },
  });
  start(shards);
  await untilThere(shards);
});
afterAll(async () => {
  await stop();
  await discord[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
});
beforeEach(() => expect(discord.violations).toEqual([]));

function start(count: number): void {
  logged = '';
  manager = spawn(process.execPath, [path.join(projectRoot, 'src/main.ts')], {
    env: {
      ...process.env,
      ...atFullPriority,
      INDEX_DIR: library.indexDir,
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.apiUrl,
      DISCORD_SHARDS: String(count),
      DISCORD_OWNERS: places.map(({ person }) => person.id).join(),
      QUERY_COOLDOWN_SEC: '0',
      QUERIES_AT_ONCE: '1',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  manager.stderr?.on('data', (block: Buffer) => {
    logged += block;
  });
}

async function stop(): Promise<number | null> {
  if (manager.exitCode !== null || manager.signalCode !== null) return manager.exitCode;
  const ended = once(manager, 'exit');
  manager.kill('SIGTERM');
  await ended;
  return manager.exitCode;
}

function placeOf(isRight: (guildId: string) => boolean): Place {
  for (;;) {
    const guildId = discord.addGuild({ name: 'Another server' });
    const channelId = discord.addChannel(guildId, { name: 'music' });
    if (isRight(guildId)) return { guildId, channelId, person: discord.addUser({ name: 'Ada', guildId, admin: true }) };
  }
}

function pidsOf(message: string): number[] {
  return [...logged.matchAll(new RegExp(`"pid":(\\d+)[^\\n]*"msg":"${message}`, 'g'))].map(([, pid]) => Number(pid));
}

const pidsThere = () => pidsOf('the bot is there');
const untilThere = (count: number) => eventually(() => pidsThere().length === count);

/** The process of a shard. */
function pidOf(shard: number): number {
  return Number(new RegExp(`"pid":(\\d+)[^\\n]*"shard":${shard},"msg":"the bot is there"`).exec(logged)?.[1]);
}

/** Worker and index processes below the manager. */
function engines(): { readonly workers: readonly number[]; readonly index: readonly number[] } {
  const idsOf = (program: string) => descendantsRunning(manager.pid ?? 0, program).map(({ pid }) => pid);
  return { workers: idsOf('embedding-worker/main.ts'), index: idsOf('faiss-child.ts') };
}

async function answerTo({ person, channelId }: Place, piece: string, clip?: string): Promise<APIMessage> {
  const data = readFileSync(path.join(library.music, `${piece}.ogg`));
  const asked = await person.slash('similar', clip ? { clip: { name: clip, data } } : { piece }, { channelId });
  const answer = await asked.until(({ content }) => content.startsWith('**'), 100_000);
  expect(answer.content).toContain(piece);
  return answer;
}

describe('two shards', () => {
  test('answer their servers; the first registers the commands and runs the schedule', async () => {
    for (const place of places) await answerTo(place, 'piece-1');
    expect(discord.log.filter(({ method, path }) => method === 'PUT' && /commands$/.test(path))).toHaveLength(1);
    expect(pidsOf('the schedule is running')).toEqual([pidOf(0)]);
  });

  test('use one worker and one set of index processes, and lose no query when these are killed', async () => {
    const before = engines();
    expect([before.workers.length, before.index.length]).toEqual([1, 1]);
    for (const pid of [...before.workers, ...before.index]) process.kill(pid, 'SIGKILL');
    await Promise.all(places.map((place, shard) => answerTo(place, 'piece-2', `clip-${shard}.ogg`)));
    const after = engines();
    expect([after.workers.length, after.index.length]).toEqual([1, 1]);
    expect(after.workers).not.toEqual(before.workers);
  });

  test('have one line for people of both', async () => {
    // One query at a time: a turn taken at the first shard keeps the second one's query waiting.
    const link = new BotLink(library.indexDir);
    const turn = await link.turns({ personId: 'somebody', serverId: null }, AbortSignal.timeout(100_000));
    for (let line = await turn.next(); !('turn' in (line as object)); line = await turn.next());
    const [, { person, channelId }] = places;
    const asked = await person.slash('similar', { piece: 'piece-3' }, { channelId });
    await asked.until(({ content }) => content.includes('place 1 in the queue'), 100_000);
    await turn[Symbol.asyncDispose]();
    await link.close();
    await asked.until(({ content }) => content.startsWith('**'), 100_000);
  });

  test('run a reindex that was requested in the second once, in the first', async () => {
    const [, { person, channelId }] = places;
    const where = { channelId, subcommand: 'reindex' };
    const asked = await person.slash('library', { mode: 'everything' }, where);
    const plan = await asked.until(({ components = [] }) => components.length > 0, 100_000);
    await person.press(plan, 'Confirm');
    await expect.poll(() => pidsOf('a reindex is running'), soon).toEqual([pidOf(0)]);
    await expect.poll(() => library.app.catalog.reindexes.last()?.state, soon).toBe('done');
    expect(pidsOf('a reindex is running')).toHaveLength(1);
  });

  test('post finds in servers of both', async () => {
    const [, { guildId }] = places;
    const finds = discord.addChannel(guildId, { name: 'finds' });
    library.app.catalog.guildSettings.set(guildId, { shareChannelId: finds });
    const link = new BotLink(library.indexDir);
    const status = await link.status();
    expect(status?.shareServers).toEqual([{ id: guildId, name: 'Another server' }]);
    const [, answerId = ''] = /:listen:([^:"]+)/.exec(JSON.stringify(await answerTo(places[0], 'piece-1'))) ?? [];
    const order = { answerId, rank: '1', userId: 'somebody', serverId: guildId, memberOf: null };
    expect(await link.share(order)).toMatchObject({ serverId: guildId, channelId: finds, isNew: true });
    expect(discord.messages(finds)).toHaveLength(1);
    await link.close();
  });

  test('outlive each other: a dead one restarts, and worker and index processes stay', async () => {
    const before = engines();
    process.kill(pidOf(1), 'SIGKILL');
    await answerTo(places[0], 'piece-4');
    await untilThere(shards + 1);
    expect(engines()).toEqual(before);
    await answerTo(places[1], 'piece-4');
  });
});

test('buttons of an old answer work when another shard answers them; a stop ends all in order', async () => {
  const [, place] = places;
  const answer = await answerTo(place, 'piece-5');
  const pids = [...pidsThere(), ...engines().workers, ...engines().index];
  expect(await stop()).toBe(0);
  expect(logged.match(/"msg":"stopped"/g)).toHaveLength(shards);
  await eventually(() => pids.every((pid) => !lives(pid)));

  start(3);
  await untilThere(3);
  const why = await place.person.press(answer, 'Why?', { channelId: place.channelId });
  await why.until(({ content, embeds }) => content !== '' || embeds.length > 0, 100_000);
  expect(await stop()).toBe(0);
});

test('a refused token ends the manager', async () => {
  for (const asked of ['2', 'auto']) {
    const { PATH = '', HOME = '' } = process.env;
    const env = { PATH, HOME, INDEX_DIR: library.indexDir, DISCORD_API_URL: discord.apiUrl, DISCORD_TOKEN: 'not.it' };
    const child = spawn(process.execPath, [path.join(projectRoot, 'src/main.ts')], {
      env: { ...env, DISCORD_SHARDS: asked },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (block: Buffer) => {
      said += block;
    });
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(77);
    expect(said).toContain('refuses DISCORD_TOKEN');
  }
});
