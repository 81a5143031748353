/** Starts and stops the web API. */
import path from 'node:path';
import type { Logger } from 'pino';
import { AnswerMedia } from '../answering/answer-media.ts';
import { BotLink } from '../answering/bot-link.ts';
import { Housekeeping } from '../answering/housekeeping.ts';
import { QueryQueue } from '../answering/query-queue.ts';
import { SharedQueue } from '../answering/shared-queue.ts';
import { LeitmotifError } from '../errors.ts';
import { versionOf } from '../io/version.ts';
import { ClusterReviews } from '../services/cluster-reviews.ts';
import { LibraryJobs } from '../services/library-jobs.ts';
import { LibraryQueries } from '../services/library-queries.ts';
import { Reindexer } from '../services/reindexer.ts';
import { Scheduler } from '../services/scheduler.ts';
import type { Services } from '../services/services.ts';
import { AccessControl } from './access.ts';
import { DiscordOAuth } from './discord-oauth.ts';
import { EventStreams, type StreamOptions } from './event-streams.ts';
import { ApiKeys } from './keys.ts';
import { WebMetrics } from './metrics.ts';
import { createServer } from './server.ts';
import { type SessionOptions, Sessions } from './sessions.ts';
import { ShareLinks } from './share-links.ts';
import { makeSpoolFolder } from './spool-folder.ts';
import { TrackMedia } from './track-media.ts';
import { Uploads } from './uploads.ts';
import { WebQueries } from './web-queries.ts';
import type { WebServer } from './web-server.ts';

export interface WebOptions {
  readonly services: Services;
  readonly log: Logger;
  readonly root: string;
  /** The environment that child processes get. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly streams?: StreamOptions;
  readonly sessions?: SessionOptions;
  /** The folder of the web app's built page. Called when the page is first opened, and again after a failure. */
  readonly page?: () => Promise<string>;
}

export interface RunningWeb {
  readonly server: WebServer;
  /** Where it listens. */
  readonly url: string;
  /** Whether callers need no key. */
  readonly isOpen: boolean;
  /** Cancels queries and ends connections. */
  stop(): Promise<void>;
}

const waitingMaxPerson = 2;

export function apiKeysOf(indexDir: string): ApiKeys {
  return new ApiKeys(path.join(indexDir, 'web-keys.json'));
}

/** @throws {LeitmotifError} 'config-invalid' for an address without a way in, and for a port that is taken */
export async function startWeb({
  services,
  log,
  root,
  environment,
  streams: streamOptions,
  sessions: sessionOptions,
  page,
}: WebOptions): Promise<RunningWeb> {
  const { config, catalog } = services;
  await using ending = new AsyncDisposableStack();
  const botLink = new BotLink(config.indexDir);
  ending.defer(() => botLink.close());
  const sessions = sessionsOf(config, botLink, sessionOptions);
  const access = new AccessControl(config.web, apiKeysOf(config.indexDir), sessions);
  const spool = ending.use(await makeSpoolFolder(path.join(config.indexDir, 'spool', 'web')));

  const stopping = new AbortController();
  const queue = new SharedQueue(new QueryQueue({ ...config.queries, waitingMaxPerson }), botLink);
  const streams = new EventStreams(streamOptions);
  const metrics = new WebMetrics({ queue, streams });
  const media = new AnswerMedia(services);
  const libraryQueries = new LibraryQueries({ root, environment, config });
  ending.defer(() => libraryQueries.close());
  const mapQueries = new LibraryQueries({ root, environment, config });
  ending.defer(() => mapQueries.close());
  const reindexer = new Reindexer({ root, environment, config, services, log, announcer: null, runsJobs: true });
  ending.defer(() => reindexer.close());
  const scheduler = new Scheduler({ catalog, reindexer, log, schedules: true });
  ending.defer(() => scheduler.close());
  const jobs = new LibraryJobs({ root, environment, config, log });
  ending.defer(() => jobs.close());
  const admin = { reindexer, scheduler, jobs, clusterReviews: new ClusterReviews({ services, jobs }), queue };
  const onEnd = (outcome: string) => metrics.ended(outcome);
  const queries = new WebQueries({ services, queue, media, log, spoolDir: spool.uploads, onEnd });
  ending.defer(() => queries.close());
  const uploads = new Uploads(spool.uploads, {
    bytesMax: config.fetchLimits.bytesMax,
    bytesMaxAll: config.spoolBytesMax,
  });
  const links = new ShareLinks(config.indexDir);
  const trackMedia = new TrackMedia(services, spool.clips);
  const shown = { media, trackMedia, libraryQueries, mapQueries, botLink, links };
  const parts = { services, log, queries, uploads, streams, metrics, ...shown };
  const version = versionOf(root);
  const server = await createServer({
    ...{ ...parts, ...admin, access, version, stopping: stopping.signal, sessions },
    page: page ? onceBuilt(page) : null,
  });
  ending.defer(() => server.close());
  ending.defer(() => streams.close());
  ending.defer(() => stopping.abort(new LeitmotifError('stopping', 'The server is being restarted')));
  const url = await listen(server, config.web);
  reindexer.resume();
  await scheduler.start();
  const housekeeping = new Housekeeping({ services, log, makesBackups: false });
  ending.defer(() => housekeeping.close());
  warmUp({ services, log, catalog }, stopping.signal);
  const running = ending.move();
  return { server, url, isOpen: access.isOpen, stop: () => running.disposeAsync() };
}

/** Home servers are those of DISCORD_HOME_SERVERS, or what a bot that runs says: its only server. */
function sessionsOf(
  { web, discord }: Services['config'],
  botLink: BotLink,
  options: SessionOptions | undefined,
): Sessions | null {
  if (web.signIn === null) return null;
  const { owners, homeServers, apiUrl } = discord;
  const rights = async () => ({
    owners,
    homeServers: homeServers.length > 0 ? homeServers : ((await botLink.status())?.homeServers ?? []),
  });
  return new Sessions(new DiscordOAuth(web.signIn, apiUrl), rights, options);
}

/** Builds once for all requests; a failed build is tried again. */
function onceBuilt(build: () => Promise<string>): () => Promise<string> {
  let built: Promise<string> | null = null;
  return () => {
    built ??= build().catch((error: unknown) => {
      built = null;
      throw error;
    });
    return built;
  };
}

async function listen(
  server: WebServer,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (cause) {
    const message = `Cannot listen on ${host}, port ${port}: ${(cause as Error).message}. Choose another WEB_PORT or WEB_HOST.`;
    throw new LeitmotifError('config-invalid', message, { cause });
  }
}

/** Opens worker and index before the first query. A missing index is not an error. */
function warmUp(
  { services, log }: Pick<WebOptions, 'services' | 'log'> & { readonly catalog: Services['catalog'] },
  signal: AbortSignal,
): void {
  const start = Promise.all([services.liveIndex.open(signal), services.worker.client(signal)]);
  start.catch((error: unknown) => {
    if (signal.aborted) return;
    const isEmpty = error instanceof LeitmotifError && error.code === 'index-empty';
    log[isEmpty ? 'info' : 'warn']({ err: error }, 'no index to answer from yet');
  });
}
