/** The messages between the worker and its inference processes, over Node's IPC channel with structured clone
 *  ("advanced"). The windows go beside it, through a pipe (window-pipe.ts).
 *
 *  Processes, not worker threads, although those could be handed a window without a copy: a crash of ONNX Runtime in a
 *  thread takes the HTTP server with it, and a thread that hangs in it cannot be ended without that crash. */
import type { EmbeddedWindow } from './engine.ts';

export interface LoadMessage {
  readonly type: 'load';
  readonly manifestPath: string;
  readonly windowSec: number;
}

export type FromInferenceProcess =
  | { readonly type: 'ready' }
  | { readonly type: 'load-failed'; readonly message: string }
  | { readonly type: 'embedded'; readonly id: number; readonly window: EmbeddedWindow }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };
