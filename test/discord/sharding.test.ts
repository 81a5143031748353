/** Two processes that share the servers, as DISCORD_SHARDS asks for: started, asked and stopped as an operator would. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalDiscord, type Person, startLocalDiscord } from '../../local-discord/local-discord.ts';
import { makeLibrary, projectRoot, type TestLibrary } from '../support/library.ts';

const shards = 2;

let library: TestLibrary;
let discord: LocalDiscord;
let manager: ChildProcess;
let logged = '';

beforeAll(async () => {
  library = await makeLibrary();
  discord = await startLocalDiscord({ shards });
  manager = spawn(process.execPath, [path.join(projectRoot, 'src/main.ts')], {
    env: {
      ...process.env,
      INDEX_DIR: library.indexDir,
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.apiUrl,
      DISCORD_SHARDS: String(shards),
      QUERY_COOLDOWN_SEC: '0',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  manager.stderr?.on('data', (block: Buffer) => {
    logged += block;
  });
});
afterAll(async () => {
  manager.kill('SIGKILL');
  await discord[Symbol.asyncDispose]();
  await library[Symbol.asyncDispose]();
});

/** As Discord deals out its servers. */
function shardOf(guildId: string): number {
  return Number((BigInt(guildId) >> 22n) % BigInt(shards));
}

/** A server of each shard, with somebody in it. */
function serversOfEachShard(): Map<number, { person: Person; channelId: string }> {
  const servers = new Map<number, { person: Person; channelId: string }>();
  while (servers.size < shards) {
    const guildId = discord.addGuild({ name: 'Another server' });
    const channelId = discord.addChannel(guildId, { name: 'music' });
    servers.set(shardOf(guildId), { person: discord.addUser({ name: 'Ada', guildId }), channelId });
  }
  return servers;
}

test('each server is answered by its shard, one of them registers, and SIGTERM ends all of it in order', async () => {
  const servers = serversOfEachShard();
  await expect.poll(() => logged.match(/the bot is there/g)?.length, { timeout: 60_000 }).toBe(shards);
  for (const [, { person, channelId }] of servers) {
    const asked = await person.slash('similar', { piece: 'piece-1' }, { channelId });
    const answer = await asked.until((message) => message.embeds.length > 0, 30_000);
    expect(answer.embeds[0]?.description).toContain('piece-1');
  }
  expect(discord.log.filter(({ method, path }) => method === 'PUT' && /commands$/.test(path))).toHaveLength(1);
  expect(discord.violations).toEqual([]);

  const pids = [...logged.matchAll(/"pid":(\d+)[^\n]*the bot is there/g)].map((match) => Number(match[1]));
  const ended = new Promise((resolve) => manager.once('exit', resolve));
  manager.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(new Set(pids).size).toBe(shards);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(logged.match(/"msg":"stopped"/g)).toHaveLength(shards);
});
