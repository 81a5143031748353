/** `npm run demo`: everything on this machine. Indexes the sample library on first use, starts a local Discord with a
 *  page to use it in, and the bot against it; runs until Ctrl-C. */
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { styleText } from 'node:util';
import { startLocalDiscord } from '../../local-discord/local-discord.ts';
import { buildPage } from '../../local-discord/page-build.ts';
import { summaryText } from '../cli/index-command.ts';
import type { Config } from '../config/config.ts';
import { LeitmotifError } from '../errors.ts';
import { guardGroup } from '../io/end-with-parent.ts';
import { cutSample, foreignTrack, indexSample, openDemoApp, root, sampleLibrary } from './sample.ts';

/** The page's address should be the same each time; where it is taken, any other will do. */
const port = 8765;
/** A model that is loaded and an index that is opened for the first time. */
const startTimeoutMs = 60_000;
/** Longer than the bot's own orderly end. */
const stopTimeoutMs = 15_000;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

type Environment = Readonly<Record<string, string | undefined>>;

export async function discordRun(config: Config, environment: Environment, signal: AbortSignal): Promise<number> {
  const { library, indexDir, part } = await prepare(config, environment, signal);
  const page = await buildPage();
  await using discord = await startLocalDiscord({ port, page }).catch(() => startLocalDiscord({ page }));
  const ada = discord.addUser({ name: 'Ada', admin: true });
  discord.addUser({ name: 'Ben' });
  discord.addUser({ name: 'Clara', locale: 'de' });
  discord.addChannel(discord.defaultGuildId, { name: 'finds' });

  const bot = startBot({
    ...environment,
    INDEX_DIR: indexDir,
    LIBRARY: `file:${library}`,
    DISCORD_TOKEN: discord.token,
    DISCORD_API_URL: discord.apiUrl,
    DISCORD_OWNERS: ada.id,
    LOG_LEVEL: environment.LOG_LEVEL ?? 'warn',
  });
  try {
    await Promise.race([discord.untilBotIsOnline(startTimeoutMs), bot.ended.then(failed), aborted(signal)]);
    if (signal.aborted) return 0;
    say(
      `\nOpen ${styleText('bold', discord.url)} and type ${styleText('bold', '/similar')}. To ask with, for example:`,
    );
    say(`  ${part}  (half a minute of a piece that is in the library)`);
    say(`  ${path.join(library, foreignTrack)}  (a piece that is not)`);
    say('Ada may use /library as well; Clara sees everything in German. Ctrl-C ends it.');
    await Promise.race([aborted(signal), bot.ended.then(failed)]);
  } finally {
    await bot.stop();
  }
  return 0;
}

/** @returns where things lie; the index is closed again, because the bot opens it */
async function prepare(config: Config, environment: Environment, signal: AbortSignal) {
  const library = sampleLibrary();
  await using app = await openDemoApp(config, library, environment);
  say(`Indexing ${library}, all but ${foreignTrack}`);
  say(summaryText(await indexSample(app, library, signal)));
  const { path: part } = await cutSample(app, library, signal);
  return { library, indexDir: app.config.indexDir, part };
}

/** The bot as it runs anywhere else: a process of its own. In a group of its own too, so that Ctrl-C ends it in order. */
function startBot(env: Environment) {
  const child = fork(path.join(root, 'src/main.ts'), [], {
    env: { ...env },
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const guard = child.pid === undefined ? undefined : guardGroup(child.pid, stopTimeoutMs / 1000);
  child.once('exit', () => guard?.release());
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, killedBy) => resolve(killedBy ?? `exit code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
  return { ended, stop: () => stopBot(child, ended) };
}

async function stopBot(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await ended;
  clearTimeout(timer);
}

function failed(how: string): never {
  throw new LeitmotifError('discord-unavailable', `The bot ended (${how}); what it said stands above`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
