/** Stores generations of the index: in files, with their vectors in FAISS's files or in Milvus. */
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { planDelta, rowsIn } from '../index/delta-plan.ts';
import { engineOf, type IndexEngine, type IndexEngines } from '../index/engine.ts';
import { faissEngine } from '../index/faiss-engine.ts';
import { currentManifest, engineFor } from '../index/generation.ts';
import { readCurrent, spaceFolder } from '../index/generation-folder.ts';
import { filesOf, type GenerationManifest, manifestName, readManifest } from '../index/manifest.ts';
import { assertIntact, rememberIntact } from '../index/verified-files.ts';
import type { CurrentGeneration, GenerationRequest, GenerationStore } from './generation-store.ts';

export interface FolderGenerationsOptions {
  readonly indexDir: string;
  readonly catalogId: string;
  /** Maximum number of index processes. */
  readonly shardsMax: number;
  /** Whether new generations include hub measures. */
  readonly hubs?: boolean;
  /** @see DeltaChange.baseRowsMin */
  readonly baseRowsMin?: number;
  readonly now?: () => Date;
  /** New generations are Milvus's if there is one. Default: FAISS alone. */
  readonly engines?: IndexEngines;
}

export class FolderGenerations implements GenerationStore {
  readonly #options: FolderGenerationsOptions;
  /** Writes new generations. */
  readonly #engine: IndexEngine;

  constructor(options: FolderGenerationsOptions) {
    this.#options = options;
    this.#engine = options.engines?.milvus ?? options.engines?.faiss ?? faissEngine;
  }

  /** @see assertIntact for what is read of it
   *  @throws {LeitmotifError} 'index-unavailable' when the server with its vectors does not answer: it may be intact */
  async current(
    spaceId: string,
    options: { signal?: AbortSignal; deep?: boolean } = {},
  ): Promise<CurrentGeneration | null> {
    const { indexDir, catalogId, hubs } = this.#options;
    const folder = spaceFolder(indexDir, spaceId);
    try {
      const manifest = await currentManifest({ indexDir, catalogId, spaceId });
      const { id } = manifest;
      await assertIntact(folder, id, filesOf(manifest), options);
      const isForeign = engineOf(manifest) !== this.#engine.name;
      // Vectors of an engine that this program does not use are not needed: they are written again.
      if (!isForeign)
        await engineFor(manifest, this.#options.engines).check(manifest, path.join(folder, id), options.signal);
      // It still serves queries until a generation with hub measures replaces it.
      if (hubs && manifest.hubs === undefined) return null;
      return { id, others: (await readCurrent(folder)).filter((other) => other !== id), isForeign };
    } catch (error) {
      if (error instanceof LeitmotifError && error.code === 'index-unavailable') throw error;
      if (error instanceof TypeError || error instanceof RangeError) throw error;
      options.signal?.throwIfAborted();
      // Missing, damaged or of another catalog: the caller builds it again.
      return null;
    }
  }

  async write(input: GenerationRequest, { signal }: { signal: AbortSignal }): Promise<string> {
    const manifest = (await this.#writeDelta(input, signal)) ?? (await this.#writeWhole(input, signal));
    // New files were just read back, and those of a base were intact before; recording their state here saves the next run
    // from reading them.
    await rememberIntact(spaceFolder(this.#options.indexDir, input.spaceId), manifest.id, filesOf(manifest));
    return manifest.id;
  }

  #writeWhole({ tracks, rows, ...input }: GenerationRequest, signal: AbortSignal): Promise<GenerationManifest> {
    return this.#engine.write({ ...this.#common(input, signal), tracks, rows: rows(), rowCount: rowsIn(tracks) });
  }

  /** @returns null when a whole generation is due: after a large change, or without an intact generation to add to */
  async #writeDelta(
    { tracks, rows, ...input }: GenerationRequest,
    signal: AbortSignal,
  ): Promise<GenerationManifest | null> {
    const { indexDir, baseRowsMin = this.#engine.baseRowsMin } = this.#options;
    if (input.currentId === null) return null;
    try {
      const from = await readManifest(path.join(spaceFolder(indexDir, input.spaceId), input.currentId, manifestName));
      const change = {
        ...{ ...this.#common(input, signal), from, tracks, rowsOf: rows },
        ...(baseRowsMin === undefined ? {} : { baseRowsMin }),
      };
      const plan = await planDelta(change);
      return plan && (await this.#engine.change({ ...change, plan }));
    } catch (error) {
      if (error instanceof LeitmotifError && error.code === 'index-corrupt') return null;
      throw error;
    }
  }

  #common({ spaceId, dimensions, includeNonMusic }: Omit<GenerationRequest, 'tracks' | 'rows'>, signal: AbortSignal) {
    const { indexDir, catalogId, shardsMax, hubs = false, now = () => new Date() } = this.#options;
    const kind = { spaceId, dimensions, options: { includeNonMusic }, hubs };
    return { ...kind, indexDir, catalogId, shardsMax, createdAt: now(), signal };
  }
}
