/** The client of the embedding worker: sends a recording, or its path to a worker on this machine, and returns its chunks, vectors
 *  and fingerprint; or sends texts and returns their vectors.
 *
 *  Requests may be repeated: the worker is stateless, so equal requests give equal answers.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { isIP, type LookupFunction } from 'node:net';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { Agent } from 'undici';
import { LeitmotifError } from '../errors.ts';
import { timeLimit } from '../io/time-limit.ts';
import { type EmbedAnswer, type EmbedProgress, errorOf, protocolError, readAnswer } from './answer-reader.ts';
import { type RetryLimits, WorkerBusyError, WorkerDrainingError, WorkerLostError, withRetries } from './retries.ts';
import { type EmbeddedTexts, readTexts } from './text-answer.ts';
import { errorAnswer, type ModelsAnswer, modelsAnswer, recordingPathHeader } from './wire-format.ts';

export interface EmbeddingClientOptions {
  /** Where the worker listens. */
  readonly target: { readonly url: string; readonly address?: string | null } | { readonly socketPath: string };
  readonly token: string;
  /** Requested model; null: the worker's default. */
  readonly model: string | null;
  /** For one recording, including waiting and retries. */
  readonly deadlineMs: number;
  readonly retryLimits?: RetryLimits;
  /** Resolves when the worker is ready (again). A supervisor knows this sooner than a back-off. */
  readonly whenReady?: (signal: AbortSignal) => Promise<void>;
}

export interface EmbedOptions {
  /** The part to embed, in seconds from the recording's start. Times in the answer also count from the recording's start. */
  readonly fromSec?: number | undefined;
  readonly toSec?: number | undefined;
  /** Maximum duration, if lower than the worker's own limit. */
  readonly durationMaxSec?: number;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: EmbedProgress) => void) | undefined;
}

type Answer = Awaited<ReturnType<Agent['request']>>;

/** Deadline of small requests (models, readiness). */
const askDeadlineMs = 10_000;
/** Enough for any `{code, message}`; larger bodies, such as a proxy's page, are not read. */
const errorBytesMax = 64 * 1024;
/** 32 vectors of the largest model that a manifest may describe (65,536 dimensions) as base64 are 11 MB. */
const textAnswerBytesMax = 16 * 1024 * 1024;
/** Error codes of an established connection that broke; with all others the connection was never established. */
const brokenConnection = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'];

export class EmbeddingClient {
  readonly #options: EmbeddingClientOptions;
  readonly #agent: Agent;
  readonly #origin: string;
  readonly #pathPrefix: string;

