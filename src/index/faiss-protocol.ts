/** Requests and replies of the index process, over Node's IPC with advanced serialization (typed arrays need no
 *  conversion: 60 x 512 floats in 0.5 ms, JSON takes 8 ms). Types only: the child imports nothing at run time.
 */

export interface VerifyRequest {
  readonly op: 'verify';
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface LoadRequest {
  readonly op: 'load';
  /** One file for each part of the space, with the same rows. */
  readonly files: readonly { readonly path: string; readonly dimensions: number }[];
  readonly rowCount: number;
}

/** Rows of a shard that are not returned. */
export interface DroppedRows {
  readonly count: number;
  /** One bit a row, the lowest first. */
  readonly bits: Uint8Array;
}

export interface SearchRequest {
  readonly op: 'search';
  /** For each part: shape [queries, dimensions of the part], row-major. */
  readonly queries: readonly Float32Array[];
  readonly k: number;
  /** Null: all rows are returned. */
  readonly dropped: DroppedRows | null;
}

/** Writes an index of the float32 rows in `from` after `offsetBytes`, with the binding's own `add`. */
export interface BuildRequest {
  readonly op: 'build';
  readonly from: string;
  readonly offsetBytes: number;
  readonly to: string;
  readonly rowCount: number;
  readonly dimensions: number;
}

/** Measures rows' mean similarity to their nearest references: see hubs.ts. Needs no loaded index. */
export interface HubnessRequest {
  readonly op: 'hubness';
  /** A flat file of `rowsInFile` rows; the slice starts at `fileRow` and has as many rows as `tracks`. */
  readonly path: string;
  readonly rowsInFile: number;
  readonly fileRow: number;
  readonly dimensions: number;
  /** Shape [references, dimensions], row-major, and the track of each. */
  readonly references: Float32Array;
  readonly referenceTracks: Uint32Array;
  /** The track of each row; references of the same track are skipped. */
  readonly tracks: Uint32Array;
  readonly neighbours: number;
}

export interface MemoryRequest {
  readonly op: 'memory';
}

export type FaissRequest = VerifyRequest | LoadRequest | SearchRequest | BuildRequest | HubnessRequest | MemoryRequest;

/** The rows that are among the k nearest in any part, query after query, in no particular order. */
export interface SearchAnswer {
  /** Number of rows of each query, shape [queries]. */
  readonly counts: Uint32Array;
  /** Shape [sum of counts]. */
  readonly rows: Uint32Array;
  /** Shape [sum of counts, parts], row-major. */
  readonly similarities: Float32Array;
  /** Bytes that the binding has leaked so far: it never frees its copy of a query. */
  readonly leakedBytes: number;
}

export interface MemoryAnswer {
  /** Resident, shared pages counted in full. */
  readonly residentBytes: number;
  readonly peakResidentBytes: number;
  /** Resident, a page shared by n processes counted as 1/n: the measure to add up over processes. */
  readonly proportionalBytes: number;
}

export interface FaissAnswers {
  readonly verify: null;
  readonly load: null;
  readonly search: SearchAnswer;
  readonly build: null;
  /** The mean similarity of each row to its nearest references; 0 if there are none. */
  readonly hubness: Float32Array;
  readonly memory: MemoryAnswer;
}

export type FaissOp = FaissRequest['op'];

export interface Envelope {
  readonly id: number;
  readonly request: FaissRequest;
}

/** `corrupt`: the file was changed after it was written. `failed`: any other error. */
export type FaissReply =
  | { readonly id: number; readonly ok: true; readonly answer: FaissAnswers[FaissOp] }
  | { readonly id: number; readonly ok: false; readonly kind: 'corrupt' | 'failed'; readonly message: string };
