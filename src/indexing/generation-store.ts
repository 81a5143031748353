/** What indexing needs of the index's generations. */
import type { SnapshotRow } from '../catalog/snapshot.ts';

export interface GenerationInput {
  readonly spaceId: string;
  readonly dimensions: number;
  readonly rowCount: number;
  /** To be read once, in order. */
  readonly rows: Iterable<SnapshotRow>;
  /** Whether silence, applause and noise are among the rows. */
  readonly includeNonMusic: boolean;
}

export interface GenerationStore {
  /** The id of the generation of this space that answers; null when there is none, or none that is whole. */
  current(spaceId: string): Promise<string | null>;

  /** Writes, verifies and makes current. Called only by whoever holds the index's lock.
   *  @returns the generation's id
   *  @throws {LeitmotifError} 'disk-full', 'cancelled'; the current generation is then what it was */
  write(input: GenerationInput, options: { signal: AbortSignal }): Promise<string>;
}
