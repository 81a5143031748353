/** Several processes that share the servers, which Discord asks for from 2,500 servers on. Each runs src/main.ts. */
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
  /** Exit codes of a shard after which starting it again is of no use, and what they mean. */
  readonly fatalExits: ReadonlyMap<number, LeitmotifError['code']>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Between one process's start and the next: Discord lets a bot identify once in five seconds. */
const spawnDelayMs = 5_500;
/** A shard starts a worker and an index of its own. */
const readyTimeoutMs = 120_000;
/** What a shard's orderly end may take. */
const stopTimeoutMs = 15_000;
/** Before a shard that died is started again; doubles each time, until one has lived for a while. */
const respawnAfterMs = 1_000;
const respawnAfterMaxMs = 60_000;
const healthyAfterMs = 120_000;

/** Runs until the signal aborts; a shard that dies is started again.
 *  @throws {LeitmotifError} what a shard ended with, when that is fatal; 'unauthorized' or 'discord-unavailable' when
 *    Discord does not say how many shards there should be */
export async function runShards(options: ShardingOptions): Promise<void> {
  const { entry, token, log, signal } = options;
  const totalShards = await countShards(options);
  // It would start a dead one again at once and for ever, and its failing to would end this process.
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
      : new LeitmotifError('discord-unavailable', `Cannot start: ${where} does not say how many shards it wants`, {
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

/** One that dies before it is ready is seen to by `keepAlive`, as any other that dies. */
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
    if (code) return fatal(new LeitmotifError(code, `Shard ${shard.id} cannot go on; what it said stands above`));
    if (performance.now() - spawnedAtMs > healthyAfterMs) deathsInARow = 0;
    const afterMs = Math.min(respawnAfterMs * 2 ** deathsInARow++, respawnAfterMaxMs);
    log.warn({ shard: shard.id, exitCode, afterMs }, 'a shard died and is started again');
    delay(afterMs, undefined, { signal }).then(
      () => spawn(shard, log),
      () => {},
    );
  });
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
