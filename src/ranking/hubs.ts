/** Hubs: chunks that are near to everything, and so turn up for every query, while others are never found.
 *
 *  They come with the many dimensions of the space, not with the music: a chunk that lies where the library is dense is among the
 *  nearest of queries that it does not resemble more than others do. So each chunk's similarity to a query is lowered by how
 *  near it is to its own nearest surroundings: cross-domain similarity local scaling,
 *
 *    csls(q, x) / 2 = cos(q, x) - r(x) / 2 - r(q) / 2,    r(x) = mean cosine of x to its nearest `neighbours` references
 *
 *  without r(q), which is the same for all that one query chunk finds. It decides which neighbours a query chunk
 *  is given and what they count for in the fusion; what is shown of them are their distances. It was measured against mutual proximity and against centring
 *  (bench/QUALITY.md, "Hubs").
 *
 *  The references stand for the queries that will come. They are a seeded sample of the library itself, for what people ask with
 *  is mostly of the library's kind, it exists for every model, and it follows a library that is unlike any sample of ours. For a
 *  query unlike the library no sample is right; it still gains, because what is a hub is so by its place among the others.
 *
 *  @see Conneau et al. (2018), Word Translation Without Parallel Data, https://arxiv.org/abs/1710.04087, section 2.3
 *  @see Schnitzer et al. (2012), Local and Global Scaling Reduce Hubs in Space, JMLR 13
 *  @see Feldbauer, Flexer (2019), A comprehensive empirical comparison of hubness reduction in high-dimensional spaces
 */
import { corruptIndexFile } from '../io/corrupt-index.ts';
import { type FileRecord, HashedFile, readWritten } from '../io/durable-file.ts';

export interface HubRecipe {
  /** References that each chunk is measured by, its own track's left out. */
  readonly neighbours: number;
  /** Chunks of the library that stand for queries; all of a library that holds fewer. */
  readonly references: number;
  readonly seed: number;
}

/** Half a percent of the references are a chunk's surroundings, as in the measurement. Another recipe is another name. */
export const hubRecipe: HubRecipe = { neighbours: 10, references: 2000, seed: 1 };

/** What a generation says of how its hubness was measured. */
export const hubRecipeName = `csls k${hubRecipe.neighbours} of ${hubRecipe.references} seed ${hubRecipe.seed}`;

/** Neighbours that are asked for each that is wanted, so that correction has something to choose from. */
export const poolFactor = 4;

/** Rows that stand for queries: the same for the same number of rows.
 *  @returns ascending, each once */
export function referenceRows(rowCount: number, { references, seed }: HubRecipe = hubRecipe): number[] {
  if (rowCount <= references) return Array.from({ length: rowCount }, (_, row) => row);
  // One of each equal stretch of rows: tracks lie together, so no track is sampled beyond its share.
  return Array.from({ length: references }, (_, place) => {
    const from = Math.floor((place * rowCount) / references);
    const to = Math.floor(((place + 1) * rowCount) / references);
    return from + (hash32(seed + place) % (to - from));
  });
}

/** @see https://nullprogram.com/blog/2018/07/31/ ("lowbias32") */
function hash32(value: number): number {
  let mixed = value >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** A similarity, less what its chunk has of everything. */
export function lessHubness(similarity: number, hubness: number): number {
  return similarity - hubness / 2;
}

/** The best of one query chunk's neighbours once hubs are corrected.
 *
 *  @param pool of one query chunk, with the hubness of each
 *  @returns at most `max`; best first by corrected similarity, ties in the pool's order
 */
export function leastHubs<T extends { readonly similarity: number; readonly hubness: number }>(
  pool: readonly T[],
  max: number,
): T[] {
  const corrected = ({ similarity, hubness }: T): number => lessHubness(similarity, hubness);
  return [...pool].sort((a, b) => corrected(b) - corrected(a)).slice(0, max);
}

/** Steps a unit: measured values differ by less between processors (1e-6), and rankings do not turn on less than 0.00006. */
const steps = 2 ** 14;

/** `hubs.bin`: r(x) of each row, int16 little-endian, in steps of 1/16384. 2 bytes a row: 0.8 MB for 400,000. */
export class Hubness {
  readonly #steps: Int16Array;

  private constructor(values: Int16Array) {
    this.#steps = values;
  }

  /** @param means r(x) of each row, [-1, 1] */
  static of(means: Float32Array): Hubness {
    return new Hubness(Int16Array.from(means, (mean) => Math.round(mean * steps)));
  }

  /** @throws {LeitmotifError} `index-corrupt` when the file is missing or not the one that was written */
  static async read(file: string, rowCount: number, record: FileRecord): Promise<Hubness> {
    const bytes = await readWritten(file, record);
    if (bytes.length !== rowCount * Int16Array.BYTES_PER_ELEMENT) {
      throw corruptIndexFile(file, `expected ${rowCount} values, got ${bytes.length} bytes`);
    }
    return new Hubness(new Int16Array(Uint8Array.from(bytes).buffer));
  }

  async write(file: string): Promise<FileRecord> {
    const written = await HashedFile.create(file);
    try {
      await written.write(new Uint8Array(this.#steps.buffer));
      return await written.finish();
    } finally {
      await written.abandon();
    }
  }

  get rowCount(): number {
    return this.#steps.length;
  }

  /** @throws {RangeError} for a row that does not exist */
  at(row: number): number {
    const value = this.#steps[row];
    if (value === undefined) throw new RangeError(`Cannot look up row ${row}: there are ${this.rowCount}`);
    return value / steps;
  }
}
