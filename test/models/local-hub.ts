/** A hub on loopback: repositories of generated files, served like the real hub serves them (large ones through a storage
 *  of another origin), with scripted faults. */
import { createHash } from 'node:crypto';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

export interface HubFile {
  readonly bytes: Buffer;
  /** Stored in git: served by the hub itself, with git's hash as its name. */
  readonly inGit?: boolean;
}

export interface Asked {
  readonly at: 'hub' | 'storage';
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** Answers a request instead of the hub or the storage.
 *  @returns false to leave the request to the hub */
export type Trick = (request: FastifyRequest, reply: FastifyReply, nth: number) => boolean | Promise<boolean>;

export interface HubTricks {
  hub?: Trick;
  storage?: Trick;
  /** The etag of the content; default: its hash. */
  etag?: (nth: number) => string;
  /** Omits the real hub's headers for hash and size, as simple mirrors do. */
  isMute?: boolean;
  ignoresRange?: boolean;
  ignoresIfRange?: boolean;
}

export const commit = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00';

/** Bytes like weights: not compressible, the same each time. */
export function generatedBytes(count: number, seed = 1): Buffer {
  const blocks = Array.from({ length: Math.ceil(count / 64) }, (_, i) =>
    createHash('sha512').update(`${seed} ${i}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, count);
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const gitBlobOf = (bytes: Uint8Array): string =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

export class LocalHub implements AsyncDisposable {
  readonly asked: Asked[] = [];
  /** `owner/name/path` -> file */
  readonly files: Record<string, HubFile> = {};
  tricks: HubTricks = {};
  readonly #hub = Fastify({ forceCloseConnections: true });
  readonly #storage = Fastify({ forceCloseConnections: true });
  endpoint = '';
  storageOrigin = '';

  static async open(): Promise<LocalHub> {
    const hub = new LocalHub();
    hub.#hub.get('/:owner/:name/resolve/:revision/*', (request, reply) => hub.#answerAsHub(request, reply));
    hub.#storage.get('/*', (request, reply) => hub.#answerAsStorage(request, reply));
    hub.endpoint = await listen(hub.#hub);
    hub.storageOrigin = await listen(hub.#storage);
    return hub;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#hub.close(), this.#storage.close()]);
  }

  async #answerAsHub(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const nth = this.#note('hub', request);
    if (await this.tricks.hub?.(request, reply, nth)) return reply;
    const { owner, name, '*': path } = request.params as Record<string, string>;
    const file = this.files[`${owner}/${name}/${path}`];
    if (!file) return reply.code(404).header('x-error-code', 'EntryNotFound').send('Entry not found');
    if (!this.tricks.isMute) reply.header('x-repo-commit', commit);
    if (file.inGit) {
      const etag = this.tricks.isMute ? '"1"' : `"${gitBlobOf(file.bytes)}"`;
      return sendRange(request, reply, file.bytes, etag, this.tricks);
    }
    if (!this.tricks.isMute) {
      reply.header('x-linked-etag', `"${sha256Of(file.bytes)}"`).header('x-linked-size', String(file.bytes.length));
    }
    return reply.code(302).header('location', `${this.storageOrigin}/${owner}/${name}/${path}?signature=secret`).send();
  }

  async #answerAsStorage(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const nth = this.#note('storage', request);
    if (await this.tricks.storage?.(request, reply, nth)) return reply;
    const file = this.files[new URL(request.url, this.storageOrigin).pathname.slice(1)];
    if (!file) return reply.code(404).send('No such key');
    const etag = this.tricks.etag?.(nth) ?? `"${sha256Of(file.bytes)}"`;
    return sendRange(request, reply, file.bytes, etag, this.tricks);
  }

  /** @returns the number of earlier requests to this part */
  #note(at: Asked['at'], request: FastifyRequest): number {
    const nth = this.asked.filter((asked) => asked.at === at).length;
    const { range, authorization } = request.headers;
    this.asked.push({ at, path: request.url, range, authorization });
    return nth;
  }
}

export async function listen(server: FastifyInstance): Promise<string> {
  return await server.listen({ host: '127.0.0.1', port: 0 });
}

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-14 */
export function sendRange(
  request: FastifyRequest,
  reply: FastifyReply,
  bytes: Buffer,
  etag: string,
  tricks: HubTricks,
) {
  const { range } = request.headers;
  const ifRange = request.headers['if-range'];
  reply.header('etag', etag).header('accept-ranges', 'bytes').type('application/octet-stream');
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? Number.NaN);
  const isOther = ifRange !== undefined && ifRange !== etag && !tricks.ignoresIfRange;
  if (Number.isNaN(from) || isOther || tricks.ignoresRange) return reply.send(bytes);
  if (from >= bytes.length) return reply.code(416).header('content-range', `bytes */${bytes.length}`).send();
  return reply
    .code(206)
    .header('content-range', `bytes ${from}-${bytes.length - 1}/${bytes.length}`)
    .send(bytes.subarray(from));
}

/** Sends the head of a whole answer and its first half, then nothing until `breakWhen` is true, and breaks the connection.
 *  @param breakWhen polled every few milliseconds: breaking at once could lose the bytes already sent */
export function sendHalf(
  reply: FastifyReply,
  bytes: Buffer,
  headers: Readonly<Record<string, string>>,
  breakWhen: () => boolean,
): true {
  reply.hijack();
  reply.raw.writeHead(200, { 'content-length': String(bytes.length), ...headers });
  reply.raw.write(bytes.subarray(0, Math.floor(bytes.length / 2)));
  const timer = setInterval(() => {
    if (breakWhen()) reply.raw.destroy();
  }, 5);
  reply.raw.once('close', () => clearInterval(timer));
  return true;
}
