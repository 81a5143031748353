/** Deletes expired data, expired user ids and stray files. Safe at any time, also while other processes run. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Catalog } from '../catalog/catalog.ts';
import type { IndexEngines } from '../index/engine.ts';
import { ProcessLock } from '../io/process-lock.ts';
import { removeStrays, removeStrayVectors, type Stray } from './stray-files.ts';

export interface TidyOptions {
  readonly catalog: Catalog;
  readonly indexDir: string;
  readonly engines?: IndexEngines;
  readonly lockPath: string;
  /** Retention of answers, cached query embeddings and their clips. */
  readonly answersKeptMs: number;
  /** Retention of user ids in votes, shared results and ended jobs. */
  readonly userIdsKeptMs: number;
  /** Retention of removed tracks' vectors; a file that returns later is embedded again. */
  readonly removedKeptMs: number;
  /** Deletes clip folders without a stored answer. @see AnswerFiles.removeStrays */
  readonly removeClips: (isKept: (answerId: string) => boolean, beforeMs: number) => Promise<DeletedFiles>;
  /** Runs one write to the catalog; the bot waits for a lock without blocking its thread. */
  readonly write: <Result>(write: () => Result) => Promise<Result>;
  readonly nowMs: number;
}

export interface DeletedFiles {
  readonly count: number;
  readonly bytes: number;
}

export interface TidyReport {
  readonly answers: number;
  /** Deleted cached query embeddings. */
  readonly queryEmbeddings: number;
  /** Votes, shared results and jobs whose user id was removed. */
  readonly userIds: number;
  /** Answers whose clips were deleted. */
  readonly clips: DeletedFiles;
  /** Tracks whose vectors were deleted; the catalog's file keeps its size and reuses the space. */
  readonly tracks: number;
  /** Deleted generations and temporary files. Null when an index run held the lock; the next tidy deletes them. */
  readonly strays: readonly Stray[] | null;
}

/** Maximum time to cut clips: younger clips without an answer are deleted by the next tidy. */
const clipsCutMs = 600_000;

/** A long track has thousands of rows; this many tracks block other writers for 0.1 to 0.2 s. */
const purgedAtOnce = 50;

async function purge({ catalog, nowMs, removedKeptMs, write }: TidyOptions): Promise<number> {
  for (let purged = 0; ; ) {
    const count = await write(() => catalog.removals.purge(nowMs - removedKeptMs, purgedAtOnce));
    purged += count;
    if (count < purgedAtOnce) return purged;
    await nextTurn();
  }
}

export async function tidy(options: TidyOptions): Promise<TidyReport> {
  const { catalog, nowMs, write } = options;
  const beforeMs = nowMs - options.answersKeptMs;
  const answers = await write(() => catalog.answers.removeBefore(beforeMs));
  const queryEmbeddings = await write(() => catalog.embeddingCache.removeBefore(beforeMs));
  const userIds = await write(() => catalog.people.expireIds(nowMs - options.userIdsKeptMs));
  const clips = await options.removeClips((id) => catalog.answers.has(id), nowMs - clipsCutMs);
  // An index run relies on tracks and generations that it has read, so nothing is deleted during one.
  using lock = ProcessLock.take(options.lockPath);
  if (lock === null) return { answers, queryEmbeddings, userIds, clips, tracks: 0, strays: null };
  const tracks = await purge(options);
  const { indexDir, engines } = options;
  const strays = [...(await removeStrays(indexDir, nowMs)), ...(await removeStrayVectors(indexDir, catalog, engines))];
  return { answers, queryEmbeddings, userIds, clips, tracks, strays };
}
