/** Hub correction. Hubs are chunks that are near to everything: they appear for every query, while others are never found.
 *
 *  Hubs are caused by high dimensionality, not by the music: a chunk in a dense region of the library is among the nearest
 *  neighbours of queries that it does not resemble more than other chunks do. Each chunk's similarity to a query is
 *  therefore reduced by its mean similarity to its own nearest references (cross-domain similarity local scaling, CSLS):
 *
 *    csls(q, x) / 2 = cos(q, x) - r(x) / 2 - r(q) / 2,    r(x) = mean cosine of x to its nearest `neighbours` references
 *
 *  r(q) is omitted because it is equal for all neighbours of one query chunk. The corrected similarity selects a query
 *  chunk's neighbours and is used by the fusion; answers show the uncorrected distances. CSLS was compared with mutual
 *  proximity and centring (bench/QUALITY.md, "Hubs").
 *
 *  The references represent future queries. They are a seeded sample of the library, because queries mostly resemble the
 *  library, such a sample exists for every model, and it suits any library. No sample represents a query unlike the
 *  library, but such queries gain too, because being a hub depends on a chunk's position among the others.
 *
 *  @see Conneau et al. (2018), Word Translation Without Parallel Data, https://arxiv.org/abs/1710.04087, section 2.3
 *  @see Schnitzer et al. (2012), Local and Global Scaling Reduce Hubs in Space, JMLR 13
 *  @see Feldbauer, Flexer (2019), A comprehensive empirical comparison of hubness reduction in high-dimensional spaces
 */
import { corruptIndexFile } from '../io/corrupt-index.ts';
import { type FileRecord, HashedFile, readWritten } from '../io/durable-file.ts';

export interface HubRecipe {
  /** Nearest references averaged for each chunk; those of its own track are excluded. */
  readonly neighbours: number;
  /** Library chunks that represent queries; all chunks if the library has fewer. */
  readonly references: number;
  readonly seed: number;
}

/** The neighbours are 0.5% of the references, as in the measurement. Another recipe needs another name. */
export const hubRecipe: HubRecipe = { neighbours: 10, references: 2000, seed: 1 };

/** Stored in a generation's manifest to identify how its hubness was measured. */
export const hubRecipeName = `csls k${hubRecipe.neighbours} of ${hubRecipe.references} seed ${hubRecipe.seed}`;

/** Neighbours requested per wanted neighbour, so that the correction has candidates to choose from. */
export const poolFactor = 4;

/** Rows that represent queries; equal for equal numbers of rows.
 *  @returns ascending, each once */
export function referenceRows(rowCount: number, { references, seed }: HubRecipe = hubRecipe): number[] {
  if (rowCount <= references) return Array.from({ length: rowCount }, (_, row) => row);
  // One from each stretch of equal length: a track's rows are contiguous, so no track is over-represented.
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

/** The CSLS score of a chunk: its similarity minus a share of its hubness. CSLS takes half. */
export function cslsScore(similarity: number, hubness: number, share = 0.5): number {
  return similarity - hubness * share;
}

/** Steps per unit: processors differ by less than a step (1e-6), and a step (0.00006) does not matter for rankings. */
const steps = 2 ** 14;

/** `hubs.bin`: r(x) of each row, int16 little-endian, in steps of 1/16384. 2 bytes per row: 0.8 MB for 400,000. */
export class Hubness {
  readonly #steps: Int16Array;

  private constructor(values: Int16Array) {
    this.#steps = values;
  }

  /** @param means r(x) of each row, [-1, 1] */
  static of(means: Float32Array): Hubness {
    return new Hubness(Int16Array.from(means, (mean) => Math.round(mean * steps)));
  }

  /** Puts measures of several generations together.
   *  @param pieces rows [from, to) of each */
  static join(pieces: readonly { readonly of: Hubness; readonly from: number; readonly to: number }[]): Hubness {
    const values = new Int16Array(pieces.reduce((sum, { from, to }) => sum + to - from, 0));
    let row = 0;
    for (const { of, from, to } of pieces) {
      values.set(of.#steps.subarray(from, to), row);
      row += to - from;
    }
    return new Hubness(values);
  }

  /** @throws {LeitmotifError} `index-corrupt` if the file is missing or was changed after it was written */
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

  /** @throws {RangeError} if the row does not exist */
  at(row: number): number {
    const value = this.#steps[row];
    if (value === undefined) throw new RangeError(`Cannot look up row ${row}: there are ${this.rowCount}`);
    return value / steps;
  }
}
