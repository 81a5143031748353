/** From what the worker was told to the network that is asked. */
import type { WorkerEngine } from '../../../src/embedding/worker-options.ts';
import type { NetworkSpec } from '../../../src/models/network-spec.ts';
import type { Metrics } from '../../metrics.ts';
import { DatabricksNetwork } from './databricks.ts';
import type { BreakerState, GuardEvents } from './guard.ts';
import type { RemoteNetwork } from './network.ts';
import { OpenInferenceNetwork } from './open-inference.ts';

export type RemoteEngineSettings = Exclude<WorkerEngine, { type: 'onnx' }>;

/** Connects to nothing yet. */
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

/** Counts what happens between here and the remote engine, by the model's name. */
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
