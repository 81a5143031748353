/** Counts the results of a run. */
import type { TracksWithoutMusic } from '../catalog/counts.ts';
import type { Jobs } from '../catalog/jobs.ts';
import type { ErrorCode } from '../errors.ts';
import type { ListedFile } from '../library/library.ts';
import type { ClipsSummary } from './clip-writer.ts';
import type { TrackOutcome } from './index-track.ts';
import type { ScanResult } from './scan.ts';
import type { GenerationOutcome } from './update-generation.ts';

export interface RunFailure {
  readonly key: string;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface IndexSummary {
  readonly jobId: number;
  readonly spaceId: string;
  /** Counts of files: `listed` is the sum of unchanged, embedded, reused, moved, moving, failed, failedBefore and
   *  keptOut. */
  readonly files: Readonly<Record<FileCount, number>>;
  /** Files that are not recordings: counts by extension, '' for none. */
  readonly passedOver: Readonly<Record<string, number>>;
  /** Failures of this run in order. */
  readonly failures: readonly RunFailure[];
  /** Audio embedded, in seconds. */
  readonly audioSec: number;
  readonly wallMs: number;
  readonly generation: GenerationOutcome;
  /** Tracks that appear in no result, because none of their chunks is music. */
  readonly withoutMusic: TracksWithoutMusic;
  /** Null when clips are off. */
  readonly clips: ClipsSummary | null;
}

/** reused    the same bytes were embedded before (touched, copied, or back again);
 *  moving    changed or disappeared while it was read: the next run handles it;
 *  removed   gone since the last run, excluded from all results;
 *  keptOut   removed by request although the file exists;
 *  notListed unreadable entries: folders, links, pipes, names that are not UTF-8. */
type FileCount =
  | 'listed'
  | 'unchanged'
  | 'embedded'
  | 'reused'
  | 'moved'
  | 'moving'
  | 'removed'
  | 'failed'
  | 'failedBefore'
  | 'keptOut'
  | 'notListed';

export class RunTally {
  readonly jobId: number;
  readonly #jobs: Jobs;
  readonly #startedMs = performance.now();
  readonly #failures: RunFailure[] = [];
  #files: Record<FileCount, number> = {
    listed: 0,
    unchanged: 0,
    embedded: 0,
    reused: 0,
    moved: 0,
    moving: 0,
    removed: 0,
    failed: 0,
    failedBefore: 0,
    keptOut: 0,
    notListed: 0,
  };
  #passedOver: Readonly<Record<string, number>> = {};
  #toDo = 0;
  #done = 0;
  #audioSec = 0;
  #embeddedBytes = 0;

  constructor(jobs: Jobs, jobId: number) {
    this.#jobs = jobs;
    this.jobId = jobId;
  }

  /** Done and total tracks, for messages. */
  get progress(): string {
    return `${this.#done} of ${this.#toDo} tracks`;
  }

  scanned(result: ScanResult): void {
    const { listed, unchanged, failedBefore, keptOut } = result;
    Object.assign(this.#files, { listed, unchanged, failedBefore, keptOut });
    this.#files.reused = result.returned.length;
    this.#files.moved = result.settled.length;
    // A formerly unreadable folder that is readable now is not a removed recording.
    this.#files.removed = result.removed.filter(({ key }) => !key.endsWith('/')).length;
    this.#files.notListed = result.problems.length;
    for (const { key, code, message } of result.problems) this.#failures.push({ key, code, message });
    this.#passedOver = result.passedOver;
    this.#toDo = result.candidates.length;
    this.#report();
  }

  count(file: ListedFile, outcome: TrackOutcome): void {
    this.#done += 1;
    this.#audioSec += outcome.audioSec;
    if (outcome.kind === 'embedded') this.#embeddedBytes += file.sizeBytes;
    this.#files[outcome.kind] += 1;
    if (outcome.kind === 'failed') {
      this.#failures.push({ key: file.key, code: outcome.code, message: outcome.message });
    }
    // After each track, so that a killed run has its counts. A row is cheap compared to the track's transaction.
    this.#report();
  }

  summarise(spaceId: string, generation: GenerationOutcome): Omit<IndexSummary, 'clips' | 'withoutMusic'> {
    this.#report();
    return {
      jobId: this.jobId,
      spaceId,
      files: { ...this.#files },
      passedOver: this.#passedOver,
      failures: [...this.#failures],
      audioSec: this.#audioSec,
      wallMs: performance.now() - this.#startedMs,
      generation,
    };
  }

  #report(): void {
    this.#jobs.report(this.jobId, {
      ...this.#files,
      ...{ toDo: this.#toDo, done: this.#done, audioSec: this.#audioSec, embeddedBytes: this.#embeddedBytes },
    });
  }
}
