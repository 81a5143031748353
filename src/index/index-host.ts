/** Searches the current generation for the lifetime of a process; a new generation is swapped in while it answers.
 *
 *  Memory: the new generation is opened while the old one still answers. Generations with the same base share its processes;
 *  otherwise both are in memory for some seconds (0.8 GB each for 400,000 x 512). On a machine without that memory, close the
 *  host before opening it again.
 */
import { LeitmotifError } from '../errors.ts';
import type { LibrarySize } from '../ranking/fusion.ts';
import type { FoundNeighbour } from '../ranking/rank-by-parts.ts';
import type { SpacePart } from '../ranking/space-parts.ts';
import {
  currentManifest,
  nearestChunks,
  type OpenGeneration,
  type OpenGenerationOptions,
  openGeneration,
} from './generation.ts';
import type { GenerationManifest } from './manifest.ts';

export interface FoundNeighbours {
  /** The generation that answered; it may no longer be the current one. */
  readonly generation: GenerationManifest;
  readonly library: LibrarySize;
  readonly parts: readonly SpacePart[];
  /** The chunks that are among the k nearest in any part, shape [queries][min(k, rows) or more]; best first by the whole
   *  similarity, ties by row. */
  readonly perQuery: FoundNeighbour[][];
}

export class IndexHost {
  readonly #options: OpenGenerationOptions;
  #live: OpenGeneration | null = null;
  #reloading: Promise<boolean> | null = null;
  readonly #draining = new Set<Promise<void>>();
  #closed = false;

  /** Opens nothing yet: the first search or `reloadIfChanged` does. */
  constructor(options: OpenGenerationOptions) {
    this.#options = options;
  }

  /** The open generation; null before the first was opened. */
  current(): GenerationManifest | null {
    return this.#live?.manifest ?? null;
  }

  /** Opens the generation that CURRENT names unless it is open already. If that fails, the old one keeps answering.
   *
   *  @returns whether a different generation answers now
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
      // The generation was swapped during the search; or its file was damaged, and CURRENT may name an intact one by now.
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

  /** The open generation, for measurements. */
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
    const reuse = this.#live?.index;
    const next = await openGeneration(manifest, { ...this.#options, oneByOne: reuse !== undefined, reuse });
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
  const { manifest, library } = generation;
  return { generation: manifest, library, parts: manifest.parts, perQuery };
}

function isLost(error: unknown): boolean {
  return error instanceof LeitmotifError && (error.code === 'index-corrupt' || error.code === 'index-unavailable');
}
