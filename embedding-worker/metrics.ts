/** Prometheus metrics of the worker. Each worker has its own registry, so that two workers in one process do not add up. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

interface Line {
  readonly waiting: number;
  readonly running: number;
}

/** @param lines queues of recordings and of texts, read when the metrics are requested */
export function createMetrics(lines: { recordings: () => Line; texts: () => Line }) {
  const registry = new Registry();
  // Adds the event loop's delay (nodejs_eventloop_lag_*), memory and CPU of this process.
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const lineGauge = (name: string, help: string, read: () => Line) =>
    new Gauge({
      name,
      help,
      labelNames: ['state'],
      registers,
      collect() {
        const { waiting, running } = read();
        this.set({ state: 'waiting' }, waiting);
        this.set({ state: 'running' }, running);
      },
    });
  lineGauge('worker_recordings', 'Recordings that wait for their turn or are worked on', lines.recordings);
  lineGauge('worker_text_requests', 'Questions in words that wait for their turn or are worked on', lines.texts);
  const device = new Gauge<'model' | 'device'>({
    name: 'worker_device_info',
    help: 'Always 1: what each model is computed on',
    labelNames: ['model', 'device'],
    registers,
  });
  const deviceOf = new Map<string, string>();
  return {
    registry,
    /** The previous device is removed: a model runs on one device. */
    setDevice(model: string, now: string): void {
      const before = deviceOf.get(model);
      if (before !== undefined && before !== now) device.remove({ model, device: before });
      deviceOf.set(model, now);
      device.set({ model, device: now }, 1);
    },
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
    remoteRequests: new Counter<'model' | 'outcome'>({
      name: 'worker_remote_requests_total',
      help: 'Requests to a remote engine, repeated ones included: ok, the status, timeout, connection, answer (of no use), cancelled',
      labelNames: ['model', 'outcome'],
      registers,
    }),
    remoteRetries: new Counter<'model'>({
      name: 'worker_remote_retries_total',
      help: 'Requests to a remote engine that were sent again',
      labelNames: ['model'],
      registers,
    }),
    remoteSeconds: new Histogram<'model'>({
      name: 'worker_remote_request_seconds',
      help: 'Per request to a remote engine, from sending it to its whole answer or its failure',
      labelNames: ['model'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registers,
    }),
    remoteBatch: new Histogram<'model'>({
      name: 'worker_remote_batch_windows',
      help: 'Windows that went to a remote engine together',
      labelNames: ['model'],
      buckets: [1, 2, 4, 8, 16, 32],
      registers,
    }),
    remoteBreaker: new Gauge<'model' | 'state'>({
      name: 'worker_remote_breaker',
      help: '1 for the state that the circuit breaker before a remote engine is in: closed, open, half-open',
      labelNames: ['model', 'state'],
      registers,
    }),
    processDeaths: new Counter({
      name: 'worker_inference_process_deaths_total',
      help: 'Inference processes that died and were replaced',
      registers,
    }),
    textRequests: new Counter<'outcome'>({
      name: 'worker_text_requests_total',
      help: 'Questions in words by outcome: ok, or the code of the error',
      labelNames: ['outcome'],
      registers,
    }),
    texts: new Counter({ name: 'worker_texts_total', help: 'Texts embedded', registers }),
    textSeconds: new Histogram({
      name: 'worker_text_embed_seconds',
      help: 'Per text: tokenizer and model, waiting and loading not included',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
    textProcesses: new Gauge<'model'>({
      name: 'worker_text_processes',
      help: 'Processes that hold the text side of a model: 1 from the first question to some idle minutes after the last',
      labelNames: ['model'],
      registers,
    }),
    textProcessDeaths: new Counter({
      name: 'worker_text_process_deaths_total',
      help: 'Processes of text sides that died; the next question starts another',
      registers,
    }),
    tagProcessDeaths: new Counter({
      name: 'worker_tag_process_deaths_total',
      help: 'Processes that read tags and died or were late; the next recording starts another',
      registers,
    }),
  };
}
