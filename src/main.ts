/** The bot's entry. With WEB_PORT set, it starts a bot and a web server; with DISCORD_SHARDS, the shards of a bot. Each is a process of
 *  its own, and all use the worker and the index processes of this one (services/backend.ts).
 *
 *  Exit codes follow sysexits(3): 0 after a graceful stop, 78 for a bad configuration (such as a missing token), 77 for a token that
 *  Discord rejects, 75 when Discord is unavailable, 1 for everything else. */
import './io/while-starting.ts';
import { fork } from 'node:child_process';
import path from 'node:path';
import { Command } from 'commander';
import type { Logger } from 'pino';
import { type Config, loadDotEnv, readConfig } from './config/config.ts';
import { forgetSecrets } from './config/secrets.ts';
import { makeBotLog } from './discord/log.ts';
import { runShards } from './discord/sharding.ts';
import { LeitmotifError, toLeitmotifError } from './errors.ts';
import { keepRunning } from './io/keep-running.ts';
import { versionOf } from './io/version.ts';
import { endInOrder } from './io/while-starting.ts';
import { Backend } from './services/backend.ts';
import { interactive } from './services/program-context.ts';

const root = path.resolve(import.meta.dirname, '..');
new Command('leitmotif start')
  .description('The Discord bot. Set environment variables or write them to .env; .env.example explains each one.')
  .version(versionOf(root))
  .parse();
loadDotEnv(root);
/** Set by discord.js's ShardingManager for the processes that it starts. */
const isShard = process.env.SHARDING_MANAGER === 'true';
/** Set by this file for the bot that it starts beside the web server. */
const isPart = process.env.LEITMOTIF_PART === 'bot';
/** Set by this file for the programs that it starts: the socket of its backend. */
const backendSocket = process.env.LEITMOTIF_BACKEND;

const exitCodes: Partial<Record<LeitmotifError['code'], number>> = {
  'config-invalid': 78,
  unauthorized: 77,
  'discord-unavailable': 75,
};

async function main(signal: AbortSignal): Promise<void> {
  const config = readConfig(process.env, root);
  const { token, shards } = config.discord;
  if (!token) {
    throw new LeitmotifError(
      'config-invalid',
      'Cannot start: DISCORD_TOKEN is not set. Make an application at https://discord.com/developers/applications, ' +
        'copy its bot token into .env as DISCORD_TOKEN=..., and start again. To try the bot without Discord: npm run demo',
    );
  }
  const log = makeBotLog(config.botLogLevel);
  const isAlone = isShard || (shards === undefined && (isPart || !config.web.besideBot));
  if (isAlone) return runBot(config, token, log, signal);
  await using _backend = backendSocket === undefined ? await startBackend(config, log) : null;
  if (config.web.besideBot && !isPart) process.exitCode = await runWithWeb(log, signal);
  else if (shards !== undefined) {
    const entry = path.join(root, 'src/main.ts');
    await runShards({ entry, token, shards, apiUrl: config.discord.apiUrl, fatalExits, log, signal });
  }
}

/** Bot, shards and web server find it by LEITMOTIF_BACKEND, which they inherit. */
async function startBackend(config: Config, log: Logger): Promise<Backend> {
  // The programs need the tokens; worker and index processes must not get them.
  const environment = { ...process.env };
  forgetSecrets(environment);
  const backend = await Backend.start(config, { root, environment, log, niceness: interactive.niceness });
  process.env.LEITMOTIF_BACKEND = backend.socketPath;
  return backend;
}

async function runBot(config: Config, token: string, log: Logger, signal: AbortSignal): Promise<void> {
  // Not loaded by the process that only starts others.
  const [{ allCommands }, { buildApp }, { startBot }] = await Promise.all([
    import('../commands/all.ts'),
    import('./app.ts'),
    import('./discord/bot.ts'),
  ]);
  // ffmpeg, the worker and the index processes inherit no secrets.
  forgetSecrets(process.env);
  await using app = await buildApp(config, { root, environment: process.env, log, ...interactive, backendSocket });
  const bot = await startBot({
    services: app,
    log,
    root,
    environment: process.env,
    token,
    signal,
    commands: allCommands,
  });
  try {
    await Promise.race([untilAborted(signal), bot.lost]);
  } finally {
    await bot.stop();
  }
}

/** Bot and web server are processes of their own: work of one does not delay the other, and a crash of one does not end it. */
function runWithWeb(log: Logger, signal: AbortSignal): Promise<number> {
  const start = (entry: string, environment: NodeJS.ProcessEnv) => () =>
    fork(path.join(root, 'src', entry), [], { env: { ...process.env, ...environment }, stdio: 'inherit' });
  const bot = start('main.ts', { LEITMOTIF_PART: 'bot' });
  // The web server needs no token of the bot.
  const web = start('web.ts', { DISCORD_TOKEN: '' });
  return keepRunning(
    [
      { name: 'bot', start: bot, fatalCodes: new Set(fatalExits.keys()) },
      { name: 'web', start: web, fatalCodes: new Set() },
    ],
    { log, signal },
  );
}

/** Exit codes of errors that a restart does not fix. */
const fatalExits = new Map<number, LeitmotifError['code']>([
  [78, 'config-invalid'],
  [77, 'unauthorized'],
]);

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
// The parent process is gone, so nothing else would stop this one.
endInOrder(() => stop.abort());

try {
  await main(stop.signal);
} catch (error) {
  // A stop during start-up is not a failure.
  if (!stop.signal.aborted) {
    const { code, message } = toLeitmotifError(error);
    const report = `Internal error in Leitmotif. Please report it:\n${(error as Error).stack}`;
    process.stderr.write(`${code === 'internal' ? report : message}\n`);
    process.exitCode = exitCodes[code] ?? 1;
  }
}
// Everything is closed. An IPC channel or an unanswered call to Discord would otherwise keep the process alive.
process.exit();
