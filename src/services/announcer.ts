/** Port for telling people about a reindex. */
import type { Reindex } from '../catalog/reindexes.ts';
import type { IndexProgress } from '../indexing/progress.ts';

/** None of these throws: a job continues also where the bot may not post. */
export interface Announcer {
  waiting(reindex: Reindex): Promise<void>;
  /** @param which the first start of the job, or another one after a restart */
  begun(reindex: Reindex, progress: IndexProgress, which: 'first' | 'again'): Promise<void>;
  milestone(reindex: Reindex, percent: number, progress: IndexProgress): Promise<void>;
  ended(reindex: Reindex): Promise<void>;
}
