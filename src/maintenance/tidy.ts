/** Forgets what was kept long enough, and removes what belongs to nothing. Safe at any time, beside everything else. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Catalog } from '../catalog/catalog.ts';
import { ProcessLock } from '../io/process-lock.ts';
import { removeStrays, type Stray } from './stray-files.ts';

export interface TidyOptions {
  readonly catalog: Catalog;
  readonly indexDir: string;
  readonly lockPath: string;
  /** Answers, what was heard of queries, and their clips: older ones go. */
  readonly answersKeptMs: number;
  /** Vectors of removed tracks: after this a file that comes back is embedded anew. */
  readonly removedKeptMs: number;
  /** Removes the folders of clips whose answer is not kept. @see AnswerFiles.removeStrays */
  readonly removeClips: (isKept: (answerId: string) => boolean, beforeMs: number) => Promise<Freed>;
  /** Runs one write to the catalog; a program that answers people waits for a lock without holding its thread. */
  readonly write: <Result>(write: () => Result) => Promise<Result>;
  readonly nowMs: number;
}

export interface Freed {
  readonly count: number;
  readonly bytes: number;
}

export interface TidyReport {
  readonly answers: number;
  /** Queries whose vectors and fingerprints were kept. */
  readonly heard: number;
  /** Answers whose clips went. */
  readonly clips: Freed;
  /** Tracks whose vectors went; the catalog's file keeps its size, and what comes next takes the room. */
  readonly tracks: number;
  /** Generations and unfinished files. Null when an index run had the lock; the next time will do. */
  readonly strays: readonly Stray[] | null;
}

/** Clips are cut within this: those of an answer that goes meanwhile go the next time. */
const clipsCutMs = 600_000;

/** A track of hours has thousands of rows; so many tracks keep other writers waiting for a tenth of a second or two. */
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
  const heard = await write(() => catalog.embeddingCache.removeBefore(beforeMs));
  const clips = await options.removeClips((id) => catalog.answers.has(id), nowMs - clipsCutMs);
  // An index run counts on what it has read of tracks and generations, so it is left alone.
  using lock = ProcessLock.take(options.lockPath);
  if (lock === null) return { answers, heard, clips, tracks: 0, strays: null };
  const tracks = await purge(options);
  const strays = await removeStrays(options.indexDir, nowMs);
  return { answers, heard, clips, tracks, strays };
}
