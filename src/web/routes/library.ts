/** /library and /models: the state of the library, and the models that answer. */
import { z } from 'zod';
import { LeitmotifError, toLeitmotifError } from '../../errors.ts';
import { orAborted } from '../../io/or-aborted.ts';
import { problemResponses } from '../problems.ts';
import { isoOrNull } from '../times.ts';
import type { RouteParts, WebServer } from '../web-server.ts';

const tags = ['library'];
/** For the worker, which may be elsewhere, and for the index, which may have to be opened. */
const partWithinMs = 10_000;
/** A process counts for a second or more. */
const countsKnownMs = 10_000;

const countsSchema = z.object({ indexed: z.int(), failed: z.int(), removed: z.int() });
export const librarySchema = z
  .object({
    tracks: countsSchema,
    hours: z.number(),
    spaceId: z.string().nullable(),
    chunks: z.object({ music: z.int(), silence: z.int(), applause: z.int(), noise: z.int() }).nullable(),
    generation: z
      .object({ id: z.string(), builtAt: z.iso.datetime(), chunks: z.int(), tracks: z.int() })
      .nullable()
      .describe('The index that answers; null when there is none to answer from'),
    indexError: z.string().nullable().describe('Code of why there is none'),
    worker: z.enum(['ready', 'unavailable']),
    lastRun: z
      .object({ state: z.string(), startedAt: z.iso.datetime(), finishedAt: z.iso.datetime().nullable() })
      .nullable(),
    playsWholeRecordings: z.boolean(),
  })
  .meta({ id: 'Library' });

const modelSchema = z
  .object({
    name: z.string(),
    version: z.string(),
    licence: z.string(),
    spaceId: z.string(),
    windowSec: z.number(),
    selected: z.boolean().describe('Whether it answers'),
  })
  .meta({ id: 'Model' });

export function libraryRoutes(server: WebServer, parts: RouteParts): void {
  const { services, libraryQueries } = parts;
  const counts = remembered(
    () => libraryQueries.counts(),
    countsKnownMs,
    () => {
      // After an index run, whoever waited for its end sees the new counts.
      const run = services.catalog.jobs.last('index');
      return `${run?.id} ${run?.finishedAtMs}`;
    },
  );

  server.route({
    method: 'GET',
    url: '/library',
    schema: { tags, summary: 'State of the library', response: { 200: librarySchema, ...problemResponses } },
    handler: async (_request, reply) => {
      reply.header('cache-control', 'private, no-cache');
      const signal = AbortSignal.timeout(partWithinMs);
      const [{ tracks, hours, spaces }, index, worker, spaceId] = await Promise.all([
        counts(),
        indexFacts(parts, signal),
        workerState(parts, signal),
        services.worker.spaceId().catch(() => null),
      ]);
      const space = spaces.find((each) => each.spaceId === spaceId);
      const last = services.catalog.jobs.last('index');
      return {
        tracks,
        hours,
        spaceId,
        chunks: space?.chunks ?? null,
        ...index,
        worker,
        lastRun: last && {
          state: last.state,
          startedAt: new Date(last.startedAtMs).toISOString(),
          finishedAt: isoOrNull(last.finishedAtMs),
        },
        playsWholeRecordings: services.config.web.playLibrary,
      };
    },
  });

  server.route({
    method: 'GET',
    url: '/models',
    schema: {
      tags,
      summary: 'The models that the worker has loaded',
      response: { 200: z.object({ models: z.array(modelSchema) }).meta({ id: 'Models' }), ...problemResponses },
    },
    handler: async () => {
      const { models } = await orUnavailable((signal) =>
        services.worker.client(signal).then((client) => client.models(signal)),
      );
      return {
        models: models.map(({ name, version, licence, spaceId, windowSec }) => {
          return { name, version, licence, spaceId, windowSec, selected: name === services.config.model };
        }),
      };
    },
  });
}

/** Calls that come while the result is known, or is being made, share it, unless the state has changed. A failure is not
 *  remembered. */
function remembered<T>(make: () => Promise<T>, ms: number, stateOf: () => string): () => Promise<T> {
  let known: { readonly atMs: number; readonly state: string; readonly result: Promise<T> } | null = null;
  return () => {
    const state = stateOf();
    if (known && known.state === state && performance.now() - known.atMs < ms) return known.result;
    const made = { atMs: performance.now(), state, result: make() };
    known = made;
    made.result.catch(() => {
      if (known === made) known = null;
    });
    return made.result;
  };
}

/** The generation that answers, or why there is none. */
export async function indexFacts({ services }: Pick<RouteParts, 'services'>, signal: AbortSignal) {
  try {
    const opened = (await orAborted(services.liveIndex.open(signal), signal)).opened();
    if (opened === null) return { generation: null, indexError: 'index-unavailable' };
    const { id, createdAt, rowCount, trackCount } = opened.manifest;
    const builtAt = new Date(createdAt).toISOString();
    return { generation: { id, builtAt, chunks: rowCount, tracks: trackCount }, indexError: null };
  } catch (error) {
    return { generation: null, indexError: signal.aborted ? 'index-unavailable' : toLeitmotifError(error).code };
  }
}

export async function workerState(
  { services }: Pick<RouteParts, 'services'>,
  signal: AbortSignal,
): Promise<'ready' | 'unavailable'> {
  try {
    const isReady = await (await services.worker.client(signal)).ready(signal);
    return isReady ? 'ready' : 'unavailable';
  } catch {
    return 'unavailable';
  }
}

async function orUnavailable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(partWithinMs);
  try {
    return await orAborted(work(signal), signal);
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new LeitmotifError('worker-unavailable', `The worker is not ready after ${partWithinMs / 1000} s`, { cause });
  }
}
