/** What a run did, counted as it goes. */
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
  /** Numbers of files: `listed` is the sum of unchanged, embedded, reused, moved, moving, failed, failedBefore and
   *  keptOut. */
  readonly files: Readonly<Record<FileCount, number>>;
  /** Files that do not count as recordings: their number by extension, '' for none. */
  readonly passedOver: Readonly<Record<string, number>>;
  /** What failed in this run, in the order in which it did. */
  readonly failures: readonly RunFailure[];
  /** Audio embedded, in seconds. */
  readonly audioSec: number;
  readonly wallMs: number;
  readonly generation: GenerationOutcome;
  /** Tracks of the library that are in no answer, because none of their chunks is music. */
  readonly withoutMusic: TracksWithoutMusic;
  /** Null where none are stored. */
  readonly clips: ClipsSummary | null;
}

/** reused    the same bytes were embedded before (touched, copied, or back again);
 *  moving    changed or went away while it was looked at: the next run's;
 *  removed   gone since the last run, out of all answers;
 *  keptOut   removed by request, though the file is there;
 *  notListed names that could not be looked at: folders and links that cannot be read, pipes, names that are not UTF-8. */
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

  /** For a sentence: how many of the tracks to do are done. */
  get progress(): string {
    return `${this.#done} of ${this.#toDo} tracks`;
  }

  scanned(result: ScanResult): void {
    const { listed, unchanged, failedBefore, keptOut } = result;
    Object.assign(this.#files, { listed, unchanged, failedBefore, keptOut });
    this.#files.reused = result.returned.length;
    this.#files.moved = result.settled.length;
    // A folder that could not be listed, and can be now, is no recording that is gone.
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
    // Each track: a run that is killed says what it did, and a row costs nothing beside the track's own transaction.
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
