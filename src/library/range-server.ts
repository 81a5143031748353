/** Serves ranges of remote recordings to ffmpeg on this machine: ffmpeg seeks, and only the ranges it reads are fetched.
 *
 *  Measured for ten seconds of a recording of two hours (test/library/azure-ranges.long.test.ts): 0.3 to 2.3 MB.
 *
 *  Why not a sparse file that is filled in beforehand: finding a position in ogg or flac, or the index of an m4a, needs a
 *  search in the file. ffmpeg does that for every container and requests ranges over HTTP.
 *
 *  It listens on the loopback interface only. Each recording has an unguessable URL, valid until the caller closes it.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RangeSource {
  readonly sizeBytes: number;
  /** @returns the bytes from `offset` on, `count` of them, in one piece */
  read(offset: number, count: number, signal: AbortSignal): Promise<Uint8Array>;
}

export interface Served extends AsyncDisposable {
  readonly url: string;
}

/** ffmpeg requests everything from an offset, reads a little and seeks. A full response would fill the socket buffers with
 *  megabytes that it never reads. So each response is a part of the range, and ffmpeg continues at its end (`-reconnect`,
 *  src/audio/input.ts). Parts start small and grow while it reads on. */
const firstBytes = 64 * 1024;
const partBytesMax = 1024 * 1024;
/** Maximum of recordings served at once, over all answers. */
const servedMax = 1000;

interface Entry {
  readonly source: RangeSource;
  readonly closed: AbortController;
  /** End and size of the last response. */
  last: { readonly end: number; readonly bytes: number };
}

export class RangeServer implements AsyncDisposable {
  readonly #entries = new Map<string, Entry>();
  #server: Promise<Server> | null = null;

  async serve(source: RangeSource): Promise<Served> {
    if (this.#entries.size >= servedMax) throw new RangeError(`Cannot serve more than ${servedMax} recordings at once`);
    this.#server ??= this.#start();
    const { port } = (await this.#server).address() as AddressInfo;
    const id = randomUUID();
    const entry: Entry = { source, closed: new AbortController(), last: { end: -1, bytes: 0 } };
    this.#entries.set(id, entry);
    return {
      url: `http://127.0.0.1:${port}/${id}`,
      [Symbol.asyncDispose]: async () => {
        this.#entries.delete(id);
        entry.closed.abort();
      },
    };
  }

  async close(): Promise<void> {
    for (const { closed } of this.#entries.values()) closed.abort();
    this.#entries.clear();
    const server = await this.#server;
    this.#server = null;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #start(): Promise<Server> {
    const server = createServer((request, response) => void this.#answer(request, response));
    // The server does not keep the process alive.
    server.unref();
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => resolve(server));
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry = this.#entries.get((request.url ?? '').slice(1));
    if (!entry || request.method !== 'GET') {
      response.writeHead(404).end();
      return;
    }
    const { sizeBytes } = entry.source;
    const range = rangeOf(request.headers.range, sizeBytes);
    if (range === null) {
      response.writeHead(416, { 'content-range': `bytes */${sizeBytes}` }).end();
      return;
    }
    const [from, to] = partOf(range, entry);
    const disconnected = new AbortController();
    response.once('close', () => disconnected.abort());
    try {
      const bytes = await entry.source.read(
        from,
        to - from,
        AbortSignal.any([entry.closed.signal, disconnected.signal]),
      );
      response.writeHead(206, {
        'content-type': 'application/octet-stream',
        'accept-ranges': 'bytes',
        'content-length': bytes.length,
        'content-range': `bytes ${from}-${to - 1}/${sizeBytes}`,
        connection: 'close',
      });
      response.end(bytes);
    } catch {
      // ffmpeg sees the end of its input; the caller then fetches the whole recording and gets the error.
      response.destroy();
    }
  }
}

function partOf([from, to]: readonly [number, number], entry: Entry): readonly [number, number] {
  const { end, bytes } = entry.last;
  const wanted = from === end ? Math.min(bytes * 2, partBytesMax) : firstBytes;
  const part = Math.min(wanted, to - from);
  entry.last = { end: from + part, bytes: wanted };
  return [from, from + part];
}

/** @returns the first byte and the one after the last; null for a range outside the recording */
function rangeOf(header: string | undefined, sizeBytes: number): readonly [number, number] | null {
  const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(header ?? 'bytes=0-') ?? [];
  const end = to === '' ? sizeBytes : Math.min(Number(to) + 1, sizeBytes);
  return Number(from) < end ? [Number(from), end] : null;
}
