/** The engine with its network on a remote server: local inference processes run gate and front-end, the remote network gets
 *  batches with windows of all running recordings. Its outputs are turned into vectors and checked here. */
import { LeitmotifError } from '../../../src/errors.ts';
import { type Model, networkWidth } from '../../../src/models/manifest.ts';
import { samplesOf } from '../../../src/models/network-spec.ts';
import { families } from '../../families/families.ts';
import { canaryWindow, checkCanary, halfToleranceDistance, storedCanary } from '../canary.ts';
import { checkedVector } from '../checked-vector.ts';
import type { EmbeddedWindow, EmbeddingEngine } from '../engine.ts';
import type { InferencePool } from '../inference-pool.ts';
import type { RemoteNetwork } from './network.ts';
import { WindowBatcher } from './window-batcher.ts';

export interface RemoteEngineOptions {
  readonly model: Pick<Model, 'manifest'>;
  readonly windowSec: number;
  /** A pool with `gives: 'network-input'`. */
  readonly preparing: Pick<InferencePool, 'inFlightMax' | 'ready' | 'start' | 'process' | 'close'>;
  readonly network: RemoteNetwork;
  /** Largest number of concurrent requests. */
  readonly requestsMax: number;
  readonly onBatch?: ((windows: number) => void) | undefined;
}

/** How long a window waits for a larger batch. Two cores prepare a CLAP window in 15 ms, so a wait that long would only delay. */
const gatherMs = 5;
/** Windows of one recording that may be at the remote network, in addition to those in preparation. Several recordings fill a
 *  batch of 32. A higher number costs memory: 2 MB of samples for each window that waits for its preparation. */
const requestsPerRecording = 8;

export class RemoteEngine implements EmbeddingEngine {
  readonly #options: RemoteEngineOptions;
  readonly #batcher: WindowBatcher;
  readonly #closing = new AbortController();
  #started = false;

  constructor(options: RemoteEngineOptions) {
    const { network, requestsMax, onBatch } = options;
    this.#options = options;
    this.#batcher = new WindowBatcher({
      batchMax: () => network.batchMax,
      inFlightMax: requestsMax,
      gatherMs,
      infer: (inputs, signal) => network.infer(inputs, signal),
      onBatch,
    });
  }

  get device(): string {
    return this.#options.network.device;
  }

  get inFlightMax(): number {
    return this.#options.preparing.inFlightMax + requestsPerRecording;
  }

  get ready(): boolean {
    const { preparing, network } = this.#options;
    return this.#started && preparing.ready && network.trouble === null;
  }

  get trouble(): string | null {
    if (this.#started) return this.#options.network.trouble;
    return `${this.device} is not ready yet`;
  }

  async start(): Promise<void> {
    const { preparing, network } = this.#options;
    const { signal } = this.#closing;
    await Promise.all([preparing.start(), network.start(signal)]);
    await this.#tryCanary(signal);
    this.#started = true;
  }

  async embed(samples: Float32Array, signal: AbortSignal): Promise<EmbeddedWindow> {
    const { kind, loudnessDb, loudDb, values, computeMs } = await this.#options.preparing.process(samples, signal);
    const away = await this.#batcher.add(values, signal);
    return { kind, loudnessDb, loudDb, ...this.#checked(away.output), computeMs: computeMs + away.computeMs };
  }

  async close(): Promise<void> {
    const stopping = new LeitmotifError('worker-unavailable', 'The worker is stopping');
    this.#closing.abort(stopping);
    this.#batcher.close(stopping);
    await Promise.all([this.#options.network.close(), this.#options.preparing.close()]);
  }

  #checked(output: Float32Array): Pick<EmbeddedWindow, 'vector' | 'headInputs'> {
    const { manifest } = this.#options.model;
    const headInputs = checkedVector(manifest, families[manifest.family].finish(output, networkWidth(manifest)));
    return { vector: headInputs.subarray(0, manifest.dimensions), headInputs };
  }

  /** Other weights under the same name would fill the index with vectors of another space. The tolerance allows for servers that
   *  compute in float16.
   *  @throws {LeitmotifError} config-invalid when the vector is invalid or differs from the stored one */
  async #tryCanary(signal: AbortSignal): Promise<void> {
    const { model, windowSec, preparing, network } = this.#options;
    const { values } = await preparing.process(canaryWindow(samplesOf(model.manifest, windowSec)), signal);
    const [output] = await network.infer([values], signal);
    try {
      const { headInputs } = this.#checked(output as Float32Array);
      const known = storedCanary(model.manifest, windowSec);
      if (known) checkCanary(headInputs, known, halfToleranceDistance);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new LeitmotifError('config-invalid', `Cannot use ${this.device} for ${model.manifest.name}: ${why}`, {
        cause: error,
      });
    }
  }
}
