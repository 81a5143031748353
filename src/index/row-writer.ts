/** Writes rows one by one into a generation's shards and its table of rows. */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { IndexedChunk } from '../domain.ts';
import type { HashedFile } from '../io/durable-file.ts';
import { buildByAdding, createFlatFile, rowBytes } from './flat-file.ts';
import type { GenerationManifest } from './manifest.ts';
import { IndexedRows } from './rows-file.ts';
import { assertUnitVector } from './vector-index.ts';

export interface IndexedRow {
  readonly chunk: IndexedChunk;
  /** Unit vector, shape [dimensions]. */
  readonly vector: Float32Array;
}

export interface RowWriterOptions {
  /** An existing, empty folder. */
  readonly folder: string;
  readonly dimensions: number;
  readonly rowCount: number;
  readonly shardsMax: number;
  /** true: shard files are written directly. false: FAISS writes them. */
  readonly direct: boolean;
}

export interface WrittenRows {
  readonly table: IndexedRows;
  readonly shards: GenerationManifest['shards'];
  /** Of all vectors, in row order. */
  readonly vectorsSha256: string;
}

/** With fewer rows per shard, a second process is not worth its memory: it costs 60 MB and saves 7 ms a search. */
const rowsPerShardMin = 20_000;

/** @returns the number of rows of each shard, in row order; empty for an empty index */
export function shardSizes(rowCount: number, shardsMax: number): number[] {
  if (!Number.isSafeInteger(shardsMax) || shardsMax < 1) {
    throw new RangeError(`Cannot divide the index: expected a number of shards from 1, got ${shardsMax}`);
  }
  const shards = Math.min(shardsMax, Math.ceil(rowCount / rowsPerShardMin));
  const cut = (shard: number): number => Math.floor((shard * rowCount) / shards);
  return Array.from({ length: shards }, (_, shard) => cut(shard + 1) - cut(shard));
}

export class RowWriter {
  readonly #options: RowWriterOptions;
  readonly #sizes: readonly number[];
  readonly #table: IndexedRows;
  readonly #vectors = createHash('sha256');
  readonly #shards: GenerationManifest['shards'] = [];
  #file: HashedFile | null = null;
  #rowsInShard = 0;
  #rowsWritten = 0;

  constructor(options: RowWriterOptions) {
    this.#options = options;
    this.#sizes = shardSizes(options.rowCount, options.shardsMax);
    this.#table = IndexedRows.withRoomFor(options.rowCount);
  }

  get rowsWritten(): number {
    return this.#rowsWritten;
  }

  /** @throws {RangeError} after `rowCount` rows, or if the vector is not a unit vector of `dimensions`
   *  @throws {LeitmotifError} `disk-full` */
  async add({ chunk, vector }: IndexedRow): Promise<void> {
    if (this.#rowsWritten === this.#options.rowCount) throw this.#wrongCount('more');
    assertUnitVector(vector, this.#options.dimensions);
    this.#table.set(this.#rowsWritten, chunk);
    const bytes = rowBytes(vector);
    this.#vectors.update(bytes);
    this.#file ??= await createFlatFile(this.#path, this.#shape);
    await this.#file.write(bytes);
    this.#rowsWritten += 1;
    this.#rowsInShard += 1;
    if (this.#rowsInShard === this.#shape.rowCount) await this.#finishShard(this.#file);
  }

  /** @throws {RangeError} if fewer than `rowCount` rows were added */
  async finish(): Promise<WrittenRows> {
    if (this.#rowsWritten !== this.#options.rowCount) throw this.#wrongCount(`${this.#rowsWritten}`);
    return { table: this.#table, shards: this.#shards, vectorsSha256: this.#vectors.digest('hex') };
  }

  /** Closes the open file after an error. */
  async abandon(): Promise<void> {
    await this.#file?.abandon();
  }

  get #shape() {
    return { rowCount: this.#sizes[this.#shards.length] ?? 0, dimensions: this.#options.dimensions };
  }

  get #name(): string {
    return `shard-${this.#shards.length}.faiss`;
  }

  get #path(): string {
    const name = this.#options.direct ? this.#name : `${this.#name}.raw`;
    return path.join(this.#options.folder, name);
  }

  async #finishShard(file: HashedFile): Promise<void> {
    const written = await file.finish();
    const record = this.#options.direct ? written : await this.#convert();
    this.#shards.push({ file: this.#name, rowCount: this.#rowsInShard, ...record });
    this.#file = null;
    this.#rowsInShard = 0;
  }

  async #convert() {
    const record = await buildByAdding(this.#path, path.join(this.#options.folder, this.#name), this.#shape);
    await rm(this.#path);
    return record;
  }

  #wrongCount(got: string): RangeError {
    return new RangeError(`Cannot write the index: expected ${this.#options.rowCount} rows, got ${got}`);
  }
}
