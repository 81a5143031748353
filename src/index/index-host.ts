/** The index as a process uses it for its whole life: whatever generation is current, swapped while it answers.
 *
 *  What a swap costs: the new generation is opened while the old one answers, so for those seconds both are in memory,
 *  2 x the vectors (0.8 GB each for 400,000 x 512). A machine without that room closes the host before it opens anew.
 */
import { LeitmotifError } from '../errors.ts';
import type { LibrarySize } from '../ranking/fusion.ts';
import {
  currentManifest,
  type FoundChunk,
  nearestChunks,
  type OpenGeneration,
  type OpenOptions,
  openGeneration,
} from './generation.ts';
import type { GenerationManifest } from './manifest.ts';

export interface FoundNeighbours {
  /** The generation that answered, which may no longer be the current one. */
  readonly generation: GenerationManifest;
  readonly library: LibrarySize;
  /** Shape [queries][min(k, rows)]; best first, ties by row. */
  readonly perQuery: FoundChunk[][];
}

export class IndexHost {
  readonly #options: OpenOptions;
  #live: OpenGeneration | null = null;
  #reloading: Promise<boolean> | null = null;
  readonly #draining = new Set<Promise<void>>();
  #closed = false;

  /** Opens nothing: the first search does, or `reloadIfChanged`. */
  constructor(options: OpenOptions) {
    this.#options = options;
  }

  /** The generation that answers; null before the first was opened. */
  current(): GenerationManifest | null {
    return this.#live?.manifest ?? null;
  }

  /** Opens the generation that CURRENT names unless it is open already. Fails without consequence: the old one goes on.
   *
   *  @returns whether another generation answers now
   *  @throws {LeitmotifError} as openCurrent
   */
  reloadIfChanged(): Promise<boolean> {
    this.#reloading ??= this.#reload().finally(() => {
      this.#reloading = null;
    });
    return this.#reloading;
  }

  /** The k nearest library chunks of each vector.
   *  @throws {RangeError} as VectorIndex.search
   *  @throws {LeitmotifError} as openCurrent and VectorIndex.search */
  async neighbours(vectors: readonly Float32Array[], k: number, signal: AbortSignal): Promise<FoundNeighbours> {
    const live = await this.#opened();
    try {
      return await found(live, vectors, k, signal);
    } catch (error) {
      if (!isLost(error)) throw error;
      // Swapped under the search; or lost (its file was damaged), and CURRENT may name a sound one by now.
      const isOther = this.#live !== live || (await this.reloadIfChanged().catch(() => false));
      if (!isOther) throw error;
      return found(await this.#opened(), vectors, k, signal);
    }
  }

  /** Lets running searches finish and ends every process. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#reloading?.catch(() => undefined);
    if (this.#live !== null) this.#retire(this.#live);
    this.#live = null;
    await Promise.all(this.#draining);
  }

  /** The open generation, for whoever measures it. */
  opened(): OpenGeneration | null {
    return this.#live;
  }

  async #opened(): Promise<OpenGeneration> {
    if (this.#live === null) await this.reloadIfChanged();
    if (this.#live === null) throw new LeitmotifError('index-unavailable', 'Cannot search: the index was closed');
    return this.#live;
  }

  async #reload(): Promise<boolean> {
    const manifest = await currentManifest(this.#options);
    if (this.#closed || this.#live?.manifest.id === manifest.id) return false;
    const next = await openGeneration(manifest, { ...this.#options, oneByOne: this.#live !== null });
    const old = this.#live;
    this.#live = next;
    if (old !== null) this.#retire(old);
    return true;
  }

  #retire(old: OpenGeneration): void {
    const closing = old.index.close().finally(() => this.#draining.delete(closing));
    this.#draining.add(closing);
  }
}

async function found(
  generation: OpenGeneration,
  vectors: readonly Float32Array[],
  k: number,
  signal: AbortSignal,
): Promise<FoundNeighbours> {
  const perQuery = await nearestChunks(generation, vectors, k, signal);
  return { generation: generation.manifest, library: generation.library, perQuery };
}

function isLost(error: unknown): boolean {
  return error instanceof LeitmotifError && (error.code === 'index-corrupt' || error.code === 'index-unavailable');
}
