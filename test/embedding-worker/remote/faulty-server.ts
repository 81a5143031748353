/** The common part of these tests' servers: HTTP on loopback, a record of requests, and faults that
 *  each affect one inference, in order. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** The connection is reset before any answer, or in the middle of it; no answer; an answer when `until` resolves. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'half' }
  | { readonly kind: 'never' }
  | { readonly kind: 'late'; readonly until: Promise<unknown> }
  /** A correct answer with changed rows, or with changed lengths in its header (Open Inference, binary). */
  | { readonly kind: 'rows'; readonly change: (rows: Float32Array[]) => Float32Array[] }
  | { readonly kind: 'header-length'; readonly change: (right: number) => string }
  | { readonly kind: 'binary-size'; readonly change: (right: number) => number };

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: number;
  /** Items of an inference. */
  items: number;
  /** The client hung up before the answer. */
  cut: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

export type Handler = (asked: { seen: Seen; body: Buffer; path: string }, fault: Fault | undefined) => Promise<Answer>;

export class FaultyServer {
  /** Faults for the next inferences, one each. */
  readonly faults: Fault[] = [];
  readonly seen: Seen[] = [];
  readonly #server: Server;

  private constructor(handler: Handler, isInference: (path: string) => boolean) {
    this.#server = createServer((request, response) => {
      this.#serve(request, response, handler, isInference).catch(() => response.destroy());
    });
  }

  static async start(handler: Handler, isInference: (path: string) => boolean): Promise<FaultyServer> {
    const server = new FaultyServer(handler, isInference);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  inferences(): Seen[] {
    return this.seen.filter(({ items }) => items >= 0);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    handler: Handler,
    isInference: (path: string) => boolean,
  ): Promise<void> {
    const blocks: Buffer[] = [];
    for await (const block of request) blocks.push(block as Buffer);
    const body = Buffer.concat(blocks);
    const path = request.url ?? '/';
    const infers = isInference(path);
    const seen: Seen = {
      method: request.method ?? '',
      path,
      headers: request.headers,
      bytes: body.length,
      items: infers ? 0 : -1,
      cut: false,
    };
    this.seen.push(seen);
    response.on('close', () => {
      seen.cut = !response.writableFinished;
    });
    const fault = infers ? this.faults.shift() : undefined;
    if (fault?.kind === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    if (fault?.kind === 'never') return;
    if (fault?.kind === 'late') await fault.until;
    const answer = fault?.kind === 'status' ? fault : await handler({ seen, body, path }, fault);
    const bytes = Buffer.from(answer.body ?? '');
    response.writeHead(answer.status, { 'content-length': String(bytes.length), ...answer.headers });
    if (fault?.kind !== 'half') {
      response.end(bytes);
      return;
    }
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => request.socket.destroy());
  }
}
