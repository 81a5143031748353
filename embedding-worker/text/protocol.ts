/** The messages between the worker and the text process of a model, over Node's IPC channel with structured clone ("advanced"):
 *  a text and a vector are a few kilobytes. */
import type { ErrorCode } from '../../src/errors.ts';

export type ToTextProcess =
  | { readonly type: 'load'; readonly manifestPath: string }
  | { readonly type: 'embed'; readonly id: number; readonly text: string };

export interface EmbeddedText {
  /** Unit vector, shape [dimensions]. */
  readonly vector: Float32Array;
  /** Milliseconds of tokenizer and network, without waiting. */
  readonly computeMs: number;
}

export type FromTextProcess =
  | { readonly type: 'ready' }
  | { readonly type: 'load-failed'; readonly message: string }
  | { readonly type: 'embedded'; readonly id: number; readonly text: EmbeddedText }
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly code: Extract<ErrorCode, 'text-refused' | 'inference-failed'>;
      readonly message: string;
    };
