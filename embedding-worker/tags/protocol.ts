/** The messages between the worker and the process that reads tags, over Node's IPC channel: one path at a time. */
import type { RecordingTags } from '../../src/domain.ts';

export interface ToTagProcess {
  readonly path: string;
}

export type FromTagProcess =
  | { readonly type: 'ready' }
  | { readonly type: 'read'; readonly tags: RecordingTags }
  | { readonly type: 'failed'; readonly message: string };
