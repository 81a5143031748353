/** The messages between the worker and its inference processes.
 *
 *  They cross Node's own IPC channel with structured clone ("advanced"): 640 kB of samples cost 1.5-3 ms a window on
 *  both sides together, a tenth of what decoding and embedding it cost. A raw pipe with our own framing costs half of
 *  that, and transfer to a worker thread a third; neither is worth owning a protocol, or a crash of ONNX Runtime that
 *  takes the HTTP server with it. */
import type { EmbeddedWindow } from './engine.ts';

export interface LoadMessage {
  readonly type: 'load';
  readonly manifestPath: string;
  readonly windowSec: number;
}

export interface EmbedMessage {
  readonly type: 'embed';
  readonly id: number;
  readonly samples: Float32Array;
}

export type ToInferenceProcess = LoadMessage | EmbedMessage;

export type FromInferenceProcess =
  | { readonly type: 'ready' }
  | { readonly type: 'load-failed'; readonly message: string }
  | { readonly type: 'embedded'; readonly id: number; readonly window: EmbeddedWindow }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };
