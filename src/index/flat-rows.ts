/** Reads rows of one part of a space from the flat files of its shards. */
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { corruptIndexFile } from '../io/corrupt-index.ts';

export interface FlatRowsOptions {
  readonly folder: string;
  /** Of the part. */
  readonly dimensions: number;
  /** The part's files in row order. */
  readonly shards: readonly FlatShard[];
  /** Rows read at once; more than one for rows that are read in order. */
  readonly blockRows?: number;
}

export interface FlatShard {
  readonly file: string;
  readonly rowCount: number;
}

interface OpenShard {
  readonly path: string;
  readonly handle: FileHandle;
  readonly firstRow: number;
  readonly rowCount: number;
  /** Of its first row in the file: the rows are at the end of a flat file. */
  readonly offsetBytes: number;
}

const readsAtOnce = 64;

export class FlatRows implements AsyncDisposable {
  readonly #dimensions: number;
  readonly #blockRows: number;
  readonly #shards: OpenShard[] = [];
  #last: { readonly firstRow: number; readonly values: Float32Array } = { firstRow: 0, values: new Float32Array(0) };

  private constructor({ dimensions, blockRows = 1 }: FlatRowsOptions) {
    this.#dimensions = dimensions;
    this.#blockRows = blockRows;
  }

  static async open(options: FlatRowsOptions): Promise<FlatRows> {
    const rows = new FlatRows(options);
    let firstRow = 0;
    try {
      for (const { file, rowCount } of options.shards) {
        const where = path.join(options.folder, file);
        const handle = await open(where);
        const shard = { path: where, handle, firstRow, rowCount, offsetBytes: 0 };
        rows.#shards.push(shard);
        shard.offsetBytes = (await handle.stat()).size - rowCount * rows.#rowBytes;
        firstRow += rowCount;
      }
      return rows;
    } catch (error) {
      await rows[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** @returns shape [dimensions]; valid until the next call
   *  @throws {RangeError} if there is no such row
   *  @throws {LeitmotifError} `index-corrupt` if the file ends before it */
  async at(row: number): Promise<Float32Array> {
    const { firstRow, values } = this.#last;
    if (row < firstRow || (row - firstRow + 1) * this.#dimensions > values.length) {
      this.#last = { firstRow: row, values: await this.#block(row, this.#blockRows) };
    }
    const from = (row - this.#last.firstRow) * this.#dimensions;
    return this.#last.values.subarray(from, from + this.#dimensions);
  }

  /** Rows from anywhere, many at once: one after the other they take three to ten times as long.
   *  @returns shape [rows][dimensions]
   *  @throws as `at` */
  async all(rows: readonly number[]): Promise<Float32Array[]> {
    const found: Float32Array[] = [];
    for (let from = 0; from < rows.length; from += readsAtOnce) {
      const next = rows.slice(from, from + readsAtOnce).map((row) => this.#block(row, 1));
      found.push(...(await Promise.all(next)));
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { handle } of this.#shards) await handle.close();
  }

  /** The row, and those after it in its file. */
  async #block(row: number, rowsMax: number): Promise<Float32Array> {
    const shard = this.#shards.find(({ firstRow, rowCount }) => row >= firstRow && row < firstRow + rowCount);
    if (shard === undefined) throw new RangeError(`Cannot read row ${row}: there is none`);
    const fileRow = row - shard.firstRow;
    const values = new Float32Array(Math.min(rowsMax, shard.rowCount - fileRow) * this.#dimensions);
    const bytes = new Uint8Array(values.buffer);
    const { bytesRead } = await shard.handle.read(bytes, 0, bytes.length, shard.offsetBytes + fileRow * this.#rowBytes);
    if (bytesRead !== bytes.length) throw corruptIndexFile(shard.path, `row ${fileRow} is missing`);
    return values;
  }

  get #rowBytes(): number {
    return this.#dimensions * Float32Array.BYTES_PER_ELEMENT;
  }
}
