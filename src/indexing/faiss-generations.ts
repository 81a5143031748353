/** The index's generations as files for FAISS. */
import path from 'node:path';
import { assertWritten } from '../search/durable-file.ts';
import { currentManifest } from '../search/generation.ts';
import { spaceFolder } from '../search/generation-folder.ts';
import { writeGeneration } from '../search/generation-writer.ts';
import { filesOf, type GenerationManifest } from '../search/manifest.ts';
import type { GenerationInput, GenerationStore } from './generation-store.ts';

export interface FaissGenerationsOptions {
  readonly indexDir: string;
  readonly catalogId: string;
  /** Index processes at most. */
  readonly shardsMax: number;
  /** Whether new generations know their hubs. */
  readonly hubs?: boolean;
  readonly now?: () => Date;
}

export class FaissGenerations implements GenerationStore {
  readonly #options: FaissGenerationsOptions;

  constructor(options: FaissGenerationsOptions) {
    this.#options = options;
  }

  /** Reads every byte of it: a second or two for a million chunks, once a run, and damage is found before a query
   *  finds it. */
  async current(spaceId: string): Promise<string | null> {
    const { indexDir, catalogId, hubs } = this.#options;
    try {
      const manifest = await currentManifest({ indexDir, catalogId, spaceId });
      await assertWhole(path.join(spaceFolder(indexDir, spaceId), manifest.id), manifest);
      // It answers all the same until there is one that knows its hubs.
      if (hubs && manifest.hubs === undefined) return null;
      return manifest.id;
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) throw error;
      // Missing, damaged, or another catalog's: whatever it is, it is built again from the catalog.
      return null;
    }
  }

  async write(input: GenerationInput, { signal }: { signal: AbortSignal }): Promise<string> {
    const { indexDir, catalogId, shardsMax, hubs = false, now = () => new Date() } = this.#options;
    const { includeNonMusic, ...rows } = input;
    const manifest = await writeGeneration({
      ...rows,
      ...{ indexDir, catalogId, shardsMax, hubs, signal },
      options: { includeNonMusic },
      createdAt: now(),
    });
    return manifest.id;
  }
}

async function assertWhole(folder: string, manifest: GenerationManifest): Promise<void> {
  for (const file of filesOf(manifest)) await assertWritten(path.join(folder, file.file), file);
}
