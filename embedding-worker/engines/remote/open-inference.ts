/** A network behind the Open Inference Protocol, version 2, over HTTP: Triton, KServe and others.
 *  @see https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol */
import { LeitmotifError } from '../../../src/errors.ts';
import type { NetworkSpec } from '../../../src/models/network-spec.ts';
import {
  answerFailure,
  notReadyFailure,
  type RemoteFailure,
  type StartHints,
  startFailure,
  statusFailure,
} from './failures.ts';
import { Guard, type GuardEvents, type GuardLimits } from './guard.ts';
import { type RemoteAnswer, RemoteHttp } from './http.ts';
import { batchMaxOf, itemLengthOf, type RemoteNetwork } from './network.ts';
import { binaryInferBody, headerLengthName, jsonInferBody, readInferAnswer } from './open-inference-codec.ts';
import { checkModelMetadata, metadataAnswer, modelConfig, serverMetadata } from './open-inference-model.ts';

export interface OpenInferenceOptions {
  /** Address of the server, without `/v2`. */
  readonly url: string;
  /** The server's name for the model: `name` or `name/versions/2`. */
  readonly model: string;
  /** Bearer token; null: none. */
  readonly token: string | null;
  readonly spec: NetworkSpec;
  /** Largest number of concurrent requests. */
  readonly inFlightMax: number;
  readonly limits?: Partial<GuardLimits>;
  readonly events: GuardEvents;
}

export const openInferenceLimits: GuardLimits = {
  // A batch of 32 CLAP windows takes 1 s on a GPU and 20 s on two CPU cores; a longer request counts as hung.
  attemptMs: 30_000,
  patienceMs: 60_000,
  // A server that starts at the same time loads its models, or compiles them at the first inference, which takes minutes. The
  // app waits longer than this for a worker.
  coldAttemptMs: 120_000,
  coldPatienceMs: 150_000,
  coldAfterMs: 600_000,
  pauseMs: 250,
  pauseMaxMs: 5_000,
  failuresMax: 3,
  openMs: 10_000,
};

const metadataBytesMax = 1_000_000;
const served = 'OPEN_INFERENCE_MODEL names the model, and npm run models -- triton writes it for Triton';
const startHints: StartHints = {
  address: 'OPEN_INFERENCE_URL names the server',
  refused: 'OPEN_INFERENCE_TOKEN has its token',
  rejected: served,
};

export class OpenInferenceNetwork implements RemoteNetwork {
  readonly device: string;
  readonly #options: OpenInferenceOptions;
  readonly #http: RemoteHttp;
  readonly #guard: Guard;
  readonly #modelPath: string;
  #isBinary = false;
  /** Replaced by the server's own limit, if smaller. */
  #batchMax: number;

  constructor(options: OpenInferenceOptions) {
    this.#options = options;
    this.#batchMax = batchMaxOf(options.spec);
    this.device = `open-inference ${options.model}@${new URL(options.url).host}`;
    this.#modelPath = `v2/models/${options.model.split('/').map(encodeURIComponent).join('/')}`;
    this.#http = new RemoteHttp(options.inFlightMax);
    this.#guard = new Guard(this.device, { ...openInferenceLimits, ...options.limits }, options.events);
  }

  get trouble(): string | null {
    return this.#guard.trouble;
  }

  get batchMax(): number {
    return this.#batchMax;
  }

  async start(signal: AbortSignal): Promise<void> {
    try {
      await this.#guard.persist((attempt) => this.#checkReady(attempt), signal, { infers: false });
      await this.#guard.persist((attempt) => this.#readModel(attempt), signal, { infers: false });
    } catch (error) {
      throw startFailure(error, startHints);
    }
  }

