/** What the remote engine asks of a network that runs elsewhere: prepared tensors in, raw outputs out. Gate, front-end,
 *  pooling and normalising stay on this machine, so that a remote network's vectors lie in the local one's space. */
import type { NetworkSpec } from '../../../src/models/network-spec.ts';

export interface RemoteNetwork {
  /** What it is and where, for example `open-inference clap@triton:8000`. Holds no secret. */
  readonly device: string;
  /** Items that one call may hold. May shrink when the other side takes fewer. */
  readonly batchMax: number;
  /** Why a call would be refused now, in words; null: it would be made. */
  readonly trouble: string | null;

  /** Waits until the other side is ready, and checks that the model there is the one expected.
   *  @throws {LeitmotifError} config-invalid when it never can be; worker-unavailable when it was not in time */
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

/** Items that are sent together unless the other side takes fewer: what a GPU's memory takes in one go. An output over
 *  time is some 400,000 numbers an item, 8 MB as JSON, and must not fill this side's memory. */
export function batchMaxOf({ output }: NetworkSpec): number {
  return output.overTime ? 4 : 32;
}
