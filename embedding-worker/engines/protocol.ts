/** The messages between the worker and its inference processes, over Node's IPC channel with structured clone
 *  ("advanced"). Windows are sent through a separate pipe (window-pipe.ts).
 *
 *  Processes and not worker threads, although threads could receive windows without a copy: a crash of ONNX Runtime in a
 *  thread ends the HTTP server too, and a hanging thread cannot be ended without such a crash. */
import type { ChunkKind } from '../../src/domain.ts';
import type { Model } from '../../src/models/manifest.ts';
import type { ExecutionProvider } from './onnx.ts';

export interface LoadMessage {
  readonly type: 'load';
  /** As read by the worker: validating it again would cost each process 18 MB for the validator. */
  readonly model: Model;
  readonly windowSec: number;
  /** The only device that this process tries: a crashed or hung driver would affect the next try. */
  readonly device: ExecutionProvider;
  /** Number of CPU processes that a GPU has to beat together; null for a device set by name. */
  readonly beatCpuProcesses: number | null;
  /** `vector`: the whole model; `network-input`: gate and front-end only, for a network on a remote server. */
  readonly gives: 'vector' | 'network-input';
}

/** The result for one window. */
export interface ProcessedWindow {
  readonly kind: ChunkKind;
  /** RMS, dBFS; see `Chunk.loudnessDb`. */
  readonly loudnessDb: number;
  /** dBFS; see `WindowKind.loudDb`. */
  readonly loudDb: number;
  /** The unit vector, shape [dimensions], or the network's input, flat. */
  readonly values: Float32Array;
  /** Computing time of the window without waiting; in a batch, its share. */
  readonly computeMs: number;
}

export type FromInferenceProcess =
  /** `passedOver`: options rejected on the device, with the reason. */
  | { readonly type: 'ready'; readonly device: ExecutionProvider; readonly passedOver: readonly string[] }
  /** `culprit`: with `device`, another device may work. */
  | { readonly type: 'load-failed'; readonly culprit: 'model' | 'device'; readonly message: string }
  /** The device computes other vectors than before or none, so this process is unusable. */
  | { readonly type: 'device-lost'; readonly message: string }
  | { readonly type: 'embedded'; readonly id: number; readonly window: ProcessedWindow }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };
