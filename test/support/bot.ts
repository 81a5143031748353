/** The real bot against the local Discord, over a small real library: discord.js, worker, ONNX, FAISS, SQLite, ffmpeg. */
import { allCommands } from '../../commands/all.ts';
import { type LocalDiscord, type LocalDiscordOptions, startLocalDiscord } from '../../local-discord/local-discord.ts';
import { type App, buildApp } from '../../src/app.ts';
import { readConfig } from '../../src/config/config.ts';
import { type RunningBot, startBot } from '../../src/discord/bot.ts';
import { makeBotLog } from '../../src/discord/log.ts';
import { engineEnvironment } from './engine.ts';
import { atFullPriority, never, projectRoot, type TestLibrary } from './library.ts';

export interface TestBot extends AsyncDisposable {
  readonly discord: LocalDiscord;
  readonly app: App;
  readonly bot: RunningBot;
  /** The log, one object a line. */
  readonly logged: Record<string, unknown>[];
  /** Stops the bot in order and starts it again over the same index, like an update. */
  restart(environment?: Record<string, string>): Promise<void>;
}

export interface TestBotOptions {
  readonly environment?: Record<string, string>;
  readonly discord?: LocalDiscordOptions;
}

/** No cool-down, so that a test can send two queries; tests of the cool-down set one. */
const quick = { QUERY_COOLDOWN_SEC: '0', ...atFullPriority };
/** As the bot's entry has it. */
const catalogBusyTimeoutMs = 10;

export async function makeBot(library: Pick<TestLibrary, 'indexDir'>, options: TestBotOptions = {}): Promise<TestBot> {
  const discord = await startLocalDiscord(options.discord);
  const logged: Record<string, unknown>[] = [];
  const log = makeBotLog('debug', { write: (line: string) => void logged.push(JSON.parse(line)) });
  const start = async (environment: Record<string, string>) => {
    const set = { INDEX_DIR: library.indexDir, LOG_LEVEL: 'silent', DISCORD_API_URL: discord.apiUrl };
    const config = readConfig({ ...set, ...quick, ...engineEnvironment, ...environment }, projectRoot);
    const surroundings = { root: projectRoot, environment: process.env, log };
    const app = await buildApp(config, { ...surroundings, catalogBusyTimeoutMs, mediaThread: true });
    return {
      app,
      bot: await startBot({
        services: app,
        ...surroundings,
        token: discord.token,
        signal: never,
        commands: allCommands,
      }),
    };
  };
  let running = await start(options.environment ?? {});
  return {
    discord,
    logged,
    get app() {
      return running.app;
    },
    get bot() {
      return running.bot;
    },
    async restart(environment = options.environment ?? {}) {
      await running.bot.stop();
      await running.app.close();
      running = await start(environment);
    },
    async [Symbol.asyncDispose]() {
      await running.bot.stop();
      await running.app.close();
      await discord[Symbol.asyncDispose]();
    },
  };
}
