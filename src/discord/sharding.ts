/** Several processes that share the servers, which Discord asks for from 2,500 servers on. Each runs src/main.ts. */
import { type Shard, ShardingManager } from 'discord.js';
import type { Logger } from 'pino';

export interface ShardingOptions {
  /** src/main.ts */
  readonly entry: string;
  readonly token: string;
  readonly shards: number | 'auto';
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Between one process's start and the next: Discord lets a bot identify once in five seconds. */
const spawnDelayMs = 5_500;
/** A shard starts a worker and an index of its own. */
const readyTimeoutMs = 120_000;
/** What a shard's orderly end may take. */
const stopTimeoutMs = 15_000;

/** Runs until the signal aborts; a process that dies is started again by the manager. */
export async function runShards({ entry, token, shards, log, signal }: ShardingOptions): Promise<void> {
  const manager = new ShardingManager(entry, { token, totalShards: shards, mode: 'process', respawn: true });
  manager.on('shardCreate', (shard) => {
    shard.on('death', () => log.warn({ shard: shard.id }, 'a shard died'));
    shard.on('ready', () => log.info({ shard: shard.id }, 'a shard is ready'));
  });
  await manager.spawn({ delay: spawnDelayMs, timeout: readyTimeoutMs });
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  manager.respawn = false;
  await Promise.all([...manager.shards.values()].map((shard) => stopShard(shard)));
}

/** `Shard.kill` would end it without a word to whom it is serving: SIGTERM lets it finish. */
async function stopShard({ process: child }: Shard): Promise<void> {
  if (!child || !('exitCode' in child) || child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await ended;
  clearTimeout(timer);
}
