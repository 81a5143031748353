/** What sets one kind of model apart from another: what its network is fed, and how a vector is had from what it gives.
 *  Everything here is pure; sessions are the engines' business. */

/** A graph of our own between the samples and the network: float32 in, float32 out, the first dimension is the batch. */
export interface FrontEnd {
  /** Absolute path. */
  readonly path: string;
  readonly input: string;
  readonly output: string;
  /** Shape of one item of its output. */
  readonly itemShape: readonly number[];
}

export interface Family {
  readonly frontEnd: FrontEnd | null;

  /** @param window mono PCM at the model's rate, shape [samples]
   *  @returns what the front-end, or else the network, takes; shape [samples']. May be the window itself. */
  prepare(window: Float32Array): Float32Array;

  /** @param row what the network gave for one item, without the batch dimension
   *  @returns shape [dimensions]; not yet checked
   *  @throws {RangeError} when the row cannot be of this family */
  finish(row: Float32Array, dimensions: number): Float32Array;
}

/** @returns the vector at length 1; NaN throughout for a zero vector or one that is not finite */
export function unitLength(vector: Float32Array): Float32Array {
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / norm);
}
