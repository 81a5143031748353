/** Sharding: several processes that share the servers, which Discord requires from 2,500 servers on. Each runs src/main.ts. */
import { setTimeout as delay } from 'node:timers/promises';
import { DiscordAPIError, type RESTGetAPIGatewayBotResult, Routes, type Shard, ShardingManager } from 'discord.js';
import type { Logger } from 'pino';
import { LeitmotifError } from '../errors.ts';
import { makeClient } from './client.ts';

export interface ShardingOptions {
  /** src/main.ts */
  readonly entry: string;
  readonly token: string;
  readonly shards: number | 'auto';
  readonly apiUrl: string | undefined;
  /** Exit codes after which a restart of the shard is useless, with their error codes. */
  readonly fatalExits: ReadonlyMap<number, LeitmotifError['code']>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Between two process starts: Discord allows one identify in five seconds. */
const spawnDelayMs = 5_500;
/** The first shard waits for the worker and the index to start. */
const readyTimeoutMs = 120_000;
/** Limit for a shard's orderly shutdown. */
const stopTimeoutMs = 15_000;
/** Delay before a dead shard restarts; doubles each time until a shard has run for `healthyAfterMs`. */
const respawnAfterMs = 1_000;
const respawnAfterMaxMs = 60_000;
const healthyAfterMs = 120_000;

/** Runs until the signal aborts; a dead shard is restarted.
 *  @throws {LeitmotifError} the code of a shard's fatal exit; 'unauthorized' or 'discord-unavailable' when Discord does not
 *    return the number of shards */
export async function runShards(options: ShardingOptions): Promise<void> {
  const { entry, token, log, signal } = options;
  const totalShards = await countShards(options);
  // Without discord.js's respawn: it restarts at once and without limit, and its failure would end this process.
  const manager = new ShardingManager(entry, { token, totalShards, mode: 'process', respawn: false });
  const fatal = Promise.withResolvers<never>();
  fatal.promise.catch(() => {});
  manager.on('shardCreate', (shard) => keepAlive(shard, options, fatal.reject));
  const aborted = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => aborted.resolve(), { once: true });
  if (signal.aborted) aborted.resolve();
  try {
    await Promise.race([spawnAll(manager, totalShards, options), aborted.promise, fatal.promise]);
    await Promise.race([aborted.promise, fatal.promise]);
  } finally {
    log.info('stopping the shards');
    await Promise.all([...manager.shards.values()].map(stopShard));
  }
}

async function countShards({ shards, token, apiUrl }: ShardingOptions): Promise<number> {
  if (shards !== 'auto') return shards;
  const where = apiUrl ?? 'Discord';
  try {
    const { rest } = makeClient(apiUrl);
    return ((await rest.setToken(token).get(Routes.gatewayBot())) as RESTGetAPIGatewayBotResult).shards;
  } catch (cause) {
    throw cause instanceof DiscordAPIError && cause.status === 401
      ? new LeitmotifError('unauthorized', `Cannot start: ${where} refuses DISCORD_TOKEN`, { cause })
      : new LeitmotifError('discord-unavailable', `Cannot start: ${where} does not return the number of shards`, {
          cause,
        });
  }
}

async function spawnAll(
  manager: ShardingManager,
  totalShards: number,
  { log, signal }: ShardingOptions,
): Promise<void> {
  for (let id = 0; id < totalShards; id++) {
    if (id > 0) await delay(spawnDelayMs, undefined, { signal });
    await spawn(manager.createShard(id), log);
  }
}

/** `keepAlive` handles shards that die, also before they are ready. */
async function spawn(shard: Shard, log: Logger): Promise<void> {
  try {
    await shard.spawn(readyTimeoutMs);
    log.info({ shard: shard.id }, 'a shard is ready');
  } catch (err) {
    log.warn({ shard: shard.id, err }, 'a shard did not become ready');
  }
}

function keepAlive(
  shard: Shard,
  { fatalExits, log, signal }: ShardingOptions,
  fatal: (error: LeitmotifError) => void,
): void {
  let deathsInARow = 0;
  let spawnedAtMs = 0;
  shard.on('spawn', () => {
    spawnedAtMs = performance.now();
  });
  shard.on('death', (child) => {
    if (signal.aborted) return;
    const exitCode = 'exitCode' in child ? child.exitCode : null;
    const code = fatalExits.get(exitCode ?? 0);
    if (code) return fatal(new LeitmotifError(code, `Shard ${shard.id} cannot continue; see its output above`));
    if (performance.now() - spawnedAtMs > healthyAfterMs) deathsInARow = 0;
    const afterMs = Math.min(respawnAfterMs * 2 ** deathsInARow++, respawnAfterMaxMs);
    log.warn({ shard: shard.id, exitCode, afterMs }, 'a shard died and will be restarted');
    delay(afterMs, undefined, { signal }).then(
      () => spawn(shard, log),
      () => {},
    );
  });
}

/** SIGTERM, not `Shard.kill`, so that running queries can finish. */
async function stopShard({ process: child }: Shard): Promise<void> {
  if (!child || !('exitCode' in child) || child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await ended;
  clearTimeout(timer);
}
