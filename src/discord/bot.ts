/** The bot: its parts, its start and its end. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Events, type Interaction } from 'discord.js';
import type { Logger } from 'pino';
import { LeitmotifError } from '../errors.ts';
import { makePrivateFolder } from '../io/private-files.ts';
import type { Services } from '../services/services.ts';
import type { BotContext } from './bot-context.ts';
import { makeClient } from './client.ts';
import { answerHandlers } from './components/answers.ts';
import { listenHandlers } from './components/listen.ts';
import type { ComponentParts } from './components/parts.ts';
import { shareHandlers } from './components/share.ts';
import { logIn, watchClient } from './gateway.ts';
import type { AnyCommand, ComponentHandler } from './handler.ts';
import { Housekeeping } from './housekeeping.ts';
import { reportInterruptedQueries } from './interrupted-queries.ts';
import { deleteLeftServerSettings, watchLeftServers } from './left-servers.ts';
import { ChannelAnnouncer } from './library/announcer.ts';
import { LibraryQueries } from './library/library-queries.ts';
import { Reindexer } from './library/reindexer.ts';
import { Scheduler } from './library/scheduler.ts';
import { BotMetrics, serveMetrics } from './metrics.ts';
import { Payloads } from './payloads.ts';
import { AnswerPresenter } from './queries/answer-reply.ts';
import { QueryRunner } from './queries/query-runner.ts';
import { QueryQueue } from './query-queue.ts';
import { registerCommands } from './register.ts';
import { Router } from './router.ts';
import { textsOf } from './texts/texts.ts';

export interface BotWiring {
  readonly bot: BotContext;
  readonly queryRunner: QueryRunner;
  readonly reindexer: Reindexer;
  readonly scheduler: Scheduler;
  readonly libraryQueries: LibraryQueries;
}

export interface BotOptions {
  readonly services: Services;
  readonly log: Logger;
  /** Of the project. */
  readonly root: string;
  /** What children get of the environment: PATH and the like. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly token: string;
  /** Ends the start. */
  readonly signal: AbortSignal;
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
/** For what was told to end. */
const idleMs = 2_000;

/** @param options.signal ends the start; from then on `stop` does
 *  @throws {LeitmotifError} as logIn; 'config-invalid' for a metrics port that is taken. Nothing is left behind then. */
export async function startBot(options: BotOptions): Promise<RunningBot> {
  const { services, log, root, environment, token, signal } = options;
  const { config, catalog } = services;
  const client = makeClient(config.discord.apiUrl);
  const shard = client.shard?.ids[0] ?? 0;
  const stopping = new AbortController();
  const payloads = new Payloads(client);
  const bot: BotContext = { ...services, log, client, payloads, texts: textsOf, stopping: stopping.signal };
  // What is begun is ended in the reverse order, at a stop as well as when the start fails half way.
  await using ending = new AsyncDisposableStack();
  const spoolDir = await emptyFolder(path.join(config.indexDir, 'spool', String(shard)));
  ending.defer(() => rm(spoolDir, { recursive: true, force: true }));
  ending.defer(() => client.destroy());

  const queue = new QueryQueue({ ...config.queries, waitingMaxPerson });
  const metrics = new BotMetrics({ queue });
  if (config.metricsPort !== undefined) {
    const server = await serveMetrics(metrics, config.metricsPort + shard);
    ending.defer(() => server.close());
  }
  const presenter = new AnswerPresenter(services);
  const trustedOrigins = config.discord.apiUrl === undefined ? [] : [new URL(config.discord.apiUrl).origin];
  const queryRunner = new QueryRunner({ services, bot, metrics, queue, presenter, shard, spoolDir, trustedOrigins });
  const place = { root, environment, config };
  const announcer = new ChannelAnnouncer({ client, texts: textsOf, log });
  // Of several processes that share the servers, the first one indexes and watches the clock.
  const reindexer = new Reindexer({ ...place, services, log, announcer, runsJobs: shard === 0 });
  const scheduler = new Scheduler({ catalog, reindexer, log, schedules: shard === 0 });
  const libraryQueries = new LibraryQueries(place);
  const parts: ComponentParts = { bot, queryRunner, presenter };
  const own = options.commands({ bot, queryRunner, reindexer, scheduler, libraryQueries });
  const components = [...answerHandlers(parts), ...listenHandlers(parts), ...shareHandlers(parts), ...own.components];
  const router = new Router({ bot, metrics, commands: own.commands, components });
  // What is left then ends by itself, being told to; Discord not answering must not keep the bot.
  ending.defer(() => Promise.race([router.idle(), delay(idleMs, undefined, { ref: false })]));
  ending.defer(() => libraryQueries.close());
  ending.defer(() => reindexer.close());
  ending.defer(() => queryRunner.drain(drainMs));
  ending.defer(() => queue.close(restarting()));

  const lost = watchClient(bot, metrics);
  client.on(Events.InteractionCreate, (interaction: Interaction) => void router.handle(interaction));
  watchLeftServers(bot);
  await logIn(bot, token, signal);
  await deleteLeftServerSettings(bot);
  if (shard === 0) await register(bot, own.commands);
  const told = await reportInterruptedQueries(bot, shard);
  if (told > 0) log.warn({ told }, 'told people whose queries were cut off');
  const housekeeping = new Housekeeping({ services, log, backsUp: shard === 0 });
  ending.defer(() => housekeeping.close());
  reindexer.resume();
  ending.defer(() => scheduler.close());
  await scheduler.start();
  warmUp(bot);
  log.info({ servers: client.guilds.cache.size, shard }, 'the bot is there');

  const running = ending.move();
  return {
    lost,
    stop: async () => {
      log.info('stopping');
      stopping.abort(restarting());
      await running.disposeAsync();
      log.info('stopped');
    },
  };
}

function restarting(): LeitmotifError {
  return new LeitmotifError('stopping', 'The bot is being restarted');
}

/** Commands that Discord has from before still work: failing here is no reason not to be there. */
async function register({ client, log }: BotContext, commands: readonly AnyCommand[]): Promise<void> {
  if (!client.isReady()) return;
  try {
    const differed = await registerCommands(
      client,
      commands.map(({ definition }) => definition),
    );
    if (differed) log.info('commands registered');
  } catch (err) {
    log.error({ err }, 'commands could not be registered; npm run commands tries again');
  }
}

/** What a crash left of people's files goes before anything else happens. */
async function emptyFolder(dir: string): Promise<string> {
  await rm(dir, { recursive: true, force: true });
  await makePrivateFolder(dir);
  return dir;
}

/** The first query should find worker and index open. That there is no index yet is no fault. */
function warmUp({ liveIndex, worker, log, stopping }: BotContext): void {
  const start = Promise.all([liveIndex.open(stopping), worker.client()]);
  start.catch((error: unknown) => {
    const isEmpty = error instanceof LeitmotifError && error.code === 'index-empty';
    log[isEmpty ? 'info' : 'warn']({ err: error }, 'nothing to answer from yet');
  });
}
