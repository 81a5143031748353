/** Reads rows of one part of a generation from its collection. The rows after those that were asked for are read ahead, twice as many
 *  each time: a request takes milliseconds, however few rows it is for. */
import { LeitmotifError } from '../../errors.ts';
import type { PartRows } from '../engine.ts';
import type { GenerationManifest } from '../manifest.ts';
import type { MilvusClient } from './client.ts';
import { corruptCollection } from './failures.ts';
import { LiveRows } from './live-rows.ts';

export interface StoredRowsInput {
  readonly manifest: GenerationManifest;
  /** Of the generation. */
  readonly folder: string;
  /** Place in the manifest's parts. */
  readonly part: number;
  readonly signal: AbortSignal;
}

/** Chunks of a track of some minutes. */
const aheadMin = 32;
/** 1 to 2 MB of vectors. */
const aheadMax = 512;

export class StoredRows implements PartRows {
  readonly #client: MilvusClient;
  readonly #collection: string;
  readonly #rowCount: number;
  readonly #live: LiveRows;
  readonly #signal: AbortSignal;
  #block = { firstRow: 0, endRow: 0, vectors: new Map<number, Float32Array>() };

  private constructor(client: MilvusClient, { manifest, part, signal }: StoredRowsInput, live: LiveRows) {
    this.#client = client;
    this.#collection = manifest.milvus?.collections[part] ?? '';
    this.#rowCount = manifest.rowCount;
    this.#live = live;
    this.#signal = signal;
  }

  /** @throws {LeitmotifError} as MilvusClient.ready; `index-corrupt` about the table of tracks */
  static async open(client: MilvusClient, input: StoredRowsInput): Promise<StoredRows> {
    if (input.manifest.milvus === undefined) throw new RangeError('Cannot read rows: the vectors are not in Milvus');
    const rows = new StoredRows(client, input, await LiveRows.read(input.manifest, input.folder));
    await client.ready(rows.#collection, input.signal);
    return rows;
  }

  async at(row: number): Promise<Float32Array> {
    // Dropped rows may be deleted at any time.
    if (!this.#live.has(row)) throw new RangeError(`Cannot read row ${row}: there is none`);
    if (row < this.#block.firstRow || row >= this.#block.endRow) await this.#read(row);
    const vector = this.#block.vectors.get(row);
    if (vector === undefined) throw corruptCollection(this.#collection, `row ${row} is missing`);
    return vector;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#block = { firstRow: 0, endRow: 0, vectors: new Map() };
  }

  async #read(firstRow: number): Promise<void> {
    if (this.#signal.aborted) throw new LeitmotifError('cancelled', 'Reading vectors from Milvus was cancelled');
    const { firstRow: before, endRow: next } = this.#block;
    const ahead = firstRow === next ? Math.min(aheadMax, Math.max(aheadMin, 2 * (next - before))) : aheadMin;
    const endRow = Math.min(firstRow + ahead, this.#rowCount);
    const rows: number[] = [];
    for (let row = firstRow; row < endRow; row++) if (this.#live.has(row)) rows.push(row);
    this.#block = { firstRow, endRow, vectors: await this.#client.vectors(this.#collection, rows, this.#signal) };
  }
}
