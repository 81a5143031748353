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

export interface CurrentGeneration {
  readonly id: string;
  /** Those kept for roll-back. */
  readonly others: readonly string[];
}

export interface GenerationStore {
  /** The generation of this space that answers; null when there is none, or none that is whole.
   *  @param options.deep reads every byte of it; without, only what may have changed since it was read last */
  current(spaceId: string, options?: { signal?: AbortSignal; deep?: boolean }): Promise<CurrentGeneration | null>;

  /** Writes, verifies and makes current. Called only by whoever holds the index's lock.
   *  @returns the generation's id
   *  @throws {LeitmotifError} 'disk-full', 'cancelled'; the current generation is then what it was */
  write(input: GenerationInput, options: { signal: AbortSignal }): Promise<string>;
}
