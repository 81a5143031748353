/** Tests whether hits agree in time. Two performances of one passage advance together: query time minus track time stays
 *  constant, within one chunk, from one query chunk to the next. Chance hits do not agree. Pure.
 *
 *  Method: hits are sorted by this difference, and a window one chunk wide slides over them; a segment tree over the query
 *  chunks gives at each step the longest unbroken stretch of the query that the hits in the window cover. O(n log n).
 */
import type { Hit, RankedTrack } from '../domain.ts';
import { seededRandom } from '../io/random.ts';

/** A stretch of the query whose hits agree in time. */
export interface AlignedRun {
  /** Seconds of query covered by the run's hits; 0 without hits. */
  readonly coveredSec: number;
  readonly queryFromSec: number;
  readonly queryToSec: number;
  /** Mean of track time minus query time over the run's hits. */
  readonly offsetSec: number;
}

/** Tolerance for the rounding of sums of decimal seconds; far below anything audible. */
const roundingSec = 1e-6;

/** The longest run of hits that agree in time.
 *
 *  Hits agree when their differences of query time and track time lie within one chunk of each other. A run may skip
 *  single chunks (which do not count as covered): with few neighbours per chunk, a chunk inside a true match often finds
 *  other tracks.
 *
 *  @param hits of one track, in any order; times in seconds
 *  @returns the run that covers the most query seconds; ties go to the smallest query minus track time, then to the
 *           earliest run in the query
 *  @throws {RangeError} on a time that is not finite or a chunk without length
 */
export function longestAlignedRun(hits: readonly Hit[]): AlignedRun {
  for (const hit of hits) assertTimes(hit);
  const chunkSec = hits.reduce((longest, hit) => Math.max(longest, hit.durationSec), 0);
  const leaves = queryStretches(hits);
  const tree = new CoverageTree([...leaves.values()], chunkSec);
  const sorted = [...hits].sort((a, b) => lagOf(a) - lagOf(b) || a.queryStartSec - b.queryStartSec);
  const leafAt = new Map([...leaves.keys()].map((startSec, position) => [startSec, position]));
  const leafOf = (hit: Hit): number => leafAt.get(hit.queryStartSec) ?? 0;

  let best: { run: Stretch; lagSec: number } | null = null;
  let first = 0;
  for (const hit of sorted) {
    tree.add(leafOf(hit));
    for (let oldest = sorted[first]; oldest && lagOf(hit) - lagOf(oldest) > chunkSec + roundingSec; ) {
      tree.remove(leafOf(oldest));
      oldest = sorted[++first];
    }
    const run = tree.longest();
    if (run && (!best || run.coveredSec > best.run.coveredSec + roundingSec)) {
      best = { run, lagSec: lagOf(sorted[first] ?? hit) };
    }
  }
  return best ? describe(best.run, best.lagSec, chunkSec, hits) : noRun;
}

/** Number of random orders for the comparison: a run counts if none of them has one as long. By chance this happens in 1 of 40. */
const shuffles = 39;

/** Tests whether the track's hits advance with the query for longer than chance explains. Repetitive music has runs of half a
 *  minute by chance.
 *  @returns the track with `inStep`, if it has a run of more than one chunk */
export function withStep(track: RankedTrack): RankedTrack {
  const [best] = track.hits;
  if (!best || track.longestRunSec <= best.durationSec + roundingSec) return track;
  return { ...track, inStep: isRunImprobable(track.hits) };
}

/** A permutation test over each query chunk's best hit: with randomly permuted track times, no run is as long. Deterministic:
 *  the random numbers depend on nothing but the number of hits.
 *  @param hits of one track, best first */
export function isRunImprobable(hits: readonly Hit[]): boolean {
  const byChunk = Map.groupBy(hits, ({ queryChunk }) => queryChunk);
  const best = [...byChunk.values()].flatMap(([first]) => first ?? []);
  const { coveredSec } = longestAlignedRun(best);
  const random = seededRandom(best.length);
  for (let shuffle = 0; shuffle < shuffles; shuffle++) {
    const times = best.map(({ trackStartSec }) => trackStartSec);
    for (let at = times.length - 1; at > 0; at--) {
      const other = Math.floor(random() * (at + 1));
      [times[at], times[other]] = [times[other] as number, times[at] as number];
    }
    const shuffled = best.map((hit, at) => ({ ...hit, trackStartSec: times[at] as number }));
    if (longestAlignedRun(shuffled).coveredSec >= coveredSec - roundingSec) return false;
  }
  return true;
}

const noRun: AlignedRun = { coveredSec: 0, queryFromSec: 0, queryToSec: 0, offsetSec: 0 };

