/** The clusters of the current generation: made once by a job, and kept until there is another generation. Generations that differ
 *  by marks alone have the same clusters, so marking does not make them again. */
import { LeitmotifError } from '../errors.ts';
import type { ClusterReview } from '../indexing/clusters/review-clusters.ts';
import type { LibraryJobTask, MarkChange } from './job-protocol.ts';
import { hasEnded, type LibraryJob, type LibraryJobs } from './library-jobs.ts';
import type { Services } from './services.ts';

export interface ClusterReviewsParts {
  readonly services: Pick<Services, 'catalog' | 'worker'>;
  readonly jobs: LibraryJobs;
}

/** The review, or the job that makes it. */
export type CurrentReview =
  | { readonly generationId: string; readonly review: ClusterReview; readonly madeAtMs: number }
  | { readonly job: LibraryJob };

export class ClusterReviews {
  readonly #parts: ClusterReviewsParts;
  #known: { generationId: string; readonly review: ClusterReview; readonly madeAtMs: number } | null = null;
  #making: { readonly generationId: string; readonly job: LibraryJob } | null = null;

  constructor(parts: ClusterReviewsParts) {
    this.#parts = parts;
  }

  /** Begins to make the review unless it is known. A failure is thrown once; the next call tries again.
   *  @throws {LeitmotifError} 'index-empty' before the first index run; as the job */
  async current(askedBy: string): Promise<CurrentReview> {
    const generationId = await this.#generationId();
    this.#takeMade();
    if (this.#known?.generationId === generationId) return this.#known;
    this.#making ??= { generationId, job: this.#parts.jobs.begin({ kind: 'clusters' }, askedBy) };
    return { job: this.#making.job };
  }

  /** Makes the review again at the next call. */
  forget(): void {
    this.#known = null;
  }

  /** Begins a job that marks or unmarks. The known review stays valid after it. */
  change(task: Extract<LibraryJobTask, { readonly kind: 'mark' | 'unmark' }>, askedBy: string): LibraryJob {
    const { jobs } = this.#parts;
    const job = jobs.begin(task, askedBy);
    const stop = jobs.onChange(job.id, () => {
      if (!hasEnded(job)) return;
      stop();
      const [before, after] = (job.answer as MarkChange | null)?.generationIds ?? [null, null];
      if (this.#known && after !== null && this.#known.generationId === before) this.#known.generationId = after;
    });
    return job;
  }

  #takeMade(): void {
    const made = this.#making;
    if (made === null || !hasEnded(made.job)) return;
    this.#making = null;
    const { failure, answer, endedAtMs } = made.job;
    if (failure !== null && failure.code !== 'cancelled') throw failure;
    if (answer === null) return;
    const { generationId } = made;
    this.#known = { generationId, review: answer as ClusterReview, madeAtMs: endedAtMs ?? 0 };
  }

  async #generationId(): Promise<string> {
    const { catalog, worker } = this.#parts.services;
    const built = catalog.spaces.get(await worker.spaceId())?.built;
    if (built) return built.generationId;
    throw new LeitmotifError('index-empty', 'Cannot make clusters: nothing is indexed in this space');
  }
}
