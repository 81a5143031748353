/** The bot's entry. Exit codes: 0 after an orderly stop, 78 for a configuration that cannot work (no token, say),
 *  77 for a token that Discord refuses, 75 when Discord is not there, 1 for everything else. As in sysexits(3). */
import './io/while-starting.ts';
import path from 'node:path';
import { Command } from 'commander';
import { allCommands } from '../commands/all.ts';
import { buildApp } from './app.ts';
import { loadDotEnv, readConfig } from './config/config.ts';
import { forgetSecrets } from './config/variables.ts';
import { startBot } from './discord/bot.ts';
import { runShards } from './discord/sharding.ts';
import { LeitmotifError, toLeitmotifError } from './errors.ts';
import { makeLog } from './io/log.ts';
import { versionOf } from './io/version.ts';
import { endInOrder } from './io/while-starting.ts';

const root = path.resolve(import.meta.dirname, '..');
new Command('leitmotif start')
  .description(
    'The Discord bot. Settings are environment variables or lines in .env; .env.example explains all of them.',
  )
  .version(versionOf(root))
  .parse();
loadDotEnv(root);
/** Set by discord.js's ShardingManager for the processes that it starts. */
const isShard = process.env.SHARDING_MANAGER === 'true';

/** So that the thread that answers Discord is always free. A write to the catalog that meets another one waits 10 ms with
 *  the thread held, and then again without. On Linux, who is at niceness 10 gets a tenth of the time of who is at 0, when
 *  both want it. */
const answersPeople = { catalogBusyTimeoutMs: 10, niceness: 10, mediaThread: true, lookForIndexEachMs: 5_000 };
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
  const log = makeLog(config.botLogLevel);
  if (shards !== undefined && !isShard) {
    const entry = path.join(root, 'src/main.ts');
    const { apiUrl } = config.discord;
    return runShards({ entry, token, shards, apiUrl, fatalExits, log, signal });
  }
  // What ffmpeg, the worker and the index inherit is none of their business.
  forgetSecrets(process.env);
  await using app = await buildApp(config, { root, environment: process.env, log, ...answersPeople });
  const bot = await startBot({ services: app, log, root, environment: process.env, token, signal, commands: allCommands });
  try {
    await Promise.race([untilAborted(signal), bot.lost]);
  } finally {
    await bot.stop();
  }
}

/** What no restart mends. */
const fatalExits = new Map([
  [78, 'config-invalid'],
  [77, 'unauthorized'],
] as const);

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
// The process that started us is gone, and with it whoever would have stopped us.
endInOrder(() => stop.abort());

try {
  await main(stop.signal);
} catch (error) {
  // Told to stop while it was starting: that is no failure.
  if (!stop.signal.aborted) {
    const { code, message } = toLeitmotifError(error);
    const report = `Leitmotif made a mistake. Please report this:\n${(error as Error).stack}`;
    process.stderr.write(`${code === 'internal' ? report : message}\n`);
    process.exitCode = exitCodes[code] ?? 1;
  }
}
// All that had to end has ended. A channel to whoever forked us, or a call that Discord does not answer, would keep us.
process.exit();