  async infer(inputs: readonly Float32Array[], signal: AbortSignal): Promise<Float32Array[]> {
    const { spec } = this.#options;
    checkInputs(inputs, spec);
    const { body, headers } = this.#isBinary
      ? binaryInferBody(spec, inputs)
      : await jsonInferBody(spec, inputs, signal);
    return this.#guard.run(async (attempt) => {
      const answer = await this.#ask('POST', `${this.#modelPath}/infer`, attempt, { body, headers });
      if (answer.status !== 200) throw await this.#refusal(answer, attempt);
      return this.#read(() => readInferAnswer(spec, inputs.length, answer.body, answer.headers[headerLengthName]));
    }, signal);
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  /** Only the status of a health answer counts; its body may be empty. A server with many models is not ready as a whole when
   *  another model cannot be loaded, so the model's own readiness is checked too. */
  async #checkReady(signal: AbortSignal): Promise<void> {
    const health = await this.#ask('GET', 'v2/health/ready', signal);
    if (health.status === 200) return;
    if (health.status === 401 || health.status === 403) throw statusFailure(this.device, health);
    const model = await this.#ask('GET', `${this.#modelPath}/ready`, signal);
    if (model.status === 200) return;
    const failure = statusFailure(this.device, health);
    throw health.status === 404 ? failure : notReadyFailure(this.device, failure);
  }

  /** While a model is loaded again, MLServer answers 400 and Triton 404, as if the request were wrong. The model was there at
   *  the start, so its readiness tells both apart. */
  async #refusal(answer: RemoteAnswer, signal: AbortSignal): Promise<RemoteFailure> {
    const failure = statusFailure(this.device, answer);
    if (answer.status !== 400 && answer.status !== 404) return failure;
    const { status } = await this.#ask('GET', `${this.#modelPath}/ready`, signal);
    // A server may lack that address; then a 400 is what it says.
    const isUnknown = status === 404 && answer.status === 400;
    return status === 200 || isUnknown ? failure : notReadyFailure(this.device, failure);
  }

  async #readModel(signal: AbortSignal): Promise<void> {
    const { spec, model } = this.#options;
    const server = await this.#ask('GET', 'v2', signal);
    const extensions = server.status === 200 ? this.#read(() => serverMetadata(server.body)).extensions : [];
    this.#isBinary = extensions.includes('binary_tensor_data');
    const answer = await this.#ask('GET', this.#modelPath, signal);
    if (answer.status !== 200) {
      const failure = statusFailure(this.device, answer);
      if (failure.repeatable) throw failure;
      // For an unknown model, Triton answers 400 or 404, depending on its version.
      const message = `Cannot use the model ${model} of ${this.#options.url}: ${failure.message}; ${served}`;
      throw new LeitmotifError('config-invalid', message, { cause: failure });
    }
    const batchMax = checkModelMetadata(
      spec,
      this.#read(() => metadataAnswer(answer.body)),
      this.device,
    );
    this.#batchMax = Math.min(batchMaxOf(spec), batchMax, await this.#askBatchMax(extensions, signal));
  }

  /** Triton reports the largest batch in its own extension, and answers larger batches with 400. */
  async #askBatchMax(extensions: readonly string[], signal: AbortSignal): Promise<number> {
    if (!extensions.includes('model_configuration')) return Number.POSITIVE_INFINITY;
    const answer = await this.#ask('GET', `${this.#modelPath}/config`, signal);
    if (answer.status !== 200) return Number.POSITIVE_INFINITY;
    const { max_batch_size: batchMax } = this.#read(() => modelConfig(answer.body));
    // 0 means no server-side batching: the first dimension from the metadata applies.
    return batchMax > 0 ? batchMax : Number.POSITIVE_INFINITY;
  }

  #ask(
    method: 'GET' | 'POST',
    path: string,
    signal: AbortSignal,
    rest: { body?: Buffer; headers?: Readonly<Record<string, string>> } = {},
  ): Promise<RemoteAnswer> {
    const { url, token, spec } = this.#options;
    return this.#http.request({
      method,
      url: `${url.replace(/\/+$/, '')}/${path}`,
      headers: { ...rest.headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
      body: rest.body,
      answerBytesMax: method === 'GET' ? metadataBytesMax : answerBytesMaxOf(spec, this.#batchMax),
      signal,
    });
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw answerFailure(this.device, error instanceof Error ? error.message : String(error), error);
    }
  }
}

/** Frames of an output over time: 50 a second in wav2vec2 and its like, for windows of at most ten seconds. */
const framesMax = 512;
/** A number in JSON, as a double with its sign, exponent and comma. */
const numberBytesMax = 26;

export function answerBytesMaxOf({ output }: NetworkSpec, batchMax: number): number {
  return 100_000 + batchMax * output.dimensions * (output.overTime ? framesMax : 1) * numberBytesMax;
}

/** @throws {RangeError} our own mistake */
export function checkInputs(inputs: readonly Float32Array[], spec: NetworkSpec): void {
  const length = itemLengthOf(spec);
  const wrong = inputs.find((input) => input.length !== length);
  if (inputs.length === 0 || wrong) {
    throw new RangeError(`Cannot infer: expected items of ${length} values, got ${wrong?.length ?? 'none'}`);
  }
}
