/** The set-up of the bot's benchmarks: the local Discord, its users, and the real bot over the sample library. */
import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type LocalDiscord, type Person, startLocalDiscord } from '../../local-discord/local-discord.ts';
import { BotProcess } from './process.ts';

export interface BotBenchOptions {
  /** Recordings of the sample library. */
  readonly files: readonly string[];
  /** The result of `indexOnce`; each stage works on a copy. */
  readonly indexDir: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
}

export interface Stage extends AsyncDisposable {
  readonly discord: LocalDiscord;
  readonly bot: BotProcess;
  /** Has the right to request a full reindex. */
  readonly owner: Person;
}

const root = path.resolve(import.meta.dirname, '../..');
const startWithinMs = 60_000;
const registerWithinMs = 30_000;

/** A queue for all users, for benchmarks other than the queue's limits. */
export const roomyQueue = {
  QUERY_COOLDOWN_SEC: '0',
  QUERIES_WAITING_MAX: '10000',
  QUERIES_WAITING_MAX_SERVER: '10000',
};

/** @returns a folder with the index of the sample library, made by `npm run index` */
export async function indexOnce(music: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const indexDir = await mkdtemp(path.join(tmpdir(), 'leitmotif-bench-bot-'));
  const env = { ...environment, INDEX_DIR: indexDir };
  await promisify(execFile)(process.execPath, [path.join(root, 'src/cli.ts'), 'index', music], { env });
  return indexDir;
}

export function recordingsOf(music: string): string[] {
  return globSync(path.join(music, '**/*.{ogg,mp3,flac,opus,m4a,wav}')).sort();
}

/** @param settings of the bot, on top of its defaults */
export async function openStage(
  { indexDir, environment }: BotBenchOptions,
  settings: Readonly<Record<string, string>>,
): Promise<Stage> {
  const folder = await mkdtemp(path.join(tmpdir(), 'leitmotif-bench-stage-'));
  await using opened = new AsyncDisposableStack();
  opened.defer(() => rm(folder, { recursive: true }));
  await cp(indexDir, folder, { recursive: true });
  const discord = opened.use(await startLocalDiscord());
  const owner = discord.addUser({ name: 'owner', admin: true });
  const { apiUrl, token } = discord;
  const own = { DISCORD_OWNERS: owner.id, LOG_LEVEL: 'warn', ...settings };
  const bot = opened.use(await BotProcess.start({ apiUrl, token, indexDir: folder, settings: own, environment }));
  await bot.until(discord.untilBotIsOnline(startWithinMs));
  await bot.until(untilCommands(discord));
  const kept = opened.move();
  return { discord, bot, owner, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function untilCommands({ log }: LocalDiscord): Promise<void> {
  const deadline = performance.now() + registerWithinMs;
  while (!log.some(({ method, path: called }) => method === 'PUT' && called.endsWith('/commands'))) {
    if (performance.now() > deadline) throw new Error('Cannot measure: the bot registered no commands');
    await sleep(50);
  }
}

export function people({ discord }: Stage, count: number, guildId = discord.defaultGuildId): Person[] {
  return Array.from({ length: count }, (_, at) => discord.addUser({ name: `person ${at + 1}`, guildId }));
}

/** The first lines of the tables. */
export const machine = `${availableParallelism()} cores`;

export const milliseconds = (ms: number): string => `${ms.toFixed(0)} ms`;
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
/** The words of the tables for whether a target is met. */
export const met = (is: boolean): string => (is ? 'yes' : 'NO');
