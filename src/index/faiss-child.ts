/** The index process: the only user of faiss-node.
 *
 *  It is a separate process because a search blocks its thread until it ends, C++ exceptions abort the process, and the
 *  binding works on one thread only. The parent (faiss-process.ts) strips the types from this file and starts it with
 *  `--eval` as CommonJS, so run-time imports must go through getBuiltinModule: Node's TypeScript loader would cost each
 *  index process 17 MB, its ES module loader 5 MB.
 */
import type { IndexFlatIP } from 'faiss-node';
import type {
  BuildRequest,
  DroppedRows,
  Envelope,
  FaissAnswers,
  FaissOp,
  FaissReply,
  FaissRequest,
  HubnessRequest,
  LoadRequest,
  MemoryAnswer,
  SearchAnswer,
  SearchRequest,
  VerifyRequest,
} from './faiss-protocol.ts';

const fs = process.getBuiltinModule('node:fs');
const { createHash } = process.getBuiltinModule('node:crypto');
const { createRequire } = process.getBuiltinModule('node:module');
// The first argument is the URL of this file: evaluated code has no location to resolve packages from.
const faiss: typeof import('faiss-node') = createRequire(process.argv[1] ?? '')('faiss-node');

/** FAISS uses BLAS for 20 queries or more and handles fewer one by one: 19 take 15 times as long as 20.
 *  @see faiss/utils/distances.cpp, distance_compute_blas_threshold */
const blasQueriesMin = 20;
/** Neighbours requested beyond k: those that float32 sums put just outside, and ties that FAISS's heap dropped. */
const spareNeighbours = 8;
/** Larger than the error of float32 sums over unit vectors (measured: 4e-7 at 512 dimensions). */
const sumTolerance = 1e-5;
/** With more ties than this at the k-th place (silence, if it is indexed), FAISS chooses among them: examining thousands
 *  for each query would take seconds. */
const neighboursMax = 800;
/** More rows requested where rows were dropped: a query near a removed track meets all of its chunks. */
const droppedMost = 64;
/** A query of 60 chunks finds some hundred rows. 1.5 MB at 192 dimensions. */
const readRowsMax = 2_000;
const bytesPerFloat = 4;
const hashSliceBytes = 1024 * 1024;
const addSliceRows = 1000;

/** One part of the space. */
interface LoadedPart {
  readonly index: IndexFlatIP;
  readonly rowCount: number;
  readonly dimensions: number;
  /** Open, to read exact rows; the file stays readable after it is unlinked. */
  readonly file: number;
  readonly rowsOffsetBytes: number;
  /** Rows that the running search has read, one after the other: the chunks of a query find the same rows again and again. */
  readonly read: Float32Array;
  readonly readBytes: Uint8Array;
  /** Row -> where its values begin in `read`. */
  readonly readAt: Map<number, number>;
}

class CorruptFile extends Error {}

let loaded: readonly LoadedPart[] | null = null;
let leakedBytes = 0;

/** Must run before FAISS reads the file: a flipped bit in a length makes FAISS's `read` hang or abort. */
function verify({ path, bytes, sha256 }: VerifyRequest): null {
  if (!fs.existsSync(path)) throw new CorruptFile('the file is missing');
  const file = fs.openSync(path, 'r');
  try {
    const size = fs.fstatSync(file).size;
    if (size !== bytes) throw new CorruptFile(`expected ${bytes} bytes, got ${size}`);
    const hash = createHash('sha256');
    const slice = new Uint8Array(hashSliceBytes);
    for (let count = fs.readSync(file, slice); count > 0; count = fs.readSync(file, slice)) {
      hash.update(slice.subarray(0, count));
    }
    const got = hash.digest('hex');
    if (got !== sha256) throw new CorruptFile(`expected sha256 ${sha256}, got ${got}`);
    return null;
  } finally {
    fs.closeSync(file);
  }
}

function load({ files, rowCount }: LoadRequest): null {
  loaded = files.map(({ path, dimensions }) => loadPart(path, dimensions, rowCount));
  return null;
}

function loadPart(path: string, dimensions: number, rowCount: number): LoadedPart {
  const index = faiss.IndexFlatIP.read(path);
  const shape = `${index.ntotal()} x ${index.getDimension()}`;
  if (shape !== `${rowCount} x ${dimensions}`)
    throw new CorruptFile(`expected ${rowCount} x ${dimensions} values, got ${shape}`);
  const file = fs.openSync(path, 'r');
  // The last place is for the row at hand, when all others are taken.
  const read = new Float32Array(Math.min(readRowsMax, rowCount + 1) * dimensions);
  // The rows are at the end of a flat file, whatever header this FAISS version writes.
  const rowsOffsetBytes = fs.fstatSync(file).size - rowCount * dimensions * bytesPerFloat;
  const readBytes = new Uint8Array(read.buffer);
  return { index, rowCount, dimensions, file, rowsOffsetBytes, read, readBytes, readAt: new Map() };
}

