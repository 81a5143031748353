/** The bot's indexing process: does one task (indexing/job-protocol.ts), tells how far it is, and ends.
 *
 *  A process of its own, because listing, hashing and writing would hold the thread that answers Discord, and nice, so
 *  that queries go first. It ends in order when it is told to (SIGTERM) and when the bot is gone: the tracks in flight
 *  are lost, the job stays open, and the next process goes on where this one was.
 */
import './io/while-starting.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { type App, buildApp } from './app.ts';
import type { Reindex } from './catalog/reindexes.ts';
import type { Config } from './config/config.ts';
import { LeitmotifError, toLeitmotifError } from './errors.ts';
import {
  type JobAnswers,
  type JobMessage,
  type JobOrder,
  type JobTask,
  summariseReindex,
} from './indexing/job-protocol.ts';
import type { IndexProgress } from './indexing/progress.ts';
import type { IndexSummary } from './indexing/summary.ts';
import { makeLog } from './io/log.ts';
import { setSessionNiceness } from './io/niceness.ts';
import { endInOrder } from './io/while-starting.ts';
import type { Library } from './library/library.ts';

/** Inherited by the worker, ffmpeg and the inference processes. */
const niceness = 15;
/** Ending a run, its worker and their processes in order takes a second or two; after this it is cut short. */
const stopWithinMs = 8_000;
const progressEachMs = 1_000;
/** How often it is looked whether whoever indexes has ended. */
const lookEachMs = 2_000;
/** How often it is looked whether the job was cancelled by another process: two seconds are promised for all of it. */
const cancelLookEachMs = 500;

function order(): Promise<JobOrder> {
  return new Promise((resolve) => process.once('message', (message) => resolve(message as JobOrder)));
}

function tell(message: JobMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}

async function work(task: JobTask, app: App, signal: AbortSignal): Promise<JobAnswers[keyof JobAnswers] | null> {
  switch (task.kind) {
    case 'index':
      await workOn(task.reindexId, app, signal);
      return null;
    case 'plan': {
      const again = task.mode === 'everything' ? { retryFailed: true, embedAgainBeforeMs: Date.now() } : {};
      const library = libraryOf(app);
      return app.indexing.planIndex({ library, signal, ...again });
    }
    case 'counts':
      return app.catalog.counts();
    case 'failures': {
      const failures = app.catalog.tracks.failures();
      return { total: failures.length, shown: failures.slice(0, task.countMax) };
    }
  }
}

function libraryOf(app: App): Library {
  const { library } = app.config;
  const found = library ? app.libraries.open(library) : app.libraries.current();
  if (found) return found;
  throw new LeitmotifError(
    'config-invalid',
    'Cannot index: no library is known; set LIBRARY, or index a folder once with `npm run index -- DIR`',
  );
}

/** Works on a reindex to its end. A failure that may pass by itself leaves it open, for the next process. */
async function workOn(id: number, app: App, stop: AbortSignal): Promise<void> {
  const { reindexes, jobs } = app.catalog;
  const reindex = reindexes.open();
  if (reindex?.id !== id) return;
  using cancelled = whenClosed(id, app);
  const signal = AbortSignal.any([stop, cancelled.signal]);
  try {
    const { generation, jobId } = await indexInTurn(reindex, app, signal);
    const runs = reindexes.jobsOf(id).flatMap((run) => jobs.get(run) ?? []);
    reindexes.finish(id, { state: 'done', summary: JSON.stringify(summariseReindex(runs, generation)), jobId });
  } catch (error) {
    if (stop.aborted) reindexes.pause(id);
    if (signal.aborted) return;
    const failure = toLeitmotifError(error);
    if (mayPass(failure)) throw failure;
    reindexes.finish(id, { state: 'failed', code: failure.code, message: failure.message });
  }
}

/** What another process, started a little later, may no longer meet. */
function mayPass({ code }: LeitmotifError): boolean {
  return (
    code === 'worker-unavailable' ||
    code === 'library-unavailable' ||
    code === 'catalog-busy' ||
    code === 'inference-failed'
  );
}

/** Aborts when the job is no longer open: somebody cancelled it, here or in another process. */
function whenClosed(id: number, app: App): Disposable & { readonly signal: AbortSignal } {
  const closed = new AbortController();
  const timer = setInterval(() => {
    try {
      if (app.catalog.reindexes.open()?.id !== id) closed.abort(new LeitmotifError('cancelled', 'It was cancelled'));
    } catch {
      // A catalog that is busy is looked at again.
    }
  }, cancelLookEachMs);
  return { signal: closed.signal, [Symbol.dispose]: () => clearInterval(timer) };
}

/** Waits for whoever indexes now, `npm run index` in a terminal for example. */
async function indexInTurn(reindex: Reindex, app: App, signal: AbortSignal): Promise<IndexSummary> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await index(reindex, app, signal);
    } catch (error) {
      if (toLeitmotifError(error).code !== 'index-locked') throw error;
      if (isFirst) await tell({ type: 'waiting', why: (error as Error).message });
      await delay(lookEachMs, undefined, { signal });
    }
  }
}

function index({ id, mode, askedAtMs }: Reindex, app: App, signal: AbortSignal): Promise<IndexSummary> {
  const again = mode === 'everything' ? { retryFailed: true, embedAgainBeforeMs: askedAtMs } : {};
  const { reindexes, jobs } = app.catalog;
  let told: IndexProgress | null = null;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  const onProgress = (progress: IndexProgress): void => {
    if (told === null) reindexes.addJob(id, jobs.last('index')?.id ?? 0);
    const isNews = progress.phase !== told?.phase;
    if (!isNews && performance.now() - toldAtMs < progressEachMs) return;
    told = progress;
    toldAtMs = performance.now();
    void tell({ type: 'progress', progress });
  };
  return app.indexing.index({ library: libraryOf(app), signal, onProgress, ...again });
}

async function main(): Promise<void> {
  setSessionNiceness(process.pid, niceness);
  const stop = new AbortController();
  const onStop = (): void => {
    if (stop.signal.aborted) return;
    stop.abort(new LeitmotifError('cancelled', 'The bot stops'));
    setTimeout(() => process.exit(1), stopWithinMs).unref();
  };
  for (const event of ['SIGTERM', 'SIGINT']) process.on(event, onStop);
  endInOrder(onStop);
  const { root, config, task } = await order();
  try {
    const { botLogLevel } = config as Config;
    const log = makeLog(botLogLevel, { name: 'index-job' });
    await using app = await buildApp(config as Config, { root, environment: process.env, log });
    const answer = await work(task, app, stop.signal);
    if (answer !== null) await tell({ type: 'answer', answer });
  } catch (error) {
    const { code, message } = toLeitmotifError(error);
    await tell({ type: 'failed', code, message });
    process.exitCode = 1;
  }
  // The channel to the bot, on which nothing comes any more, would keep this process alive.
  process.exit();
}

await main();
