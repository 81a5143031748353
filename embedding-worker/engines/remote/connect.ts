/** Builds the remote network from the worker's settings. */
import type { WorkerEngine } from '../../../src/embedding/worker-options.ts';
import type { NetworkSpec } from '../../../src/models/network-spec.ts';
import type { Metrics } from '../../metrics.ts';
import { DatabricksNetwork } from './databricks.ts';
import type { BreakerState, GuardEvents } from './guard.ts';
import type { RemoteNetwork } from './network.ts';
import { OpenInferenceNetwork } from './open-inference.ts';

export type RemoteEngineSettings = Exclude<WorkerEngine, { type: 'onnx' }>;

/** Opens no connection yet. */
export function remoteNetworkFor(
  settings: RemoteEngineSettings,
  spec: NetworkSpec,
  events: GuardEvents,
): RemoteNetwork {
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
export function countingEvents(metrics: Metrics, model: string): GuardEvents {
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
