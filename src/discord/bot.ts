/** The bot: wires its parts, starts and stops it. */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Events, type Interaction } from 'discord.js';
import type { Logger } from 'pino';
import { BotLink } from '../answering/bot-link.ts';
import { Housekeeping } from '../answering/housekeeping.ts';
import { QueryQueue } from '../answering/query-queue.ts';
import { SharedQueue } from '../answering/shared-queue.ts';
import { LeitmotifError } from '../errors.ts';
import { makePrivateFolder } from '../io/private-files.ts';
import { LibraryQueries } from '../services/library-queries.ts';
import { Reindexer } from '../services/reindexer.ts';
import { Scheduler } from '../services/scheduler.ts';
import type { Services } from '../services/services.ts';
import type { BotContext } from './bot-context.ts';
import { makeClient } from './client.ts';
import { answerHandlers } from './components/answers.ts';
import { listenHandlers } from './components/listen.ts';
import type { ComponentParts } from './components/parts.ts';
import { shareHandlers } from './components/share.ts';
import { logIn, watchClient } from './gateway.ts';
import type { AnyCommand, ComponentHandler } from './handler.ts';
import { reportInterruptedQueries } from './interrupted-queries.ts';
import { deleteLeftServerSettings, watchLeftServers } from './left-servers.ts';
import { ChannelAnnouncer } from './library/announcer.ts';
import { BotMetrics, serveMetrics } from './metrics.ts';
import { Payloads } from './payloads.ts';
import { AnswerPresenter } from './queries/answer-reply.ts';
import { QueryRunner } from './queries/query-runner.ts';
import { registerCommands } from './register.ts';
import { Router } from './router.ts';
import { textsOf } from './texts/texts.ts';
import { openWebLink } from './web-link.ts';

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
  /** The project's folder. */
  readonly root: string;
  /** The environment of child processes: PATH and the like. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly token: string;
  /** Aborts the start. */
  readonly signal: AbortSignal;
  /** All commands, and the components that belong to them. */
  readonly commands: (wiring: BotWiring) => {
    readonly commands: readonly AnyCommand[];
    readonly components: readonly ComponentHandler[];
  };
}

export interface RunningBot {
  /** Rejects when the bot cannot continue: Discord refused its token or ended its session for good. */
  readonly lost: Promise<never>;
  /** Refuses new work, lets running queries finish, notifies the users of interrupted ones, and closes. */
  stop(): Promise<void>;
}

const waitingMaxPerson = 2;
/** Enough for a query that is almost done; systemd kills after 90 s, docker after 10 s. */
const drainMs = 8_000;
/** Time for handlers to end after the abort. */
const idleMs = 2_000;

/** @param options.signal aborts the start; a started bot ends by `stop`
 *  @throws {LeitmotifError} as logIn; 'config-invalid' when the metrics port is taken. A failed start leaves nothing behind. */
export async function startBot(options: BotOptions): Promise<RunningBot> {
  const { services, log, root, environment, token, signal } = options;
  const { config, catalog } = services;
  const client = makeClient(config.discord.apiUrl);
  const shard = client.shard?.ids[0] ?? 0;
  const stopping = new AbortController();
  const payloads = new Payloads(client);
  const bot: BotContext = { ...services, log, client, payloads, texts: textsOf, stopping: stopping.signal };
  // Parts close in reverse order, on a stop and also when the start fails halfway.
  await using ending = new AsyncDisposableStack();
  const spoolDir = await makeSpool(path.join(config.indexDir, 'spool'), shard, client.shard?.count ?? 1);
  ending.defer(() => rm(spoolDir, { recursive: true, force: true }));
  ending.defer(() => client.destroy());

  // People of all shards wait in one line, that of the first.
  const ownQueue = new QueryQueue({ ...config.queries, waitingMaxPerson });
  const link = shard === 0 ? null : ending.adopt(new BotLink(config.indexDir), (opened) => opened.close());
  const queue = link ? new SharedQueue(ownQueue, link) : ownQueue;
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
  // With several shards, the first one indexes and runs the schedule.
  const reindexer = new Reindexer({ ...place, services, log, announcer, runsJobs: shard === 0 });
  const scheduler = new Scheduler({ catalog, reindexer, log, schedules: shard === 0 });
  const libraryQueries = new LibraryQueries(place);
  const parts: ComponentParts = { bot, queryRunner, presenter };
  const own = options.commands({ bot, queryRunner, reindexer, scheduler, libraryQueries });
  const components = [...answerHandlers(parts), ...listenHandlers(parts), ...shareHandlers(parts), ...own.components];
  const router = new Router({ bot, metrics, commands: own.commands, components });
  // The remaining handlers end by the abort; a Discord that does not answer must not block the stop.
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
  const notified = await reportInterruptedQueries(bot, shard);
  if (notified > 0) log.warn({ notified }, 'notified users whose queries were interrupted');
  const housekeeping = new Housekeeping({ services, log, makesBackups: shard === 0 });
  ending.defer(() => housekeeping.close());
  reindexer.resume();
  ending.defer(() => scheduler.close());
  await scheduler.start();
  // With several shards, the first one has the link, and the others take their turns there. It posts in their servers too.
  if (shard === 0) ending.use(await openWebLink({ bot, queue: ownQueue, presenter }));
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

/** A failure here does not stop the start: the commands that Discord already has still work. */
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

/** The shard's folder of uploads. Deletes those that a crash left behind; the first shard also those of shards that no longer exist. */
async function makeSpool(folder: string, shard: number, shardCount: number): Promise<string> {
  const dir = path.join(folder, String(shard));
  const names = shard === 0 ? await readdir(folder).catch(() => []) : [];
  const former = names.filter((name) => /^\d+$/.test(name) && Number(name) >= shardCount);
  for (const left of [dir, ...former.map((name) => path.join(folder, name))])
    await rm(left, { recursive: true, force: true });
  await makePrivateFolder(dir);
  return dir;
}

/** Opens worker and index before the first query. A missing index is not an error. */
function warmUp({ liveIndex, worker, log, stopping }: BotContext): void {
  const start = Promise.all([liveIndex.open(stopping), worker.client()]);
  start.catch((error: unknown) => {
    const isEmpty = error instanceof LeitmotifError && error.code === 'index-empty';
    log[isEmpty ? 'info' : 'warn']({ err: error }, 'no index to answer from yet');
  });
}
