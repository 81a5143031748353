/** Builds the remote engine from the worker's settings. */
import type { Logger } from 'pino';
import type { WorkerEngine } from '../../../src/embedding/worker-options.ts';
import type { Model } from '../../../src/models/manifest.ts';
import { type NetworkSpec, networkSpecOf } from '../../../src/models/network-spec.ts';
import type { Metrics } from '../../metrics.ts';
import type { EmbeddingEngine } from '../engine.ts';
import type { InferencePool } from '../inference-pool.ts';
import { DatabricksNetwork } from './databricks.ts';
import type { BreakerState, GuardEvents } from './guard.ts';
import type { RemoteNetwork } from './network.ts';
import { OpenInferenceNetwork } from './open-inference.ts';
import { RemoteEngine } from './remote-engine.ts';

export type RemoteEngineSettings = Exclude<WorkerEngine, { type: 'onnx' }>;

export interface RemoteEngineParts {
  readonly model: Model;
  readonly windowSec: number;
  /** A pool with `gives: 'network-input'`. */
  readonly preparing: InferencePool;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Opens no connection yet. */
export function remoteEngineFor(settings: RemoteEngineSettings, parts: RemoteEngineParts): EmbeddingEngine {
  const { model, windowSec, preparing, metrics, log } = parts;
  const { name } = model.manifest;
  const counting = countingEvents(metrics, name);
  const network = remoteNetworkFor(settings, networkSpecOf(model, windowSec), {
    ...counting,
    onBreaker: (state) => {
      counting.onBreaker(state);
      log.warn({ model: name, device: network.device, state }, 'the circuit breaker of the remote engine');
    },
  });
  metrics.setDevice(name, network.device);
  return new RemoteEngine({
    model,
    windowSec,
    preparing,
    network,
    requestsMax: settings.requestsMax,
    onBatch: (windows) => metrics.remoteBatch.observe({ model: name }, windows),
  });
}

/** Opens no connection yet. */
function remoteNetworkFor(settings: RemoteEngineSettings, spec: NetworkSpec, events: GuardEvents): RemoteNetwork {
  const { url, requestsMax } = settings;
  if (settings.type === 'databricks') {
    return new DatabricksNetwork({ url, access: settings.access, spec, inFlightMax: requestsMax, events });
  }
  const { token } = settings;
  return new OpenInferenceNetwork({
    url,
    model: settings.model ?? spec.name,
    token,
    spec,
    inFlightMax: requestsMax,
    events,
  });
}

const breakerStates: readonly BreakerState[] = ['closed', 'open', 'half-open'];

/** Counts requests to the remote engine in the metrics, by model. */
function countingEvents(metrics: Metrics, model: string): GuardEvents {
  const onBreaker = (now: BreakerState): void => {
    for (const state of breakerStates) metrics.remoteBreaker.set({ model, state }, state === now ? 1 : 0);
  };
  onBreaker('closed');
  return {
    onAttempt: (outcome, seconds) => {
      metrics.remoteRequests.inc({ model, outcome });
      metrics.remoteSeconds.observe({ model }, seconds);
    },
    onRetry: () => metrics.remoteRetries.inc({ model }),
    onBreaker,
  };
}
