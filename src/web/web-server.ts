/** The types that routes share. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import type { AnswerMedia } from '../answering/answer-media.ts';
import type { BotLink } from '../answering/bot-link.ts';
import type { QueryQueue } from '../answering/query-queue.ts';
import type { ClusterReviews } from '../services/cluster-reviews.ts';
import type { LibraryJobs } from '../services/library-jobs.ts';
import type { LibraryQueries } from '../services/library-queries.ts';
import type { Reindexer } from '../services/reindexer.ts';
import type { Scheduler } from '../services/scheduler.ts';
import type { Services } from '../services/services.ts';
import type { Access, Caller } from './access.ts';
import type { EventStreams } from './event-streams.ts';
import type { WebMetrics } from './metrics.ts';
import type { ShareLinks } from './share-links.ts';
import type { TrackMedia } from './track-media.ts';
import type { Uploads } from './uploads.ts';
import type { WebQueries } from './web-queries.ts';

export type WebServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export interface RouteParts {
  readonly services: Pick<
    Services,
    'catalog' | 'config' | 'libraries' | 'liveIndex' | 'maintenance' | 'maps' | 'queries' | 'worker'
  >;
  readonly log: Logger;
  readonly media: AnswerMedia;
  readonly trackMedia: TrackMedia;
  readonly libraryQueries: LibraryQueries;
  /** Of its own: a map takes minutes, for which nothing else should wait. */
  readonly mapQueries: Pick<LibraryQueries, 'map'>;
  readonly reindexer: Reindexer;
  readonly scheduler: Scheduler;
  readonly jobs: LibraryJobs;
  readonly clusterReviews: ClusterReviews;
  readonly queue: Pick<QueryQueue, 'counts'>;
  readonly version: string;
  readonly queries: WebQueries;
  readonly uploads: Uploads;
  readonly streams: EventStreams;
  readonly metrics: WebMetrics;
  readonly botLink: BotLink;
  readonly links: ShareLinks;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Unset: query. */
    access?: Access;
  }
  interface FastifyRequest {
    /** null for routes that are open. */
    caller: Caller | null;
  }
}

/** The caller of a route that is not open. */
export function callerOf({ caller }: { readonly caller: Caller | null }): Caller {
  if (caller === null) throw new RangeError('Cannot tell who calls: the route is open');
  return caller;
}
