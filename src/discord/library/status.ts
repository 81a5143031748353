/** Collects the facts of `/library status`. Facts that do not arrive in time are omitted. */
import type { CatalogCounts } from '../../catalog/counts.ts';
import type { Job } from '../../catalog/jobs.ts';
import { toLeitmotifError } from '../../errors.ts';
import { liveRowCount } from '../../index/manifest.ts';
import { diskUse } from '../../services/disk-use.ts';
import type { LibraryQueries } from '../../services/library-queries.ts';
import type { Reindexer } from '../../services/reindexer.ts';
import type { Scheduler } from '../../services/scheduler.ts';
import type { Services } from '../../services/services.ts';
import type { LibraryStatus, OpenReindex, ReindexProgress } from '../texts/library-facts.ts';

export interface StatusParts {
  readonly services: Pick<Services, 'catalog' | 'config' | 'liveIndex' | 'worker'>;
  readonly libraryQueries: LibraryQueries;
  readonly reindexer: Reindexer;
  readonly scheduler: Scheduler;
}

/** Limit for the worker, which may be remote, and for the index, which may have to be opened. */
const partTimeoutMs = 10_000;

export async function libraryStatus({
  services,
  libraryQueries,
  reindexer,
  scheduler,
}: StatusParts): Promise<LibraryStatus> {
  const signal = AbortSignal.timeout(partTimeoutMs);
  const [model, isReady, index, counts, disk] = await Promise.all([
    inTime(modelFacts(services, signal), null),
    inTime(
      services.worker.client(signal).then((client) => client.ready(signal)),
      false,
    ),
    indexHealth(services, signal),
    libraryQueries.counts().catch(() => null),
    diskUse(services.config.indexDir).catch(() => null),
  ]);
  const spaceId = await inTime(services.worker.spaceId(), null);
  const schedule = scheduler.current();
  return {
    model,
    worker: isReady ? 'ready' : 'unavailable',
    index,
    tracks: counts?.tracks ?? null,
    space: spaceOf(counts, spaceId),
    disk,
    lastRun: lastRun(services.catalog.jobs.last('index')),
    open: openReindex(services, reindexer),
    schedule: schedule && { ...schedule, nextMs: schedule.next?.getTime() ?? null },
  };
}

/** The model as the worker reports it.
 *  @throws {LeitmotifError} as EmbeddingClient.models; the signal's reason, also while the worker starts */
export async function modelFacts(
  { config, worker }: Pick<Services, 'config' | 'worker'>,
  signal: AbortSignal,
): Promise<LibraryStatus['model']> {
  const { models } = await (await worker.client(signal)).models(signal);
  return models.find(({ name }) => name === config.model) ?? null;
}

async function inTime<T, O>(promise: Promise<T>, otherwise: O): Promise<T | O> {
  const timeout = AbortSignal.timeout(partTimeoutMs);
  const late = new Promise<O>((resolve) => timeout.addEventListener('abort', () => resolve(otherwise)));
  return Promise.race([promise.catch(() => otherwise), late]);
}

async function indexHealth(
  { liveIndex }: Pick<Services, 'liveIndex'>,
  signal: AbortSignal,
): Promise<LibraryStatus['index']> {
  const open = async (): Promise<LibraryStatus['index']> => {
    const opened = (await liveIndex.open(signal)).opened();
    if (opened === null) return { state: 'closed', code: 'index-unavailable' };
    const { id, createdAt, trackCount } = opened.manifest;
    const chunks = liveRowCount(opened.manifest);
    const generation = { id, builtAtMs: Date.parse(createdAt), chunks, tracks: trackCount };
    return { state: 'open', processes: (await opened.index.pids()).length, generation };
  };
  const failed = (error: unknown) => ({ state: 'closed', code: toLeitmotifError(error).code }) as const;
  return inTime(open().catch(failed), { state: 'closed', code: 'index-unavailable' });
}

function spaceOf(counts: CatalogCounts | null, spaceId: string | null): LibraryStatus['space'] {
  return counts?.spaces.find((space) => space.spaceId === spaceId) ?? null;
}

function lastRun(job: Job | null): LibraryStatus['lastRun'] {
  if (job === null) return null;
  const { state, startedAtMs, finishedAtMs, counters } = job;
  const durationSec = finishedAtMs === null ? null : (finishedAtMs - startedAtMs) / 1000;
  return {
    state,
    startedAtMs,
    durationSec,
    embedded: counters.embedded ?? 0,
    failed: (counters.failed ?? 0) + (counters.notListed ?? 0),
  };
}

function openReindex({ catalog }: Pick<Services, 'catalog'>, reindexer: Reindexer): OpenReindex | null {
  const open = catalog.reindexes.open();
  if (open === null) return null;
  const { id, mode, state, requestedAtMs, requestedBy, jobId } = open;
  const progress = jobId === null ? null : progressOf(catalog.jobs.get(jobId));
  return {
    id,
    mode,
    state,
    requestedAtMs,
    requestedBy,
    progress,
    waits: reindexer.waitingFor !== null,
  };
}

/** From the job's row, which the indexing process updates each second, so that every shard can show it. */
function progressOf(job: Job | null): ReindexProgress | null {
  if (job?.counters.toDo === undefined) return null;
  const { done = 0, toDo, failed = 0 } = job.counters;
  return { tracksDone: done, tracksTotal: toDo, failed };
}
