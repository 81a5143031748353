/** The messages between the worker and its inference processes, over Node's IPC channel with structured clone
 *  ("advanced"). The windows go beside it, through a pipe (window-pipe.ts).
 *
 *  Processes, not worker threads, although those could be handed a window without a copy: a crash of ONNX Runtime in a
 *  thread takes the HTTP server with it, and a thread that hangs in it cannot be ended without that crash. */
import type { ChunkKind } from '../../src/domain.ts';
import type { Model } from '../../src/models/manifest.ts';
import type { ExecutionProvider } from './onnx.ts';

export interface LoadMessage {
  readonly type: 'load';
  /** As the worker read it: a process that reads and validates it again has 18 MB of validator in memory. */
  readonly model: Model;
  readonly windowSec: number;
  /** The one to try. A process tries no other: a driver that crashed or hung would take the next try along. */
  readonly device: ExecutionProvider;
  /** Processes that the CPU would have, all of which a GPU has to be faster than; null where it was asked for by name. */
  readonly beatCpuProcesses: number | null;
  /** `vector`: all of the model; `network-input`: the gate and what comes before the network, which runs elsewhere. */
  readonly gives: 'vector' | 'network-input';
}

/** What became of a window. */
export interface ProcessedWindow {
  readonly kind: ChunkKind;
  /** RMS, dBFS; see `Chunk.loudnessDb`. */
  readonly loudnessDb: number;
  /** dBFS; see `WindowKind.loudDb`. */
  readonly loudDb: number;
  /** The unit vector, shape [dimensions], or what the network takes, flat. */
  readonly values: Float32Array;
  /** Milliseconds that the window itself took, waiting not included; its share of a batch. */
  readonly computeMs: number;
}

export type FromInferenceProcess =
  /** `passedOver`: what was tried on the device and not taken, with the reason. */
  | { readonly type: 'ready'; readonly device: ExecutionProvider; readonly passedOver: readonly string[] }
  /** `culprit`: whether another device could help. */
  | { readonly type: 'load-failed'; readonly culprit: 'model' | 'device'; readonly message: string }
  /** It computes something else than it did, or nothing: this process is of no more use. */
  | { readonly type: 'device-lost'; readonly message: string }
  | { readonly type: 'embedded'; readonly id: number; readonly window: ProcessedWindow }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };
