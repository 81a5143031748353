/** The bot: its parts, its start and its end. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { Events, GatewayCloseCodes, type Interaction, RESTEvents } from 'discord.js';
import type { Logger } from 'pino';
import type { App } from '../app.ts';
import { LeitmotifError } from '../errors.ts';
import { Asker } from './asking/asker.ts';
import { Presenter } from './asking/presenting.ts';
import type { BotContext } from './bot-context.ts';
import { makeClient } from './client.ts';
import { answerHandlers } from './components/answers.ts';
import { listenHandlers } from './components/listen.ts';
import type { ComponentParts } from './components/parts.ts';
import { shareHandlers } from './components/share.ts';
import { tellCutOff } from './cut-off.ts';
import type { AnyCommand, ComponentHandler } from './handler.ts';
import { Housekeeping } from './housekeeping.ts';
import { ChannelAnnouncer } from './library/announcer.ts';
import { LibraryDesk } from './library/library-desk.ts';
import { Reindexer } from './library/reindexer.ts';
import { Scheduler } from './library/scheduler.ts';
import { BotMetrics, serveMetrics } from './metrics.ts';
import { QueryQueue } from './query-queue.ts';
import { registerCommands } from './register.ts';
import { Router } from './router.ts';
import { textsOf } from './texts/texts.ts';

export interface BotWiring {
  readonly bot: BotContext;
  readonly asker: Asker;
  readonly reindexer: Reindexer;
  readonly scheduler: Scheduler;
  readonly desk: LibraryDesk;
}

export interface BotOptions {
  readonly app: App;
  readonly log: Logger;
  /** Of the project. */
  readonly root: string;
  /** What children get of the environment: PATH and the like. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly token: string;
  /** What people can type, and the components that belong to it. */
  readonly commands: (wiring: BotWiring) => {
    readonly commands: readonly AnyCommand[];
    readonly components: readonly ComponentHandler[];
  };
}

export interface RunningBot {
  /** Rejects when the bot cannot go on: its token was refused, its session ended for good. */
  readonly lost: Promise<never>;
  /** Refuses new work, lets what runs finish, tells whom it must cut off, closes. */
  stop(): Promise<void>;
}

const waitingMaxPerson = 2;
/** Enough for a query that is nearly done; systemd and docker kill after 90 s and 10 s. */
const drainMs = 8_000;

/** @throws {LeitmotifError} 'unauthorized' when Discord refuses the token; 'discord-unavailable' when it is not there */
export async function startBot({ app, log, root, environment, token, commands }: BotOptions): Promise<RunningBot> {
  const { config } = app;
  const client = makeClient(config.discord.apiUrl);
  const shard = client.shard?.ids[0] ?? 0;
  const stopping = new AbortController();
  const bot: BotContext = { app, config, log, client, texts: textsOf, stopping: stopping.signal };
  const spoolDir = await emptyFolder(path.join(config.indexDir, 'spool', String(shard)));
  const queue = new QueryQueue({ ...config.queries, waitingMaxPerson });
  const metrics = new BotMetrics({ queue });
  const presenter = new Presenter(app);
  const trustedOrigins = config.discord.apiUrl === undefined ? [] : [new URL(config.discord.apiUrl).origin];
  const asker = new Asker({ app, bot, metrics, queue, presenter, shard, spoolDir, trustedOrigins });
  const place = { root, environment, config };
  const announcer = new ChannelAnnouncer({ client, texts: textsOf, log });
  // Of several processes that share the servers, the first one indexes and watches the clock.
  const reindexer = new Reindexer({ ...place, app, log, announcer, runsJobs: shard === 0 });
  const scheduler = new Scheduler({ catalog: app.catalog, reindexer, log, schedules: shard === 0 });
  const desk = new LibraryDesk(place);
  const parts: ComponentParts = { bot, asker, presenter };
  const own = commands({ bot, asker, reindexer, scheduler, desk });
  const components = [...answerHandlers(parts), ...listenHandlers(parts), ...shareHandlers(parts), ...own.components];
  const router = new Router({ bot, metrics, commands: own.commands, components });
  const lost = watchClient(bot, metrics);
  client.on(Events.InteractionCreate, (interaction: Interaction) => void router.handle(interaction));

  const metricsServer =
    config.metricsPort === undefined ? null : await serveMetrics(metrics, config.metricsPort + shard);
  await logIn(bot, token);
  if (shard === 0) {
    const definitions = own.commands.map(({ definition }) => definition);
    if (client.isReady() && (await registerCommands(client, definitions))) log.info('commands registered');
  }
  const told = await tellCutOff(bot, shard);
  if (told > 0) log.warn({ told }, 'told people whose queries were cut off');
  const housekeeping = new Housekeeping(app, (err) => log.warn({ err }, 'old answers could not be removed'));
  reindexer.resume();
  await scheduler.start();
  warmUp(bot);
  log.info({ servers: client.guilds.cache.size, shard }, 'the bot is there');

  return {
    lost,
    stop: async () => {
      log.info('stopping');
      stopping.abort(new LeitmotifError('stopping', 'The bot is being restarted'));
      await scheduler.close();
      housekeeping.close();
      queue.close(new LeitmotifError('stopping', 'The bot is being restarted'));
      await asker.drain(drainMs);
      await Promise.all([reindexer.close(), desk.close()]);
      // What is left now ends by itself: it was told to stop.
      await router.idle();
      await metricsServer?.close();
      await client.destroy();
      await rm(spoolDir, { recursive: true, force: true });
      log.info('stopped');
    },
  };
}

