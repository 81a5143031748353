/** Announces the progress of one job, in order, each milestone once, also across restarts. */
import type { Logger } from 'pino';
import { type Reindex, type Reindexes, reindexMilestones } from '../catalog/reindexes.ts';
import { retryBusy } from '../catalog/retry-busy.ts';
import type { IndexProgress } from '../indexing/progress.ts';
import type { Announcer } from './announcer.ts';
import type { JobMessage } from './job-protocol.ts';

export interface ProgressAnnouncerOptions {
  readonly reindexes: Reindexes;
  readonly announcer: Announcer;
  readonly log: Logger;
}

const percents = [75, 50, 25] as const;

/** One per indexing process. */
export class ProgressAnnouncer {
  readonly #id: number;
  readonly #options: ProgressAnnouncerOptions;
  #hasBegun = false;
  #queue: Promise<void> = Promise.resolve();

  constructor(id: number, options: ProgressAnnouncerOptions) {
    this.#id = id;
    this.#options = options;
  }

  onMessage(message: JobMessage): void {
    if (message.type === 'waiting') this.#enqueue(({ announcer }, reindex) => announcer.waiting(reindex));
    if (message.type === 'progress') this.#progress(message.progress);
  }

  /** Resolves when all messages so far are announced. */
  idle(): Promise<void> {
    return this.#queue;
  }

  #progress(progress: IndexProgress): void {
    if (progress.phase !== 'embed' || progress.tracksTotal === 0) return;
    if (!this.#hasBegun) {
      this.#enqueue(async ({ announcer }, reindex) => {
        const isFirst = await this.#reached(reindex, reindexMilestones.begun);
        await announcer.begun(reindex, progress, isFirst ? 'first' : 'again');
      });
    }
    this.#hasBegun = true;
    const share = (100 * progress.bytesDone) / Math.max(progress.bytesTotal, 1);
    const percent = percents.find((each) => share >= each);
    if (percent === undefined) return;
    this.#enqueue(async ({ announcer }, reindex) => {
      if (await this.#reached(reindex, percent)) await announcer.milestone(reindex, percent, progress);
    });
  }

  #reached({ id, milestone }: Reindex, next: number): Promise<boolean> {
    if (milestone >= next) return Promise.resolve(false);
    return retryBusy(() => this.#options.reindexes.milestone(id, next));
  }

  #enqueue(announce: (options: ProgressAnnouncerOptions, reindex: Reindex) => Promise<void>): void {
    const { reindexes, log } = this.#options;
    this.#queue = this.#queue
      .then(async () => {
        const reindex = reindexes.get(this.#id);
        if (reindex !== null) await announce(this.#options, reindex);
      })
      .catch((error: unknown) => log.warn({ reindex: this.#id, err: error }, 'a milestone could not be announced'));
  }
}