  constructor(options: EmbeddingClientOptions) {
    this.#options = options;
    const { target } = options;
    const url = 'url' in target ? new URL(target.url) : new URL('http://worker');
    this.#origin = url.origin;
    this.#pathPrefix = url.pathname.replace(/\/+$/, '');
    this.#agent = new Agent({
      connect: { timeout: 5_000, ...connectionTo(target) },
      // Each request has its own deadline, and a recording waiting in the queue gets no bytes for a long time.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** @param path of the recording file, which is streamed as it is or, through a unix socket, read by the worker
   *  @throws {LeitmotifError} the worker's code for a bad recording; file-unreadable; cancelled;
   *    queue-full, worker-unavailable or worker-protocol after all retries */
  async embed(path: string, options: EmbedOptions): Promise<EmbedAnswer> {
    return this.#repeated(options.signal, (signal) => this.#embedOnce(path, options, signal));
  }

  /** @param texts 1 to 32 texts of up to 1,000 characters
   *  @returns one vector per text, in order
   *  @throws {LeitmotifError} model-without-text if the model has no text side, with advice; text-refused for an empty or
   *    too long text; otherwise as {@link embed} */
  embedTexts(texts: readonly string[], { signal }: { readonly signal: AbortSignal }): Promise<EmbeddedTexts> {
    return this.#repeated(signal, (limited) => this.#embedTextsOnce(texts, limited));
  }

  /** @throws {LeitmotifError} worker-unavailable, unauthorized, worker-protocol */
  async models(signal?: AbortSignal): Promise<ModelsAnswer> {
    const answer = await this.#ask('/v1/models', signal);
    if (answer.statusCode !== 200) throw await errorOfAnswer(answer);
    const parsed = modelsAnswer.safeParse(await jsonOf(answer));
    if (!parsed.success) throw protocolError('got a list of models of another form', parsed.error);
    return parsed.data;
  }

  /** Whether the worker can be reached and its models are loaded. Throws only on abort. */
  async ready(signal?: AbortSignal): Promise<boolean> {
    try {
      const answer = await this.#ask('/readyz', signal);
      await answer.body.dump();
      return answer.statusCode === 200;
    } catch {
      signal?.throwIfAborted();
      return false;
    }
  }

  /** Aborts running requests and closes all connections. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #embedOnce(path: string, options: EmbedOptions, signal: AbortSignal): Promise<EmbedAnswer> {
    // A worker on a unix socket reads the file itself: no copy passes through the socket.
    if ('socketPath' in this.#options.target) {
      await assertReadable(path);
      return this.#answerTo({ [recordingPathHeader]: encodeURIComponent(resolve(path)) }, null, options, signal);
    }
    const file = await openRecording(path);
    try {
      const { size } = await file.stat();
      const headers = { 'content-type': 'application/octet-stream', 'content-length': String(size) };
      const body = file.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 });
      let readError: Error | undefined;
      body.once('error', (error) => {
        readError = error;
      });
      try {
        return await this.#answerTo(headers, body, options, signal);
      } catch (error) {
        signal.throwIfAborted();
        throw readError ? cannotRead(path, readError) : error;
      } finally {
        body.destroy();
      }
    } finally {
      await file.close().catch(() => {});
    }
  }

  async #answerTo(
    headers: Readonly<Record<string, string>>,
    body: Readable | null,
    options: EmbedOptions,
    signal: AbortSignal,
  ): Promise<EmbedAnswer> {
    return orWorkerError(signal, async () => {
      const answer = await this.#request('POST', `/v1/embeddings${this.#queryOf(options)}`, { headers, body, signal });
      if (answer.statusCode !== 200) throw await errorOfAnswer(answer);
      return readBody(answer, options.onProgress);
    });
  }

  async #embedTextsOnce(texts: readonly string[], signal: AbortSignal): Promise<EmbeddedTexts> {
    const { model } = this.#options;
    return orWorkerError(signal, async () => {
      const answer = await this.#request('POST', '/v1/text-embeddings', {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...(model === null ? {} : { model }), texts }),
        signal,
      });
      if (answer.statusCode !== 200) throw await errorOfAnswer(answer);
      return readTexts(await jsonOf(answer, textAnswerBytesMax), texts.length);
    });
  }

  /** Runs an attempt within the client's deadline and retries passing errors. */
  async #repeated<T>(caller: AbortSignal, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { deadlineMs, retryLimits, whenReady } = this.#options;
    using limit = timeLimit(deadlineMs, caller);
    const { signal } = limit;
    try {
      return await withRetries(() => attempt(signal), {
        signal,
        limits: retryLimits,
        whenReady,
      });
    } catch (error) {
      if (caller.aborted) throw new LeitmotifError('cancelled', 'Cancelled by the caller', { cause: error });
      if (!limit.isOver) throw error;
      const seconds = Math.round(deadlineMs / 1000);
      throw new LeitmotifError('worker-unavailable', `Cannot embed: no answer within ${seconds} s`, { cause: error });
    }
  }

  #queryOf({ fromSec, toSec, durationMaxSec }: EmbedOptions): string {
    const query = new URLSearchParams();
    if (this.#options.model !== null) query.set('model', this.#options.model);
    if (fromSec !== undefined) query.set('fromSec', String(fromSec));
    if (toSec !== undefined) query.set('toSec', String(toSec));
    if (durationMaxSec !== undefined) query.set('durationMaxSec', String(durationMaxSec));
    return query.size === 0 ? '' : `?${query}`;
  }

