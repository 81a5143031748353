/** The generations of the index, as indexing uses them. */
import type { SnapshotRow, SnapshotTrack } from '../catalog/snapshot.ts';

export interface GenerationRequest {
  readonly spaceId: string;
  readonly dimensions: number;
  /** Those that have rows, in the order of these. */
  readonly tracks: readonly SnapshotTrack[];
  /** Reads the rows of some tracks, in order; default: of all. */
  readonly rows: (trackIds?: readonly number[]) => Iterable<SnapshotRow>;
  /** Whether the rows include silence, applause and noise. */
  readonly includeNonMusic: boolean;
  /** The current generation, to which a small change is added; null when it is missing or damaged. */
  readonly currentId: string | null;
}

export interface CurrentGeneration {
  readonly id: string;
  /** Older generations, stored for rollback. */
  readonly others: readonly string[];
  /** Its vectors are in another engine than the one that new generations are written to. */
  readonly isForeign: boolean;
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
