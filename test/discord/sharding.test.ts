/** Two shards by DISCORD_SHARDS: started, used and stopped as an operator would. */
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

/** Discord's assignment of servers to shards. */
function shardOf(guildId: string): number {
  return Number((BigInt(guildId) >> 22n) % BigInt(shards));
}

/** A server of each shard, with a member. */
function serversOfEachShard(): Map<number, { person: Person; channelId: string }> {
  const servers = new Map<number, { person: Person; channelId: string }>();
  while (servers.size < shards) {
    const guildId = discord.addGuild({ name: 'Another server' });
    const channelId = discord.addChannel(guildId, { name: 'music' });
    servers.set(shardOf(guildId), { person: discord.addUser({ name: 'Ada', guildId }), channelId });
  }
  return servers;
}

test('each shard answers its servers, one registers the commands, a dead one restarts, and SIGTERM stops all in order', async () => {
  const servers = serversOfEachShard();
  await expect.poll(() => logged.match(/the bot is there/g)?.length, { timeout: 60_000 }).toBe(shards);
  for (const [, { person, channelId }] of servers) {
    const asked = await person.slash('similar', { piece: 'piece-1' }, { channelId });
    const answer = await asked.until(({ content }) => content.startsWith('**'), 100_000);
    expect(answer.content).toContain('piece-1');
  }
  expect(discord.log.filter(({ method, path }) => method === 'PUT' && /commands$/.test(path))).toHaveLength(1);
  expect(discord.violations).toEqual([]);

  // A dead shard is restarted.
  const pidsThere = () => [...logged.matchAll(/"pid":(\d+)[^\n]*the bot is there/g)].map((match) => Number(match[1]));
  process.kill(pidsThere()[1] ?? 0, 'SIGKILL');
  await expect.poll(() => pidsThere().length, { timeout: 60_000 }).toBe(shards + 1);

  const pids = pidsThere();
  const ended = new Promise((resolve) => manager.once('exit', resolve));
  manager.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(new Set(pids).size).toBe(shards + 1);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(logged.match(/"msg":"stopped"/g)).toHaveLength(shards);
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
