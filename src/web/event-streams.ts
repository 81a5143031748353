/** Server-Sent Events of one thing whose state changes: only the newest state is ever kept for a client, so a slow client
 *  holds one event, and a client that reads nothing is cut off.
 *  @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
import type { FastifyReply } from 'fastify';
import { LeitmotifError } from '../errors.ts';

export interface StreamEvent {
  readonly event: string;
  readonly data: unknown;
  /** Whether it is the last one. */
  readonly isLast: boolean;
}

export interface StreamOptions {
  /** Open streams at once. */
  readonly streamsMax: number;
  /** Proxies end silent connections after a minute or so. */
  readonly beatEachMs: number;
  /** A client that takes nothing for so long is gone. */
  readonly stalledMs: number;
}

export const usualStreams: StreamOptions = { streamsMax: 200, beatEachMs: 15_000, stalledMs: 30_000 };

export class EventStreams {
  readonly #options: StreamOptions;
  readonly #open = new Set<() => void>();

  constructor(options: StreamOptions = usualStreams) {
    this.#options = options;
  }

  get count(): number {
    return this.#open.size;
  }

  /** Sends the current state and each change until the last one, or until the client is gone.
   *  @param subscribe calls back on each change; returns how to unsubscribe
   *  @throws {LeitmotifError} 'queue-full' */
  stream(reply: FastifyReply, current: () => StreamEvent, subscribe: (onChange: () => void) => () => void): void {
    if (this.#open.size >= this.#options.streamsMax)
      throw new LeitmotifError('queue-full', 'Cannot open another event stream: too many are open; poll instead');
    const { raw } = reply;
    reply.hijack();
    const headers = {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    };
    raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), ...headers });
    let isChanged = true;
    let isOver = false;
    let takenAtMs = performance.now();
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      clearInterval(timer);
      unsubscribe();
      this.#open.delete(cut);
    };
    const cut = (): void => {
      end();
      raw.destroy();
    };
    const read = (): StreamEvent | null => {
      try {
        return current();
      } catch {
        // It was forgotten meanwhile, or the catalog is busy: the client connects again, and is told why.
        cut();
        return null;
      }
    };
    const flush = (): void => {
      if (isOver || !isChanged || raw.writableNeedDrain) return;
      isChanged = false;
      const state = read();
      if (state === null) return;
      const { event, data, isLast } = state;
      raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      if (!isLast) return;
      end();
      raw.end();
    };
    const unsubscribe = subscribe(() => {
      isChanged = true;
      flush();
    });
    const timer = setInterval(() => {
      if (!raw.writableNeedDrain) {
        takenAtMs = performance.now();
        raw.write(': still here\n\n');
      } else if (performance.now() - takenAtMs > this.#options.stalledMs) cut();
    }, this.#options.beatEachMs);
    raw.on('drain', () => {
      takenAtMs = performance.now();
      flush();
    });
    raw.on('close', end);
    raw.on('error', end);
    this.#open.add(cut);
    flush();
  }

  close(): void {
    for (const cut of [...this.#open]) cut();
  }
}
