/** HTTP to a remote engine: a bounded number of kept connections, a limit on answers, and the caller's signal down to the
 *  socket. No redirects, no global dispatcher. The only user of undici in the worker. */
import { Agent } from 'undici';
import { answerFailure, closedFailure, connectionFailure, RemoteFailure } from './failures.ts';

export interface RemoteRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  /** A longer answer is refused. */
  readonly answerBytesMax: number;
  readonly signal: AbortSignal;
}

export interface RemoteAnswer {
  readonly status: number;
  /** Names in lower case; the first value of repeated ones. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const connectTimeoutMs = 10_000;
/** Longer than the pause between two recordings, shorter than load balancers' usual 60 s. */
const keepAliveMs = 30_000;

export class RemoteHttp {
  readonly #agent: Agent;
  #closed = false;

  /** @param connectionsMax to one address; further requests wait inside undici, so callers should send no more at once */
  constructor(connectionsMax: number) {
    this.#agent = new Agent({
      connections: connectionsMax,
      connect: { timeout: connectTimeoutMs },
      keepAliveTimeout: keepAliveMs,
      // Each request has its own deadline.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** @returns the complete answer with any status
   *  @throws {RemoteFailure} worker-unavailable when the connection fails or breaks, inference-failed when the answer is
   *    too long; the signal's reason when it is aborted first */
  async request({ url, signal, answerBytesMax, ...rest }: RemoteRequest): Promise<RemoteAnswer> {
    signal.throwIfAborted();
    const { origin, host, pathname, search } = new URL(url);
    try {
      const answer = await this.#agent.request({
        origin,
        path: pathname + search,
        method: rest.method,
        headers: { ...rest.headers },
        body: rest.body ?? null,
        signal,
      });
      const blocks: Buffer[] = [];
      let bytes = 0;
      for await (const block of answer.body as AsyncIterable<Buffer>) {
        bytes += block.length;
        if (bytes > answerBytesMax) throw answerFailure(host, `expected at most ${answerBytesMax} bytes, got more`);
        blocks.push(block);
      }
      return { status: answer.statusCode, headers: firstOfEach(answer.headers), body: Buffer.concat(blocks) };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RemoteFailure) throw error;
      throw this.#closed ? closedFailure(host, error) : connectionFailure(host, error);
    }
  }

  /** Aborts running requests. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#agent.destroy();
  }
}

function firstOfEach(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const firsts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) firsts[name.toLowerCase()] = first;
  }
  return firsts;
}
