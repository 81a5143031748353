/** The client of the embedding worker: one recording in, its chunks, vectors and fingerprint out; or texts in, their vectors
 *  out. The only user of undici.
 *
 *  A request may be repeated: the worker keeps nothing, so asking twice gives the same answer twice.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { Agent } from 'undici';
import { LeitmotifError } from '../errors.ts';
import { type EmbedAnswer, type EmbedProgress, errorOf, protocolError, readAnswer } from './answer-reader.ts';
import { type RetryLimits, WorkerBusyError, WorkerLostError, withRetries } from './retries.ts';
import { type EmbeddedTexts, readTexts } from './text-answer.ts';
import { errorAnswer, type ModelsAnswer, modelsAnswer } from './wire-format.ts';

export interface EmbeddingClientOptions {
  /** Where the worker listens. */
  readonly target: { readonly url: string } | { readonly socketPath: string };
  readonly token: string;
  /** Model to ask for; null: the worker's default. */
  readonly model: string | null;
  /** For one recording, all waiting and repeating included. */
  readonly deadlineMs: number;
  readonly retryLimits?: RetryLimits;
  /** Resolves when the worker can be asked (again): a supervisor knows that better than a back-off does. */
  readonly whenReady?: (signal: AbortSignal) => Promise<void>;
}

export interface EmbedOptions {
  /** The part to embed, seconds from the recording's beginning. Times in the answer count from there too. */
  readonly fromSec?: number;
  readonly toSec?: number;
  /** Seconds that are taken at most, where they are fewer than the worker takes of any recording. */
  readonly durationMaxSec?: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: EmbedProgress) => void;
}

type Answer = Awaited<ReturnType<Agent['request']>>;

/** Small requests (models, readiness) need no more. */
const askDeadlineMs = 10_000;
/** Enough for any `{code, message}`, and for no page of a proxy that got in between. */
const errorBytesMax = 64 * 1024;
/** 32 vectors of the largest model that a manifest may describe (65,536 dimensions) as base64 are 11 MB. */
const textAnswerBytesMax = 16 * 1024 * 1024;
/** What undici and the system call a connection that stood and broke; everything else never stood. */
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
      connect: { timeout: 5_000, ...('socketPath' in target ? { socketPath: target.socketPath } : {}) },
      // Each request has its own deadline; while a recording waits for its turn, silence is no sign of trouble.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** @param path of the recording, encoded as it is; read as a stream
   *  @throws {LeitmotifError} the worker's code for what is wrong with the recording; file-unreadable; cancelled;
   *    queue-full, worker-unavailable or worker-protocol when repeating did not help */
  async embed(path: string, options: EmbedOptions): Promise<EmbedAnswer> {
    return this.#repeated(options.signal, (signal) => this.#embedOnce(path, options, signal));
  }

  /** @param texts 1 to 32, of at most 1,000 characters each
   *  @returns a vector for each, in their order
   *  @throws {LeitmotifError} model-without-text when the model knows no words, saying what to do; text-refused for a text
   *    that is empty or too long; otherwise as {@link embed} */
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

  /** Whether the worker is there and its models are loaded. Never throws but for the signal. */
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

  /** Cuts what is under way. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #embedOnce(path: string, options: EmbedOptions, signal: AbortSignal): Promise<EmbedAnswer> {
    const file = await openRecording(path);
    try {
      const { size } = await file.stat();
      const body = file.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 });
      let readError: Error | undefined;
      body.once('error', (error) => {
        readError = error;
      });
      try {
        const answer = await this.#request('POST', `/v1/embeddings${this.#queryOf(options)}`, {
          headers: { 'content-type': 'application/octet-stream', 'content-length': String(size) },
          body,
          signal,
        });
        if (answer.statusCode !== 200) throw await errorOfAnswer(answer);
        return await readBody(answer, options.onProgress);
      } catch (error) {
        signal.throwIfAborted();
        throw readError ? cannotRead(path, readError) : asWorkerError(error);
      } finally {
        body.destroy();
      }
    } finally {
      await file.close().catch(() => {});
    }
  }

  async #embedTextsOnce(texts: readonly string[], signal: AbortSignal): Promise<EmbeddedTexts> {
    const { model } = this.#options;
    try {
      const answer = await this.#request('POST', '/v1/text-embeddings', {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...(model === null ? {} : { model }), texts }),
        signal,
      });
      if (answer.statusCode !== 200) throw await errorOfAnswer(answer);
      return readTexts(await jsonOf(answer, textAnswerBytesMax), texts.length);
    } catch (error) {
      signal.throwIfAborted();
      throw asWorkerError(error);
    }
  }

  /** Within the client's deadline, and again where that may help. */
  async #repeated<T>(caller: AbortSignal, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { deadlineMs, retryLimits, whenReady } = this.#options;
    const deadline = AbortSignal.timeout(deadlineMs);
    const signal = AbortSignal.any([caller, deadline]);
    try {
      return await withRetries(() => attempt(signal), {
        signal,
        ...(retryLimits ? { limits: retryLimits } : {}),
        ...(whenReady ? { whenReady } : {}),
      });
    } catch (error) {
      if (caller.aborted) throw new LeitmotifError('cancelled', 'Cancelled by the caller', { cause: error });
      if (!deadline.aborted) throw error;
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

  async #ask(path: string, signal: AbortSignal | undefined): Promise<Answer> {
    const deadline = AbortSignal.timeout(askDeadlineMs);
    try {
      return await this.#request('GET', path, { signal: signal ? AbortSignal.any([signal, deadline]) : deadline });
    } catch (error) {
      signal?.throwIfAborted();
      throw asWorkerError(error);
    }
  }

  #request(method: 'GET' | 'POST', path: string, rest: Partial<Parameters<Agent['request']>[0]>): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.#options.token}`, ...(rest.headers as Record<string, string>) };
    return this.#agent.request({ ...rest, origin: this.#origin, path: this.#pathPrefix + path, method, headers });
  }
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

/** A connection that breaks within the answer is an answer that was cut off. */
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
  if (parsed.success) return errorOf(parsed.data.code, parsed.data.message);
  // Not the worker speaks here, but something before it.
  return status >= 500
    ? new LeitmotifError('worker-unavailable', `Cannot reach the embedding worker: got status ${status}`)
    : protocolError(`expected a worker there, got status ${status}`);
}

/** @returns undefined when it is not JSON, or more than an error needs */
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

function asWorkerError(error: unknown): LeitmotifError {
  if (error instanceof LeitmotifError) return error;
  const why = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return brokenConnection.includes(code)
    ? new WorkerLostError(`Cannot embed: the embedding worker was lost (${why})`, { cause: error })
    : new LeitmotifError('worker-unavailable', `Cannot reach the embedding worker: ${why}`, { cause: error });
}
