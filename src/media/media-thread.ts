/** Media work in a separate thread, started when first needed and restarted if it dies. */
import { Worker } from 'node:worker_threads';
import type { ClipOptions, MatchClips } from '../audio/clip.ts';
import { type ErrorCode, LeitmotifError, toLeitmotifError } from '../errors.ts';
import type { Media, SourceAndOutput } from './media.ts';

/** Requests to the thread. Signals cannot be sent to a thread: an abort is a message. */
export type MediaRequest =
  | { readonly id: number; readonly op: 'match'; readonly match: MatchClips; readonly limits: ClipOptions['limits'] }
  | {
      readonly id: number;
      readonly op: 'clips';
      readonly clips: readonly SourceAndOutput[];
      readonly limits: ClipOptions['limits'];
    }
  | { readonly id: number; readonly op: 'svg'; readonly svg: string }
  | { readonly id: number; readonly op: 'abort' };

export type MediaAnswer =
  | { readonly id: number; readonly png?: Uint8Array }
  | { readonly id: number; readonly failure: { readonly code: ErrorCode; readonly message: string } };

type NewRequest<R> = R extends { readonly id: number } ? Omit<R, 'id'> : never;

interface Waiting {
  readonly resolve: (answer: MediaAnswer) => void;
  readonly reject: (error: unknown) => void;
}

export class MediaThread implements Media {
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | null = null;
  #nextId = 1;

  async cutMatch(match: MatchClips, { limits, signal }: ClipOptions): Promise<void> {
    await this.#ask({ op: 'match', match, limits }, signal);
  }

  async cutClips(clips: readonly SourceAndOutput[], { limits, signal }: ClipOptions): Promise<void> {
    await this.#ask({ op: 'clips', clips, limits }, signal);
  }

  async renderSvg(svg: string): Promise<Uint8Array> {
    const answer = await this.#ask({ op: 'svg', svg });
    if ('png' in answer && answer.png) return answer.png;
    throw new LeitmotifError('internal', 'The media thread answered a picture without one');
  }

  /** Aborts a running request. */
  async close(): Promise<void> {
    await this.#thread?.terminate();
  }

  async #ask(request: NewRequest<MediaRequest>, signal?: AbortSignal): Promise<MediaAnswer> {
    signal?.throwIfAborted();
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<MediaAnswer>();
    this.#waiting.set(id, { resolve, reject });
    const abort = (): void => this.#started().postMessage({ id, op: 'abort' } satisfies MediaRequest);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      this.#started().postMessage({ ...request, id } as MediaRequest);
      return await promise;
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#waiting.delete(id);
    }
  }

  #started(): Worker {
    if (this.#thread) return this.#thread;
    const thread = new Worker(new URL('./media-thread-entry.ts', import.meta.url));
    thread.on('message', (answer: MediaAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      if ('failure' in answer) waiting?.reject(new LeitmotifError(answer.failure.code, answer.failure.message));
      else waiting?.resolve(answer);
    });
    thread.on('error', (error) => this.#lost(thread, error));
    thread.on('exit', () => this.#lost(thread, new LeitmotifError('cancelled', 'The media thread was ended')));
    // An idle thread must not keep the process alive.
    thread.unref();
    this.#thread = thread;
    return thread;
  }

  #lost(thread: Worker, error: unknown): void {
    if (this.#thread !== thread) return;
    this.#thread = null;
    for (const { reject } of this.#waiting.values()) reject(toLeitmotifError(error));
  }
}
