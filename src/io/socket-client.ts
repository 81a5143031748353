/** HTTP to another program of this project on this machine, over a socket in the file system: small JSON calls, calls with bytes,
 *  and streams of lines that last as long as the connection. */
import { Agent } from 'undici';
import { fromLinkError, linkErrorSchema } from './link-error.ts';

const connectTimeoutMs = 2_000;
const origin = 'http://socket';

/** Codes of a socket at which nobody listens, or of a program that was just stopped. */
const absentCodes = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_CLOSED']);

/** Whether an error means that no program listens at the socket, or that it ended during the call. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && absentCodes.has(String(error.code));
}

/** An answer that stays open. Disposing it closes the connection, which tells the other program to let go. */
export interface LineStream extends AsyncDisposable {
  /** The next line; null when the other program has ended. */
  next(): Promise<unknown>;
}

export interface CallOptions {
  /** Until the answer begins, and between two parts of it; 0: no limit. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export class SocketClient {
  readonly #agent: Agent | null;

  /** @param socketPath null: nobody is there */
  constructor(socketPath: string | null) {
    this.#agent = socketPath === null ? null : new Agent({ connect: { socketPath, timeout: connectTimeoutMs } });
  }

  /** @param body sent as JSON
   *  @returns the answer's JSON
   *  @throws {LeitmotifError} the other program's failure
   *  @throws an error for which `isAbsent` when no program listens; the signal's reason */
  async call(method: 'GET' | 'POST', path: string, body: unknown, options: CallOptions): Promise<unknown> {
    const answer = await this.#request(method, path, jsonBody(body), options);
    const read: unknown = await answer.body.json();
    if (answer.statusCode === 200) return read;
    throw fromLinkError(linkErrorSchema.parse(read));
  }

  /** The same with bytes in both directions. */
  async send(path: string, body: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    const sent = { headers: { 'content-type': 'application/octet-stream' }, body };
    const answer = await this.#request('POST', path, sent, options);
    if (answer.statusCode !== 200) throw fromLinkError(linkErrorSchema.parse(await answer.body.json()));
    return new Uint8Array(await answer.body.arrayBuffer());
  }

  /** @throws as `call` */
  async stream(path: string, body: unknown, { timeoutMs, signal }: CallOptions): Promise<LineStream> {
    const letGo = new AbortController();
    const signals = signal ? AbortSignal.any([signal, letGo.signal]) : letGo.signal;
    const answer = await this.#request('POST', path, jsonBody(body), { timeoutMs, signal: signals }, 0);
    answer.body.on('error', () => {});
    // Not a loop over the lines: leaving it would close the connection.
    const lines = linesOf(answer.body);
    return {
      next: async () => {
        const line = await lines.next();
        return line.done ? null : line.value;
      },
      [Symbol.asyncDispose]: async () => {
        letGo.abort();
        answer.body.destroy();
      },
    };
  }

  async close(): Promise<void> {
    await this.#agent?.destroy();
  }

  #request(
    method: 'GET' | 'POST',
    path: string,
    sent: { readonly headers?: Record<string, string>; readonly body?: string | Uint8Array },
    { timeoutMs, signal }: CallOptions,
    bodyTimeout = timeoutMs,
  ) {
    if (!this.#agent) throw Object.assign(new Error('There is no socket'), { code: 'ENOENT' });
    const timeouts = { headersTimeout: timeoutMs, bodyTimeout };
    return this.#agent.request({ ...timeouts, ...sent, ...(signal ? { signal } : {}), origin, path, method });
  }
}

function jsonBody(body: unknown) {
  return body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<unknown> {
  let pending = '';
  for await (const block of body) {
    pending += block.toString('utf8');
    const lines = pending.split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line);
  }
}