  #ask(path: string, signal: AbortSignal | undefined): Promise<Answer> {
    const deadline = AbortSignal.timeout(askDeadlineMs);
    const limited = signal ? AbortSignal.any([signal, deadline]) : deadline;
    return orWorkerError(signal, () => this.#request('GET', path, { signal: limited }));
  }

  #request(method: 'GET' | 'POST', path: string, rest: Partial<Parameters<Agent['request']>[0]>): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.#options.token}`, ...(rest.headers as Record<string, string>) };
    return this.#agent.request({ ...rest, origin: this.#origin, path: this.#pathPrefix + path, method, headers });
  }
}

/** An address replaces the look-up of the host's name, so that TLS and the Host header still have the name. */
function connectionTo(target: EmbeddingClientOptions['target']) {
  if ('socketPath' in target) return { socketPath: target.socketPath };
  const { address } = target;
  if (address === undefined || address === null) return {};
  const lookup: LookupFunction = (_hostname, { all }, callback) => {
    const family = isIP(address);
    if (all) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
  return { lookup };
}

/** @throws {LeitmotifError} 'file-unreadable' */
export async function assertReadable(path: string): Promise<void> {
  await (await openRecording(path)).close();
}

async function openRecording(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    throw cannotRead(path, error);
  }
  throw new LeitmotifError('file-unreadable', `Cannot read ${path}: it is not a file`);
}

function cannotRead(path: string, cause: unknown): LeitmotifError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new LeitmotifError('file-unreadable', `Cannot read ${path}: ${why}`, { cause });
}

/** A connection that breaks during the answer counts as a truncated answer. */
async function readBody(answer: Answer, onProgress: EmbedOptions['onProgress']): Promise<EmbedAnswer> {
  try {
    return await readAnswer(answer.body, onProgress);
  } catch (error) {
    throw error instanceof LeitmotifError ? error : protocolError('the answer was cut off', error);
  }
}

async function errorOfAnswer(answer: Answer): Promise<LeitmotifError> {
  const parsed = errorAnswer.safeParse(await jsonOf(answer));
  const { statusCode: status } = answer;
  if (parsed.success && status === 429) {
    const retryAfterSec = Number(answer.headers['retry-after'] ?? 1);
    return new WorkerBusyError(parsed.data.message, Number.isFinite(retryAfterSec) ? retryAfterSec : 1);
  }
  if (parsed.success && status === 503 && answer.headers['retry-after'] !== undefined)
    return new WorkerDrainingError(parsed.data.message);
  if (parsed.success) return errorOf(parsed.data.code, parsed.data.message);
  // The answer is not from the worker but from a proxy or another server.
  return status >= 500
    ? new LeitmotifError('worker-unavailable', `Cannot reach the embedding worker: got status ${status}`)
    : protocolError(`expected a worker there, got status ${status}`);
}

/** @returns undefined if the body is not JSON or exceeds `bytesMax` */
async function jsonOf(answer: Answer, bytesMax = errorBytesMax): Promise<unknown> {
  const blocks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const block of answer.body) {
      bytes += (block as Buffer).length;
      if (bytes > bytesMax) return undefined;
      blocks.push(block as Buffer);
    }
    return JSON.parse(Buffer.concat(blocks).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The result of `run`. If it fails, throws the reason of an abort, otherwise an error that says what happened to the worker. */
async function orWorkerError<T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    signal?.throwIfAborted();
    throw asWorkerError(error);
  }
}

function asWorkerError(error: unknown): LeitmotifError {
  if (error instanceof LeitmotifError) return error;
  const why = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return brokenConnection.includes(code)
    ? new WorkerLostError(`Cannot embed: the embedding worker was lost (${why})`, { cause: error })
    : new LeitmotifError('worker-unavailable', `Cannot reach the embedding worker: ${why}`, { cause: error });
}
