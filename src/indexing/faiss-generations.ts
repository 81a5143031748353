/** Stores generations of the index as FAISS files. */
import { currentManifest } from '../index/generation.ts';
import { readCurrent, spaceFolder } from '../index/generation-folder.ts';
import { writeGeneration } from '../index/generation-writer.ts';
import { filesOf } from '../index/manifest.ts';
import { assertIntact, rememberIntact } from '../index/verified-files.ts';
import type { CurrentGeneration, GenerationRequest, GenerationStore } from './generation-store.ts';

export interface FaissGenerationsOptions {
  readonly indexDir: string;
  readonly catalogId: string;
  /** Maximum number of index processes. */
  readonly shardsMax: number;
  /** Whether new generations include hub measures. */
  readonly hubs?: boolean;
  readonly now?: () => Date;
}

export class FaissGenerations implements GenerationStore {
  readonly #options: FaissGenerationsOptions;

  constructor(options: FaissGenerationsOptions) {
    this.#options = options;
  }

  /** @see assertIntact for what is read of it */
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
      // It still serves queries until a generation with hub measures replaces it.
      if (hubs && manifest.hubs === undefined) return null;
      return { id, others: (await readCurrent(folder)).filter((other) => other !== id) };
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) throw error;
      options.signal?.throwIfAborted();
      // Missing, damaged or of another catalog: the caller builds it again.
      return null;
    }
  }

  async write(input: GenerationRequest, { signal }: { signal: AbortSignal }): Promise<string> {
    const { indexDir, catalogId, shardsMax, hubs = false, now = () => new Date() } = this.#options;
    const { includeNonMusic, ...rows } = input;
    const manifest = await writeGeneration({
      ...rows,
      ...{ indexDir, catalogId, shardsMax, hubs, signal },
      options: { includeNonMusic },
      createdAt: now(),
    });
    // The files were just read back; recording their state here saves the next run from reading them.
    await rememberIntact(spaceFolder(indexDir, input.spaceId), manifest.id, filesOf(manifest));
    return manifest.id;
  }
}
