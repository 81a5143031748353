/** Writes rows one by one into a generation's shards and its table of rows. */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { IndexedChunk } from '../domain.ts';
import type { FileRecord, HashedFile } from '../io/durable-file.ts';
import { type SpacePart, writePart } from '../ranking/space-parts.ts';
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
  readonly parts: readonly SpacePart[];
  readonly rowCount: number;
  /** Rows whose vectors are kept in memory, ascending. */
  readonly sampleRows: readonly number[];
  readonly shardsMax: number;
  /** Number of the first shard, for its name. Default: 0. */
  readonly firstShard?: number;
  /** true: shard files are written directly. false: FAISS writes them. */
  readonly direct: boolean;
}

export interface WrittenRows {
  readonly table: IndexedRows;
  readonly shards: GenerationManifest['shards'];
  /** Of all vectors, in row order. */
  readonly vectorsSha256: string;
  /** The vectors of `sampleRows`. */
  readonly sample: readonly Float32Array[];
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

interface PartFile {
  readonly part: SpacePart;
  readonly name: string;
  readonly written: HashedFile;
  /** The row being written. */
  readonly values: Float32Array;
}

function shardName(shard: number, { name }: SpacePart): string {
  return name === 'whole' ? `shard-${shard}.faiss` : `shard-${shard}-${name}.faiss`;
}

export class RowWriter {
  readonly #options: RowWriterOptions;
  readonly #sizes: readonly number[];
  readonly #table: IndexedRows;
  readonly #vectors = createHash('sha256');
  readonly #shards: GenerationManifest['shards'] = [];
  /** Of the shard that is being written, one for each part. */
  #files: PartFile[] = [];
  readonly #sample: Float32Array[] = [];
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
    this.#vectors.update(rowBytes(vector));
    if (this.#options.sampleRows[this.#sample.length] === this.#rowsWritten) this.#sample.push(vector.slice());
    if (this.#files.length === 0) await this.#createFiles();
    for (const { part, written, values } of this.#files) {
      writePart(vector, part, values);
      await written.write(rowBytes(values));
    }
    this.#rowsWritten += 1;
    this.#rowsInShard += 1;
    if (this.#rowsInShard === this.#shardRows) await this.#finishShard();
  }

  /** @throws {RangeError} if fewer than `rowCount` rows were added */
  async finish(): Promise<WrittenRows> {
    if (this.#rowsWritten !== this.#options.rowCount) throw this.#wrongCount(`${this.#rowsWritten}`);
    return {
      table: this.#table,
      shards: this.#shards,
      vectorsSha256: this.#vectors.digest('hex'),
      sample: this.#sample,
    };
  }

  /** Closes the open file after an error. */
  async abandon(): Promise<void> {
    for (const { written } of this.#files) await written.abandon();
  }

  get #shardRows(): number {
    return this.#sizes[this.#shards.length] ?? 0;
  }

  async #createFiles(): Promise<void> {
    for (const part of this.#options.parts) {
      const name = shardName((this.#options.firstShard ?? 0) + this.#shards.length, part);
      const written = await createFlatFile(this.#pathOf(name), { ...part, rowCount: this.#shardRows });
      this.#files.push({ part, name, written, values: new Float32Array(part.dimensions) });
    }
  }

  #pathOf(name: string): string {
    return path.join(this.#options.folder, this.#options.direct ? name : `${name}.raw`);
  }

  async #finishShard(): Promise<void> {
    const files: GenerationManifest['shards'][number]['files'] = [];
    for (const file of this.#files) {
      const written = await file.written.finish();
      files.push({ file: file.name, ...(this.#options.direct ? written : await this.#convert(file)) });
    }
    this.#shards.push({ rowCount: this.#rowsInShard, files });
    this.#files = [];
    this.#rowsInShard = 0;
  }

  async #convert({ name, part }: PartFile): Promise<FileRecord> {
    const shape = { rowCount: this.#rowsInShard, dimensions: part.dimensions };
    const record = await buildByAdding(this.#pathOf(name), path.join(this.#options.folder, name), shape);
    await rm(this.#pathOf(name));
    return record;
  }

  #wrongCount(got: string): RangeError {
    return new RangeError(`Cannot write the index: expected ${this.#options.rowCount} rows, got ${got}`);
  }
}