function describe(run: Stretch, lagSec: number, chunkSec: number, hits: readonly Hit[]): AlignedRun {
  const inRun = hits.filter(
    (hit) =>
      hit.queryStartSec >= run.fromSec &&
      hit.queryStartSec < run.toSec &&
      lagOf(hit) >= lagSec &&
      lagOf(hit) <= lagSec + chunkSec + roundingSec,
  );
  // Sorted, because a sum in floating point depends on its order and equal input must give equal bytes.
  const lags = inRun.map(lagOf).sort((a, b) => a - b);
  const meanLagSec = lags.reduce((sum, lag) => sum + lag, 0) / lags.length;
  return { coveredSec: run.coveredSec, queryFromSec: run.fromSec, queryToSec: run.toSec, offsetSec: 0 - meanLagSec };
}

function lagOf(hit: Hit): number {
  return hit.queryStartSec - hit.trackStartSec;
}

function assertTimes(hit: Hit): void {
  const { queryStartSec, trackStartSec, durationSec } = hit;
  if (!Number.isFinite(queryStartSec) || !Number.isFinite(trackStartSec)) {
    throw new RangeError(`Cannot align hits: expected finite times, got ${queryStartSec} and ${trackStartSec}`);
  }
  if (!(durationSec > 0 && Number.isFinite(durationSec))) {
    throw new RangeError(`Cannot align hits: expected a chunk of more than 0 s, got ${durationSec}`);
  }
}

/** Each query chunk that has a hit, in query order, as start -> end. */
function queryStretches(hits: readonly Hit[]): Map<number, Stretch> {
  const ends = new Map<number, number>();
  for (const { queryStartSec, durationSec } of hits) {
    ends.set(queryStartSec, Math.max(ends.get(queryStartSec) ?? 0, queryStartSec + durationSec));
  }
  const inOrder = [...ends].sort(([a], [b]) => a - b);
  return new Map(inOrder.map(([fromSec, toSec]) => [fromSec, { fromSec, toSec, coveredSec: toSec - fromSec }]));
}

interface Stretch {
  readonly fromSec: number;
  readonly toSec: number;
  readonly coveredSec: number;
}

/** Coverage of the chunks below one node that are in the window. */
interface Coverage {
  /** The run that starts with the node's first chunk, the run that ends with its last chunk, and the longest run. */
  readonly head: Stretch;
  readonly tail: Stretch;
  readonly longest: Stretch;
}

/** Segment tree over the query's chunks: switches chunks on and off and returns the longest unbroken stretch. */
class CoverageTree {
  readonly #leaves: readonly Stretch[];
  readonly #gapSec: number;
  readonly #counts: Uint32Array;
  readonly #nodes: (Coverage | null)[];
  readonly #size: number;

  constructor(leaves: readonly Stretch[], gapSec: number) {
    this.#leaves = leaves;
    this.#gapSec = gapSec;
    this.#counts = new Uint32Array(leaves.length);
    this.#size = 2 ** Math.ceil(Math.log2(Math.max(1, leaves.length)));
    this.#nodes = new Array<Coverage | null>(2 * this.#size).fill(null);
  }

  add(leaf: number): void {
    const count = (this.#counts[leaf] ?? 0) + 1;
    this.#counts[leaf] = count;
    if (count === 1) this.#set(leaf, true);
  }

  remove(leaf: number): void {
    const count = (this.#counts[leaf] ?? 0) - 1;
    this.#counts[leaf] = count;
    if (count === 0) this.#set(leaf, false);
  }

  longest(): Stretch | null {
    return this.#nodes[1]?.longest ?? null;
  }

  #set(leaf: number, on: boolean): void {
    const stretch = this.#leaves[leaf];
    let node = this.#size + leaf;
    this.#nodes[node] = on && stretch ? { head: stretch, tail: stretch, longest: stretch } : null;
    for (node >>= 1; node >= 1; node >>= 1) this.#nodes[node] = this.#merge(node);
  }

  #merge(node: number): Coverage | null {
    const left = this.#nodes[2 * node] ?? null;
    const right = this.#nodes[2 * node + 1] ?? null;
    if (!left || !right) return left ?? right;
    if (right.head.fromSec - left.tail.toSec > this.#gapSec + roundingSec) {
      return { head: left.head, tail: right.tail, longest: longer(left.longest, right.longest) };
    }
    const bridge = join(left.tail, right.head);
    return {
      head: left.head.toSec === left.tail.toSec ? join(left.head, right.head) : left.head,
      tail: right.head.toSec === right.tail.toSec ? join(left.tail, right.tail) : right.tail,
      longest: longer(longer(left.longest, bridge), right.longest),
    };
  }
}

/** Returns the longer stretch, the earlier one on ties. */
function longer(earlier: Stretch, later: Stretch): Stretch {
  return later.coveredSec > earlier.coveredSec + roundingSec ? later : earlier;
}

function join(left: Stretch, right: Stretch): Stretch {
  // A tail chunk overlaps the chunk before it: those seconds count once.
  const sharedSec = Math.min(Math.max(0, left.toSec - right.fromSec), right.coveredSec);
  const coveredSec = left.coveredSec + right.coveredSec - sharedSec;
  return { fromSec: left.fromSec, toSec: Math.max(left.toSec, right.toSec), coveredSec };
}