function search({ queries, k, dropped }: SearchRequest): SearchAnswer {
  if (loaded === null) throw new Error('Cannot search: no index is loaded');
  const parts = loaded.map((part, at) => ({ part, queries: queries[at] as Float32Array }));
  for (const { readAt } of loaded) readAt.clear();
  const nearest = parts.map((each) => nearestOf(each.part, each.queries, k, dropped));
  const queryCount = nearest[0]?.length ?? 0;
  const counts = new Uint32Array(queryCount);
  const rows: number[] = [];
  const similarities: number[] = [];
  for (let query = 0; query < queryCount; query += 1) {
    const union = new Set<number>();
    for (const found of nearest) for (const { row } of found[query] ?? []) union.add(row);
    counts[query] = union.size;
    for (const row of union) {
      rows.push(row);
      for (const { part, queries: own } of parts) similarities.push(similarityOf(part, own, query, row));
    }
  }
  return { counts, rows: Uint32Array.from(rows), similarities: Float32Array.from(similarities), leakedBytes };
}

/** The k nearest rows of each query by one part, dropped ones skipped; best first, ties by row. */
function nearestOf(part: LoadedPart, queries: Float32Array, k: number, dropped: DroppedRows | null): Scored[][] {
  const { rowCount, dimensions } = part;
  const { bits, count: droppedCount } = dropped ?? { bits: [], count: 0 };
  const found = Math.min(k, rowCount - droppedCount);
  const nearest = Array.from({ length: queries.length / dimensions }, (): Scored[] => []);
  let open = found === 0 ? [] : [...nearest.keys()];
  const isLive = (row: number): boolean => (((bits[row >> 3] ?? 0) >> (row & 7)) & 1) === 0;
  let wanted = found + spareNeighbours;
  for (let extra = Math.min(droppedCount, droppedMost); open.length > 0; wanted *= 8, extra *= 8) {
    const requested = Math.min(wanted + extra, rowCount);
    const answer = searchFaiss(part, queries, open, requested);
    open = open.filter((query, position) => {
      const live: number[] = [];
      for (let place = position * requested; place < (position + 1) * requested; place += 1)
        if (isLive(answer.labels[place] ?? 0)) live.push(place);
      const examined = requested === rowCount ? live : live.slice(0, wanted);
      const candidates = rescore({ part, queries, query }, answer, examined, found);
      nearest[query] = candidates.slice(0, found);
      if (requested === rowCount) return false;
      if (candidates.length < found) return true;
      const last = answer.distances[examined.at(-1) ?? 0] ?? 0;
      const worst = candidates[found - 1]?.similarity ?? 0;
      return examined.length < neighboursMax && last >= worst - sumTolerance;
    });
  }
  return nearest;
}

type Scored = { readonly row: number; readonly similarity: number };
type FaissAnswer = { readonly distances: readonly number[]; readonly labels: readonly number[] };

/** Searches the picked queries, padded with zero vectors to the number from which FAISS uses BLAS. */
function searchFaiss(part: LoadedPart, queries: Float32Array, picked: readonly number[], k: number): FaissAnswer {
  const { index, dimensions } = part;
  const batch = new Array<number>(Math.max(picked.length, blasQueriesMin) * dimensions).fill(0);
  picked.forEach((query, position) => {
    for (let i = 0; i < dimensions; i += 1) batch[position * dimensions + i] = queries[query * dimensions + i] ?? 0;
  });
  leakedBytes += batch.length * bytesPerFloat;
  return index.search(batch, k);
}

/** Computes one query's similarities again so that they are equal on every machine, in every batch and for any number of
 *  shards: FAISS's own sums depend on the position of row and query in BLAS's blocks. Takes 4 us per candidate, so it ends
 *  at those that cannot be among the first `count`.
 *  @param places in the answer, best first by FAISS's sums. @returns best first, ties by row */
function rescore(
  { part, queries, query }: { part: LoadedPart; queries: Float32Array; query: number },
  { labels, distances }: FaissAnswer,
  places: readonly number[],
  count: number,
): Scored[] {
  const scored: Scored[] = [];
  let worst = Number.POSITIVE_INFINITY;
  for (const place of places) {
    const [row, distance] = [labels[place] ?? 0, distances[place] ?? 0];
    if (scored.length >= count && distance < worst - sumTolerance) break;
    const similarity = similarityOf(part, queries, query, row);
    if (Math.abs(similarity - distance) > 1e-3) throw new CorruptFile(`row ${row} is not the one that FAISS holds`);
    scored.push({ row, similarity });
    if (scored.length <= count) worst = Math.min(worst, similarity);
  }
  return scored.sort((a, b) => b.similarity - a.similarity || a.row - b.row);
}

/** Summed in float64. */
function similarityOf(part: LoadedPart, queries: Float32Array, query: number, label: number): number {
  const { dimensions, read } = part;
  const at = part.readAt.get(label) ?? readRow(part, label);
  const first = query * dimensions;
  let sum = 0;
  for (let i = 0; i < dimensions; i += 1) sum += (queries[first + i] as number) * (read[at + i] as number);
  return Math.fround(Math.max(-1, Math.min(1, sum)));
}

