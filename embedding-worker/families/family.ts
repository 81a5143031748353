/** Port of a model family: how a window becomes the network's input, and how the network's output becomes a vector. Pure; the
 *  engines hold the sessions. */

/** An additional graph of this project between the samples and the network: float32 in, float32 out, batch first. */
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
   *  @returns the input of the front-end, or of the network without one; shape [samples']. May be the window itself. */
  prepare(window: Float32Array): Float32Array;

  /** @param row the network's output for one item, without the batch dimension
   *  @returns shape [dimensions]; not yet checked
   *  @throws {RangeError} when the row does not fit this family */
  finish(row: Float32Array, dimensions: number): Float32Array;
}

/** @returns the vector scaled to length 1; all NaN for a zero or non-finite vector */
export function unitLength(vector: Float32Array): Float32Array {
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / norm);
}
