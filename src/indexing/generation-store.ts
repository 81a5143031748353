/** The generations of the index, as indexing uses them. */
import type { SnapshotRow } from '../catalog/snapshot.ts';

export interface GenerationRequest {
  readonly spaceId: string;
  readonly dimensions: number;
  readonly rowCount: number;
  /** Read once, in order. */
  readonly rows: Iterable<SnapshotRow>;
  /** Whether the rows include silence, applause and noise. */
  readonly includeNonMusic: boolean;
}

export interface CurrentGeneration {
  readonly id: string;
  /** Older generations, stored for rollback. */
  readonly others: readonly string[];
}

export interface GenerationStore {
  /** The current generation of this space; null when it is missing or damaged.
   *  @param options.deep reads every byte; otherwise only files that may have changed since the last read */
  current(spaceId: string, options?: { signal?: AbortSignal; deep?: boolean }): Promise<CurrentGeneration | null>;

  /** Writes a generation, verifies it and makes it current. The caller holds the index lock.
   *  @returns the generation's id
   *  @throws {LeitmotifError} 'disk-full', 'cancelled'; the current generation is then unchanged */
  write(input: GenerationRequest, options: { signal: AbortSignal }): Promise<string>;
}