/** What a crash left of people's files goes before anything else happens. */
async function emptyFolder(dir: string): Promise<string> {
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  return dir;
}

/** Resolves when the servers are known. */
async function logIn({ client, config }: BotContext, token: string): Promise<void> {
  const ready = new Promise<void>((resolve) => client.once(Events.ClientReady, () => resolve()));
  try {
    await client.login(token);
    await ready;
  } catch (cause) {
    await client.destroy();
    const where = config.discord.apiUrl ?? 'Discord';
    const message = cause instanceof Error ? cause.message : String(cause);
    const refused = cause instanceof Error && ('code' in cause ? cause.code === 'TokenInvalid' : false);
    throw refused || /401|Unauthorized|token/i.test(message)
      ? new LeitmotifError('unauthorized', `Cannot start: ${where} refuses DISCORD_TOKEN`, { cause })
      : new LeitmotifError('discord-unavailable', `Cannot start: ${where} did not let the bot in (${message})`, {
          cause,
        });
  }
}

/** Counts and logs what the library tells, and notices when there is no going on. */
function watchClient({ client, log }: BotContext, metrics: BotMetrics): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  client.on(Events.Error, (err) => log.error({ err }, 'discord.js failed'));
  client.on(Events.Warn, (message) => log.warn({ message }, 'discord.js warns'));
  client.on(Events.ShardReconnecting, () => metrics.reconnected());
  client.on(Events.Invalidated, () => reject(new LeitmotifError('unauthorized', 'Discord ended the session for good')));
  client.on(Events.ShardDisconnect, ({ code }) => reject(closedForGood(code)));
  client.rest.on(RESTEvents.RateLimited, ({ route, retryAfter }) => {
    metrics.rateLimited();
    log.info({ route, retryAfterMs: retryAfter }, 'Discord asks to wait');
  });
  client.rest.on(RESTEvents.InvalidRequestWarning, ({ count, remainingTime }) => {
    metrics.invalidRequests(count);
    log.warn({ count, remainingMs: remainingTime }, 'Discord counts refused requests');
  });
  client.rest.on(RESTEvents.Response, ({ data }, { status }) => {
    // After one refused token discord.js forgets it, and every later call fails: there is nothing to wait for.
    if (status === 401 && data.auth !== false)
      reject(new LeitmotifError('unauthorized', 'Discord refuses DISCORD_TOKEN'));
  });
  return promise;
}

/** What discord.js does not come back from by itself: without this nothing would be left to wait for.
 *  @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes */
function closedForGood(code: number): LeitmotifError {
  if (code === GatewayCloseCodes.AuthenticationFailed)
    return new LeitmotifError('unauthorized', 'Discord refuses DISCORD_TOKEN');
  return code === GatewayCloseCodes.ShardingRequired
    ? new LeitmotifError('config-invalid', 'Discord wants a bot in so many servers sharded: set DISCORD_SHARDS=auto')
    : new LeitmotifError('discord-unavailable', `Discord closed the connection for good, with code ${code}`);
}

/** The first query should find worker and index open. That there is no index yet is no fault. */
function warmUp({ app, log, stopping }: BotContext): void {
  const start = Promise.all([app.openIndex(stopping), app.client()]);
  start.catch((error: unknown) => log.info({ err: error }, 'nothing to answer from yet'));
}
