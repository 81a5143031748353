/** `npm run demo`: the bot on a local Discord, and the web app. Indexes the sample library on first use, then starts a local
 *  Discord with its web page, the bot and the web server. Runs until Ctrl-C. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { styleText } from 'node:util';
import { startLocalDiscord } from '../../local-discord/local-discord.ts';
import { buildPage } from '../../local-discord/page-build.ts';
import { summaryText } from '../cli/index-command.ts';
import type { Config } from '../config/config.ts';
import { type ErrorCode, LeitmotifError } from '../errors.ts';
import { guardGroup } from '../io/end-with-parent.ts';
import { cutSample, foreignTrack, indexSample, openDemoApp, root, sampleLibrary } from './sample.ts';

/** Fixed, so that the pages have the same addresses each time. If a port is taken, another one is used. */
const port = 8765;
const webPort = 8700;
/** Includes loading the model and opening the index for the first time. */
const startTimeoutMs = 60_000;
/** Longer than the bot's own graceful shutdown. */
const stopTimeoutMs = 15_000;

const print = (text: string): void => {
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

  const shared = {
    ...environment,
    INDEX_DIR: indexDir,
    LIBRARY: `file:${library}`,
    LOG_LEVEL: environment.LOG_LEVEL ?? 'warn',
  };
  await using bot = startProgram('src/main.ts', {
    ...shared,
    DISCORD_TOKEN: discord.token,
    DISCORD_API_URL: discord.apiUrl,
    DISCORD_OWNERS: ada.id,
  });
  await using web = startProgram('src/web.ts', {
    ...shared,
    WEB_HOST: '127.0.0.1',
    WEB_PORT: String(config.web.port === undefined && !(await isFree(webPort)) ? 0 : (config.web.port ?? webPort)),
  });
  const ended = Promise.race([
    bot.ended.then(failed('bot', 'discord-unavailable')),
    web.ended.then(failed('web server', 'config-invalid')),
    aborted(signal),
  ]);
  await Promise.race([discord.untilBotIsOnline(startTimeoutMs), ended]);
  const webUrl = await Promise.race([web.url, ended]);
  if (signal.aborted) return 0;
  print(`\nOpen ${styleText('bold', discord.url)} and type ${styleText('bold', '/similar')}. Query files to try:`);
  print(`  ${part}  (half a minute of a track that is in the library)`);
  print(`  ${path.join(library, foreignTrack)}  (a track that is not)`);
  print('Ada may also use /library; Clara sees everything in German.');
  print(`Or open ${styleText('bold', String(webUrl))} and drop such a file there. Stop with Ctrl-C.`);
  await ended;
  return 0;
}

async function isFree(loopbackPort: number): Promise<boolean> {
  const server = createServer().listen(loopbackPort, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** @returns the paths of the library, the index and the query; the index is closed, because the bot opens it */
async function prepare(config: Config, environment: Environment, signal: AbortSignal) {
  const library = sampleLibrary();
  await using app = await openDemoApp(config, library, environment);
  print(`Indexing ${library} without ${foreignTrack}`);
  print(summaryText(await indexSample(app, library, signal)));
  const { path: part } = await cutSample(app, library, signal);
  return { library, indexDir: app.config.indexDir, part };
}

/** Starts a program as a separate process in its own group, so that Ctrl-C does not kill it before a graceful shutdown. */
function startProgram(file: string, env: Environment) {
  const child = fork(path.join(root, file), [], {
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
  /** Where the web server listens. */
  const url = new Promise<string>((resolve) => {
    child.on('message', (message: { url?: string }) => message.url !== undefined && resolve(message.url));
  });
  return { ended, url, [Symbol.asyncDispose]: () => stop(child, ended) };
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await ended;
  clearTimeout(timer);
}

function failed(program: string, code: ErrorCode): (how: string) => never {
  return (how) => {
    throw new LeitmotifError(code, `The ${program} ended (${how}); its log is above`);
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
