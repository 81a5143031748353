/** What the worker counts, for Prometheus. A registry of its own: two workers in one process do not add up. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

/** @param readQueue the recordings that wait and that run, read when somebody asks */
export function createMetrics(readQueue: () => { waiting: number; running: number }) {
  const registry = new Registry();
  // Brings the event loop's delay (nodejs_eventloop_lag_*), memory and CPU of this process.
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Gauge({
    name: 'worker_recordings',
    help: 'Recordings that wait for their turn or are worked on',
    labelNames: ['state'],
    registers,
    collect() {
      const { waiting, running } = readQueue();
      this.set({ state: 'waiting' }, waiting);
      this.set({ state: 'running' }, running);
    },
  });
  return {
    registry,
    requests: new Counter<'outcome'>({
      name: 'worker_requests_total',
      help: 'Embedding requests by outcome: ok, or the code of the error',
      labelNames: ['outcome'],
      registers,
    }),
    windows: new Counter<'kind'>({
      name: 'worker_windows_total',
      help: 'Windows embedded, by what they hold',
      labelNames: ['kind'],
      registers,
    }),
    audioSeconds: new Counter({
      name: 'worker_audio_seconds_total',
      help: 'Seconds of audio decoded and embedded',
      registers,
    }),
    decodeSeconds: new Histogram({
      name: 'worker_decode_seconds',
      help: 'Per recording: time spent waiting for decoded audio',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registers,
    }),
    embedSeconds: new Histogram({
      name: 'worker_window_embed_seconds',
      help: 'Per window: gate and model, waiting not included',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
    device: new Gauge<'model' | 'device'>({
      name: 'worker_device_info',
      help: 'Always 1: what each model is computed on',
      labelNames: ['model', 'device'],
      registers,
    }),
    processDeaths: new Counter({
      name: 'worker_inference_process_deaths_total',
      help: 'Inference processes that died and were replaced',
      registers,
    }),
  };
}
