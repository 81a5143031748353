/** Port of a network on a remote server: prepared tensors in, raw outputs out. Gate, front-end, pooling and normalisation run
 *  on this machine, so that remote and local vectors share a space. */
import type { NetworkSpec } from '../../../src/models/network-spec.ts';

export interface RemoteNetwork {
  /** Kind and address, for example `open-inference clap@triton:8000`. Contains no secret. */
  readonly device: string;
  /** Largest number of items in one call. May shrink when the server accepts fewer. */
  readonly batchMax: number;
  /** Why calls are refused now, in words; null while they are sent. */
  readonly trouble: string | null;

  /** Waits until the server is ready, and checks its model.
   *  @throws {LeitmotifError} config-invalid for a wrong model or setting; worker-unavailable when the wait was too long */
  start(signal: AbortSignal): Promise<void>;

  /** @param inputs at most `batchMax` items, each of the item's shape, row-major
   *  @returns one output for each, in the same order: shape [dimensions] or [frames * dimensions], maybe not finite
   *  @throws {LeitmotifError} worker-unavailable, inference-failed, config-invalid; the signal's reason */
  infer(inputs: readonly Float32Array[], signal: AbortSignal): Promise<Float32Array[]>;

  close(): Promise<void>;
}

export function itemLengthOf({ input }: NetworkSpec): number {
  return input.itemShape.reduce((product, dimension) => product * dimension, 1);
}

/** Default batch size, limited by a GPU's memory. An output over time has some 400,000 numbers an item, 8 MB as JSON, and must
 *  not fill the worker's memory. */
export function batchMaxOf({ output }: NetworkSpec): number {
  return output.overTime ? 4 : 32;
}
