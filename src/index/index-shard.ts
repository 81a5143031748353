/** One shard of an index as FaissIndex uses it. Its process is a child of this program (faiss-shard.ts), or of the program that
 *  shares its index processes with this one (shared-shard.ts). */
import type { DroppedRows, MemoryAnswer, SearchAnswer } from './faiss-protocol.ts';

/** One file for each part of the space, all with the same rows. */
export interface ShardFiles {
  readonly rowCount: number;
  readonly files: readonly ShardFile[];
}

export interface ShardFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Of the part. */
  readonly dimensions: number;
}

/** An event for the operator's log. */
export interface ShardEvent {
  readonly kind: 'died' | 'restarted' | 'recycled';
  readonly path: string;
  readonly pid: number | undefined;
  readonly why: string;
}

export interface ShardLimits {
  /** From process start until the file is read: checksum and read of 400 MB take 1 s, longer from a cold disk. */
  readonly startTimeoutMs: number;
  readonly searchTimeoutMs: number;
  /** A process that has leaked more than this is replaced. */
  readonly leakMaxBytes: number;
  /** Pause before a second start in a row without a search between them; doubled each time, up to the maximum. */
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
}

export interface ShardOptions {
  readonly shard: ShardFiles;
  readonly limits: ShardLimits;
  readonly onEvent: (event: ShardEvent) => void;
}

export interface IndexShard {
  readonly rowCount: number;

  /** @param queries for each part: shape [queries, dimensions of the part]
   *  @param dropped rows that are not returned
   *  @throws {LeitmotifError} `index-unavailable` if the process died twice during this search, or none starts in time;
   *          `index-corrupt` if the file has changed since it was opened */
  search(queries: readonly Float32Array[], k: number, dropped?: DroppedRows | null): Promise<SearchAnswer>;

  /** Lets later processes read other names of the same files. */
  moveTo(files: ShardFiles): void | Promise<void>;

  memory(): Promise<MemoryAnswer>;
  pid(): Promise<number | undefined>;
  /** @see FaissProcess.openblasCore */
  openblasCore(): Promise<string | null>;
  /** Ends the process, unless another index has the shard open. */
  close(): Promise<void>;
}

/** @throws {LeitmotifError} `index-corrupt` if a file was changed after it was written; `index-unavailable` */
export type OpenShard = (options: ShardOptions) => Promise<IndexShard>;