/** Reads the row's bytes from the file. @returns where its values begin in `read` */
function readRow({ file, dimensions, rowsOffsetBytes, read, readBytes, readAt }: LoadedPart, label: number): number {
  const at = readAt.size * dimensions;
  const bytes = dimensions * bytesPerFloat;
  const count = fs.readSync(file, readBytes, at * bytesPerFloat, bytes, rowsOffsetBytes + label * bytes);
  if (count !== bytes) throw new CorruptFile(`row ${label} is missing`);
  if (at + dimensions < read.length) readAt.set(label, at);
  return at;
}

function build({ from, offsetBytes, to, rowCount, dimensions }: BuildRequest): null {
  const index = new faiss.IndexFlatIP(dimensions);
  const file = fs.openSync(from, 'r');
  try {
    for (let row = 0; row < rowCount; row += addSliceRows) {
      const values = new Float32Array(Math.min(addSliceRows, rowCount - row) * dimensions);
      const bytes = new Uint8Array(values.buffer);
      const read = fs.readSync(file, bytes, 0, bytes.length, offsetBytes + row * dimensions * bytesPerFloat);
      if (read !== bytes.length) throw new CorruptFile(`expected ${bytes.length} bytes at row ${row}, got ${read}`);
      index.add(Array.from(values));
    }
  } finally {
    fs.closeSync(file);
  }
  index.write(to);
  return null;
}

function hubness(request: HubnessRequest): Float32Array {
  const { path, rowsInFile, fileRow, dimensions, references, tracks } = request;
  const index = new faiss.IndexFlatIP(dimensions);
  for (let at = 0; at < references.length; at += addSliceRows * dimensions) {
    index.add(Array.from(references.subarray(at, at + addSliceRows * dimensions)));
  }
  const means = new Float32Array(tracks.length);
  let batch: number[] = [];
  const requested = Math.min(index.ntotal(), request.neighbours + referencesPerTrackMax(request));
  const file = fs.openSync(path, 'r');
  try {
    const rowBytes = dimensions * bytesPerFloat;
    const rowsOffsetBytes = fs.fstatSync(file).size - rowsInFile * rowBytes;
    for (let row = 0; row < tracks.length && requested > 0; row += addSliceRows) {
      const count = Math.min(addSliceRows, tracks.length - row);
      // Padded with zero vectors to the number from which FAISS uses BLAS.
      const values = new Float32Array(Math.max(count, blasQueriesMin) * dimensions);
      const bytes = new Uint8Array(values.buffer, 0, count * rowBytes);
      const read = fs.readSync(file, bytes, 0, bytes.length, rowsOffsetBytes + (fileRow + row) * rowBytes);
      if (read !== bytes.length) throw new CorruptFile(`expected ${bytes.length} bytes at row ${row}, got ${read}`);
      // The array is reused: allocating a new one each time takes a quarter of the total time.
      if (batch.length !== values.length) batch = new Array<number>(values.length).fill(0);
      for (let i = 0; i < values.length; i += 1) batch[i] = values[i] as number;
      const found = index.search(batch, requested);
      for (let i = 0; i < count; i += 1)
        means[row + i] = meanOfOthers(request, found, i * requested, requested, row + i);
    }
  } finally {
    fs.closeSync(file);
  }
  return means;
}

/** Mean similarity of the nearest references, skipping those of the row's own track. */
function meanOfOthers(
  { referenceTracks, tracks, neighbours }: HubnessRequest,
  { labels, distances }: FaissAnswer,
  from: number,
  requested: number,
  row: number,
): number {
  let sum = 0;
  let count = 0;
  for (let place = from; place < from + requested && count < neighbours; place += 1) {
    if (referenceTracks[labels[place] ?? 0] === tracks[row]) continue;
    sum += distances[place] ?? 0;
    count += 1;
  }
  return count === 0 ? 0 : Math.max(-1, Math.min(1, sum / count));
}

/** The most references that belong to a single track, and are therefore skipped for its rows. */
function referencesPerTrackMax({ referenceTracks, tracks }: HubnessRequest): number {
  const here = new Set(tracks);
  const counts = new Map<number, number>();
  for (const track of referenceTracks) if (here.has(track)) counts.set(track, (counts.get(track) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

/** @see proc(5): status and smaps_rollup, in kB of 1024 bytes */
function memory(): MemoryAnswer {
  const kilobytes = (file: string, field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(fs.readFileSync(file, 'utf8'))?.[1] ?? Number.NaN) * 1024;
  return {
    residentBytes: kilobytes('/proc/self/status', 'VmRSS'),
    peakResidentBytes: kilobytes('/proc/self/status', 'VmHWM'),
    proportionalBytes: kilobytes('/proc/self/smaps_rollup', 'Pss'),
  };
}

const operations = { verify, load, search, build, hubness, memory };

function replyTo({ id, request }: Envelope): FaissReply {
  try {
    const operation = operations[request.op] as (request: FaissRequest) => FaissAnswers[FaissOp];
    return { id, ok: true, answer: operation(request) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { id, ok: false, kind: error instanceof CorruptFile ? 'corrupt' : 'failed', message };
  }
}

process.on('message', (envelope: Envelope) => process.send?.(replyTo(envelope)));
// The parent has exited or was killed.
process.on('disconnect', () => process.exit(0));
