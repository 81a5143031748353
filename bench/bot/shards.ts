/** Measures the memory of several processes over one index: two shards and the web server, each of which has answered. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ShardClientUtil } from 'discord.js';
import { type Person, startLocalDiscord } from '../../local-discord/local-discord.ts';
import { descendantsOf } from '../../test/embedding-worker/processes.ts';
import { proportionalBytes } from '../process-figures.ts';
import { table } from '../table.ts';
import { askWeb } from '../web/answers.ts';
import { makeClip } from './clips.ts';
import { kindOf } from './process.ts';
import { isAnswer } from './queries.ts';
import { type BotBenchOptions, machine } from './stage.ts';

export interface ShardBenchResult {
  /** By kind of process: how many there are, and the sum of their proportional sizes. */
  readonly kinds: ReadonlyMap<string, { readonly count: number; readonly bytes: number }>;
}

const shards = 2;
const root = path.resolve(import.meta.dirname, '../..');
const startWithinMs = 120_000;
const answerWithinMs = 120_000;
/** After the last answer: extracts are cut, and freed pages go back to the system. */
const settleMs = 5_000;

export async function benchShards({ files, indexDir, environment, log }: BotBenchOptions): Promise<ShardBenchResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'leitmotif-bench-shards-'));
  await using ending = new AsyncDisposableStack();
  ending.defer(() => rm(folder, { recursive: true }));
  await cp(indexDir, folder, { recursive: true });
  const discord = ending.use(await startLocalDiscord({ shards }));
  const people = personOfEachShard(discord);
  const program = spawn(process.execPath, [path.join(root, 'src/main.ts')], {
    env: {
      ...environment,
      ...{ DISCORD_API_URL: discord.apiUrl, DISCORD_TOKEN: discord.token, DISCORD_SHARDS: String(shards) },
      ...{ INDEX_DIR: folder, WEB_PORT: '0', LOG_LEVEL: 'info', QUERY_COOLDOWN_SEC: '0' },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  ending.defer(() => stop(program));
  const webUrl = await started(program);
  const clip = await makeClip(files, 60, 0);
  for (const [shard, person] of people.entries()) {
    const asked = await person.slash('similar', { clip: { name: `clip-${shard}.mp3`, data: clip } });
    await asked.until(isAnswer, answerWithinMs);
    log(`shard ${shard} has answered`);
  }
  await askWeb(webUrl, clip);
  log('the web server has answered');
  await sleep(settleMs);
  const kinds = new Map<string, { count: number; bytes: number }>();
  const pid = program.pid ?? 0;
  for (const { pid: each, command } of [{ pid, command: 'main.ts' }, ...descendantsOf(pid)]) {
    const kind = kindOf(command);
    const sum = kinds.get(kind) ?? { count: 0, bytes: 0 };
    kinds.set(kind, { count: sum.count + 1, bytes: sum.bytes + proportionalBytes(each) });
  }
  return { kinds };
}

export function renderShardBench({ kinds }: ShardBenchResult): string {
  const rows = [...kinds].sort(([, a], [, b]) => b.bytes - a.bytes);
  const total = rows.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  const count = rows.reduce((sum, [, each]) => sum + each.count, 0);
  return table(
    [`${shards} shards and the web server, ${machine}`, 'processes', 'memory (PSS)'],
    [
      ...rows.map(([kind, each]) => [kind, String(each.count), megabytes(each.bytes)]),
      ['together', String(count), megabytes(total)],
    ],
  );
}

function personOfEachShard(discord: Awaited<ReturnType<typeof startLocalDiscord>>): Person[] {
  const people: Person[] = [];
  while (Object.keys(people).length < shards) {
    const guildId = discord.addGuild({ name: 'A server' });
    discord.addChannel(guildId, { name: 'music' });
    people[ShardClientUtil.shardIdForGuildId(guildId, shards)] ??= discord.addUser({ name: 'Ada', guildId });
  }
  return people;
}

/** @returns the web server's address, once all shards are there too */
async function started(program: ChildProcess): Promise<string> {
  let printed = '';
  for (const stream of [program.stdout, program.stderr])
    stream?.on('data', (bytes: Buffer) => {
      printed += String(bytes);
    });
  for (const endMs = Date.now() + startWithinMs; Date.now() < endMs; await sleep(100)) {
    const url = /Leitmotif is at (http:\S+)/.exec(printed)?.[1];
    if (url !== undefined && printed.match(/the bot is there/g)?.length === shards) return url;
    if (program.exitCode !== null) break;
  }
  throw new Error(`Cannot measure: the shards did not start\n${printed}`);
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

async function stop(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const ended = once(program, 'exit');
  program.kill('SIGTERM');
  await ended;
}
