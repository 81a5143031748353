/** Searches one part of a space in its collection. The server finds candidates; their vectors are read back, and similarities
 *  are computed here, as the FAISS processes do: they are equal on every server and in every batch, ties have one order, and a
 *  row that is not what it should be is noticed. */
import type { SpacePart } from '../../ranking/space-parts.ts';
import { type MilvusClient, neighboursMax } from './client.ts';
import { MilvusFailure } from './failures.ts';
import type { LiveRows } from './live-rows.ts';
import type { Consistency } from './requests.ts';
import { type IndexType, searchParameters } from './settings.ts';

export interface SearchedPart {
  readonly client: MilvusClient;
  readonly collection: string;
  readonly part: SpacePart;
  readonly indexType: IndexType;
  /** @see effortsOf */
  readonly effort: number;
  readonly rowCount: number;
  readonly live: LiveRows;
}

export interface Scored {
  readonly row: number;
  readonly similarity: number;
}

/** Candidates beyond those wanted, so that equal ones are seen; more are requested while the last is as near as the worst. */
const spareNeighbours = 8;
/** Difference between the server's sums and ours: float32 sums of 2,048 products differ by less. */
const sumTolerance = 2e-5;
/** IVF_SQ8 reports similarities of vectors that are rounded to 255 steps in each dimension: sums differ by some 0.0004 (1 SD). */
const looseTolerance = 0.005;
const widenFactor = 8;

export class PartSearch {
  readonly #of: SearchedPart;
  readonly #queries: readonly Float32Array[];
  readonly #signal: AbortSignal;
  readonly #consistency: Consistency;
  /** Of rows that were candidates, for the lifetime of one search. */
  readonly #vectors = new Map<number, Float32Array>();

  /** @param queries unit vectors of the part */
  constructor(of: SearchedPart, queries: readonly Float32Array[], signal: AbortSignal, consistency: Consistency) {
    this.#of = of;
    this.#queries = queries;
    this.#signal = signal;
    this.#consistency = consistency;
  }

  /** @returns the k nearest live rows of each query; best first, ties by row
   *  @throws {LeitmotifError} `index-unavailable` if an exact search finds too few rows */
  async nearest(k: number): Promise<Scored[][]> {
    const { client, collection, indexType, effort, rowCount, live } = this.#of;
    const wanted = Math.min(k, live.count, neighboursMax);
    const nearest = this.#queries.map((): Scored[] => []);
    let open = wanted === 0 ? [] : [...this.#queries.keys()];
    for (let limit = Math.min(wanted + spareNeighbours, neighboursMax); open.length > 0; ) {
      const parameters = searchParameters({ indexType, effort }, rowCount, limit);
      const vectors = open.map((query) => this.#queries[query] ?? new Float32Array());
      const answer = await client.search(collection, vectors, {
        ...{ k: limit, parameters, signal: this.#signal, consistency: this.#consistency },
      });
      const candidates = answer.map((hits) => this.#candidatesOf(hits, wanted));
      await this.#read(candidates.flat());
      open = open.filter((query, at) => {
        const hits = answer[at] ?? [];
        const scored = this.#scored(query, candidates[at] ?? []);
        nearest[query] = scored.slice(0, wanted);
        const isAll = hits.length < limit;
        if (isAll && scored.length < wanted && indexType === 'FLAT') throw this.#incomplete(scored.length, wanted);
        if (isAll || limit === neighboursMax) return false;
        const worst = scored[wanted - 1]?.similarity ?? Number.NEGATIVE_INFINITY;
        return (hits.at(-1)?.score ?? -1) >= worst - this.#tolerance;
      });
      limit = Math.min(limit * widenFactor, neighboursMax);
    }
    return nearest;
  }

  /** Reads the vectors of rows that other parts have found. */
  async prepare(rows: Iterable<number>): Promise<void> {
    await this.#read([...rows]);
  }

  /** @returns null for a row that was deleted meanwhile */
  similarityOf(query: number, row: number): number | null {
    const vector = this.#vectors.get(row);
    if (vector === undefined) return null;
    const own = this.#queries[query] ?? vector;
    let sum = 0;
    for (let at = 0; at < vector.length; at += 1) sum += (own[at] as number) * (vector[at] as number);
    return Math.fround(Math.max(-1, Math.min(1, sum)));
  }

  get #tolerance(): number {
    return this.#of.indexType === 'IVF_SQ8' ? looseTolerance : sumTolerance;
  }

  /** Live rows that may be among the wanted ones. */
  #candidatesOf(hits: readonly { row: number; score: number }[], wanted: number): number[] {
    const live = hits.filter(({ row }) => this.#of.live.has(row));
    const worst = (live[wanted - 1]?.score ?? Number.NEGATIVE_INFINITY) - 2 * this.#tolerance;
    return live.filter(({ score }) => score >= worst).map(({ row }) => row);
  }

  async #read(rows: readonly number[]): Promise<void> {
    const unknown = [...new Set(rows)].filter((row) => !this.#vectors.has(row));
    if (unknown.length === 0) return;
    const { client, collection } = this.#of;
    // They were found, so the server need not wait for its clock; a replica that is behind may not have them yet.
    const read = await client.vectors(collection, unknown, this.#signal, 'Bounded');
    const missing = unknown.filter((row) => !read.has(row));
    const late = missing.length === 0 ? [] : await client.vectors(collection, missing, this.#signal);
    for (const [row, vector] of [...read, ...late]) this.#vectors.set(row, vector);
  }

  #scored(query: number, rows: readonly number[]): Scored[] {
    const scored = rows.flatMap((row) => {
      const similarity = this.similarityOf(query, row);
      return similarity === null ? [] : [{ row, similarity }];
    });
    return scored.sort((a, b) => b.similarity - a.similarity || a.row - b.row);
  }

  #incomplete(got: number, wanted: number): MilvusFailure {
    const { client, collection } = this.#of;
    const text = `Cannot search in ${collection}: Milvus at ${client.address} found ${got} rows instead of ${wanted}`;
    return new MilvusFailure('index-unavailable', text, { isRepeatable: true });
  }
}
