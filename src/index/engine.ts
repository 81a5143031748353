/** The port to what stores and searches the vectors of generations. Two implementations pass one contract test: FAISS in
 *  processes on this machine (faiss-engine.ts), and a Milvus server (milvus/).
 *
 *  Everything else of a generation (rows, tracks, hubs, spread, CURRENT) is in its folder with either engine, so that
 *  roll-back, pruning and verification are the same.
 */
import type { DeltaInput } from './delta-writer.ts';
import type { FaissLimits } from './faiss-index.ts';
import type { GenerationInput } from './generation-writer.ts';
import type { ShardEvent } from './index-shard.ts';
import type { GenerationManifest } from './manifest.ts';
import type { OpenIndex } from './vector-index.ts';

export type EngineName = 'faiss' | 'milvus';

/** Which engine has the vectors of a generation. */
export function engineOf({ milvus }: GenerationManifest): EngineName {
  return milvus === undefined ? 'faiss' : 'milvus';
}

export interface OpenIndexOptions {
  readonly limits?: Partial<FaissLimits> | undefined;
  readonly onEvent?: ((event: ShardEvent) => void) | undefined;
  /** @see FaissIndexOptions.oneByOne */
  readonly oneByOne?: boolean | undefined;
  /** An open index of an earlier generation: what both have in common is not opened again. */
  readonly reuse?: OpenIndex | undefined;
}

export interface EngineHealth {
  readonly ok: boolean;
  /** For the operator: processes or address, version; or why it is not ok. */
  readonly about: string;
}

/** About the vectors of one generation. */
export interface EngineStatistics {
  /** Rows that the engine holds for the generation, those of other generations in the same place included. */
  readonly rows: number;
  readonly indexType: string;
  /** Measured when the generation was built; 1 for an exact index. */
  readonly recall: number;
}

/** Reads vectors of one part of a generation. Faster for rows that are read in order. */
export interface PartRows extends AsyncDisposable {
  /** @returns shape [the part's dimensions]; valid until the next call
   *  @throws {RangeError} if there is no such row
   *  @throws {LeitmotifError} `index-corrupt` if it is missing, `index-unavailable`, `cancelled` */
  at(row: number): Promise<Float32Array>;
}

export interface SpaceName {
  readonly indexDir: string;
  readonly spaceId: string;
  readonly catalogId: string;
}

export interface Swept {
  readonly what: string;
  readonly bytes: number;
}

export interface IndexEngine {
  readonly name: EngineName;
  /** Smaller generations are written whole after any change. Undefined: the default of planDelta. */
  readonly baseRowsMin: number | undefined;

  /** Writes a whole generation and makes it current; the current one stays on any failure.
   *  @throws {LeitmotifError} `disk-full`, `index-corrupt`, `index-unavailable`, `cancelled` */
  write(input: GenerationInput): Promise<GenerationManifest>;

  /** Writes a generation that adds rows to an earlier one and drops others. @throws as `write` */
  change(input: DeltaInput): Promise<GenerationManifest>;

  /** @param folder of the generation
   *  @throws {LeitmotifError} `index-corrupt` if vectors are missing or differ, `index-unavailable` */
  open(manifest: GenerationManifest, folder: string, options: OpenIndexOptions): Promise<OpenIndex>;

  /** @param part place in the manifest's parts
   *  @throws as `open` */
  rows(manifest: GenerationManifest, folder: string, part: number, signal: AbortSignal): Promise<PartRows>;

  /** Checks the vectors that are not in the generation's folder. @throws as `open` */
  check(manifest: GenerationManifest, folder: string, signal?: AbortSignal): Promise<void>;

  /** Deletes what no generation in CURRENT has. The caller holds the index lock. */
  sweep(space: SpaceName, signal?: AbortSignal): Promise<Swept[]>;

  /** Never throws. */
  health(): Promise<EngineHealth>;
  statistics(manifest: GenerationManifest): Promise<EngineStatistics>;
  close(): Promise<void>;
}

/** The engines that a program can use: FAISS always, Milvus if it is configured. */
export interface IndexEngines {
  readonly faiss: IndexEngine;
  readonly milvus?: IndexEngine | undefined;
}
