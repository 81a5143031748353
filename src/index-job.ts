/** The indexing process of the bot and of the web server: runs one task (services/job-protocol.ts), reports progress, and exits.
 *
 *  A separate process, because listing, hashing and writing would block their thread; with low priority (INDEX_NICENESS), so that
 *  queries run first. It shuts down on SIGTERM and when its program is gone: the tracks in flight are lost, the job stays
 *  open, and the next process continues.
 */
import './io/while-starting.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { type App, buildApp } from './app.ts';
import type { Reindex } from './catalog/reindexes.ts';
import { LeitmotifError, toLeitmotifError } from './errors.ts';
import type { IndexProgress } from './indexing/progress.ts';
import type { IndexSummary } from './indexing/summary.ts';
import { makeLog } from './io/log.ts';
import { endInOrder } from './io/while-starting.ts';
import type { Library } from './library/library.ts';
import {
  type JobAnswers,
  type JobMessage,
  type JobOrder,
  type JobTask,
  summariseReindex,
} from './services/job-protocol.ts';
import { runLibraryTask } from './services/library-tasks.ts';

/** Limit of an orderly shutdown, which takes one or two seconds. */
const stopWithinMs = 8_000;
const progressEachMs = 1_000;
/** Interval of checks whether the other index run has ended. */
const lookEachMs = 2_000;
/** Interval of checks whether another process cancelled the job; cancelling must take at most two seconds. */
const cancelLookEachMs = 500;

function order(): Promise<JobOrder> {
  return new Promise((resolve) => process.once('message', (message) => resolve(message as JobOrder)));
}

function notify(message: JobMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}

async function work(task: JobTask, app: App, signal: AbortSignal): Promise<JobAnswers[keyof JobAnswers] | null> {
  switch (task.kind) {
    case 'index':
      await runReindex(task.reindexId, app, signal);
      return null;
    case 'plan': {
      const again = task.mode === 'everything' ? { retryFailed: true, embedAgainBeforeMs: Date.now() } : {};
      const library = libraryOf(app);
      return app.indexing.planIndex({ library, signal, ...again });
    }
    default:
      return runLibraryTask(task, app, { signal, onProgress: (done, total) => countedProgress(done, total) });
  }
}

let countedAtMs = Number.NEGATIVE_INFINITY;
function countedProgress(done: number, total: number): void {
  if (done < total && performance.now() - countedAtMs < progressEachMs) return;
  countedAtMs = performance.now();
  void notify({ type: 'counted', done, total });
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

/** Runs a reindex to its end. After a temporary failure it stays open for the next process. */
async function runReindex(id: number, app: App, stop: AbortSignal): Promise<void> {
  const { reindexes, jobs } = app.catalog;
  const reindex = reindexes.open();
  if (reindex?.id !== id) return;
  using cancelled = whenClosed(id, app);
  const signal = AbortSignal.any([stop, cancelled.signal]);
  try {
    const { generation, jobId } = await indexWhenUnlocked(reindex, app, signal);
    const runs = reindexes.jobsOf(id).flatMap((run) => jobs.get(run) ?? []);
    reindexes.finish(id, { state: 'done', summary: JSON.stringify(summariseReindex(runs, generation)), jobId });
  } catch (error) {
    if (stop.aborted) reindexes.pause(id);
    if (signal.aborted) return;
    const failure = toLeitmotifError(error);
    if (isTemporary(failure)) throw failure;
    reindexes.finish(id, { state: 'failed', code: failure.code, message: failure.message });
  }
}

/** Failures that may be gone when the next process starts. */
function isTemporary({ code }: LeitmotifError): boolean {
  return (
    code === 'worker-unavailable' ||
    code === 'library-unavailable' ||
    code === 'catalog-busy' ||
    code === 'inference-failed'
  );
}

/** Aborts when the job is no longer open: it was cancelled in this or another process. */
function whenClosed(id: number, app: App): Disposable & { readonly signal: AbortSignal } {
  const closed = new AbortController();
  const timer = setInterval(() => {
    try {
      if (app.catalog.reindexes.open()?.id !== id) closed.abort(new LeitmotifError('cancelled', 'It was cancelled'));
    } catch {
      // The catalog is busy; the next check tries again.
    }
  }, cancelLookEachMs);
  return { signal: closed.signal, [Symbol.dispose]: () => clearInterval(timer) };
}

/** Waits for the current index run, for example `npm run index` in a terminal. */
async function indexWhenUnlocked(reindex: Reindex, app: App, signal: AbortSignal): Promise<IndexSummary> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await index(reindex, app, signal);
    } catch (error) {
      if (toLeitmotifError(error).code !== 'index-locked') throw error;
      if (isFirst) await notify({ type: 'waiting', why: (error as Error).message });
      await delay(lookEachMs, undefined, { signal });
    }
  }
}

function index({ id, mode, requestedAtMs }: Reindex, app: App, signal: AbortSignal): Promise<IndexSummary> {
  const again = mode === 'everything' ? { retryFailed: true, embedAgainBeforeMs: requestedAtMs } : {};
  const { reindexes, jobs } = app.catalog;
  let reported: IndexProgress | null = null;
  let reportedAtMs = Number.NEGATIVE_INFINITY;
  const onProgress = (progress: IndexProgress): void => {
    if (reported === null) reindexes.addJob(id, jobs.last('index')?.id ?? 0);
    const isNewPhase = progress.phase !== reported?.phase;
    if (!isNewPhase && performance.now() - reportedAtMs < progressEachMs) return;
    reported = progress;
    reportedAtMs = performance.now();
    void notify({ type: 'progress', progress });
  };
  return app.indexing.index({ library: libraryOf(app), signal, onProgress, ...again });
}

async function main(): Promise<void> {
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
    const { botLogLevel } = config;
    const log = makeLog(botLogLevel, { name: 'index-job' });
    await using app = await buildApp(config, { root, environment: process.env, log });
    const answer = await work(task, app, stop.signal);
    if (answer !== null) await notify({ type: 'answer', answer });
  } catch (error) {
    const { code, message } = toLeitmotifError(error);
    await notify({ type: 'failed', code, message });
    process.exitCode = 1;
  }
  // The open channel to the bot would keep this process alive.
  process.exit();
}

await main();
