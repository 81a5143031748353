/** The web API's Prometheus metrics, in their own registry. They contain no names of keys, tracks or links. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** From a page of tracks to a clip that ffmpeg cuts from a remote recording. */
const requestBucketsSec = [0.005, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];

export interface WebMetricsOptions {
  /** Read at each scrape. */
  readonly queue: { readonly counts: { readonly running: number; readonly waiting: number } };
  readonly streams: { readonly count: number };
}

export class WebMetrics {
  readonly #registry = new Registry();
  readonly #registers = [this.#registry];
  readonly #requests = new Histogram({
    name: 'web_request_seconds',
    help: 'Per request: from its arrival to the end of its response, by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: requestBucketsSec,
    registers: this.#registers,
  });
  readonly #outcomes = new Counter({
    name: 'web_query_outcomes_total',
    help: 'Ended queries: "done", or the code of the error',
    labelNames: ['outcome'],
    registers: this.#registers,
  });

  constructor({ queue, streams }: WebMetricsOptions) {
    const registers = this.#registers;
    collectDefaultMetrics({ register: this.#registry });
    new Gauge({
      name: 'web_queries',
      help: 'Queries that wait for their turn or are worked on',
      labelNames: ['state'],
      registers,
      collect() {
        const { running, waiting } = queue.counts;
        this.set({ state: 'running' }, running);
        this.set({ state: 'waiting' }, waiting);
      },
    });
    new Gauge({
      name: 'web_event_streams',
      help: 'Open event streams',
      registers,
      collect() {
        this.set(streams.count);
      },
    });
  }

  /** @param route its pattern, never the address */
  answered(method: string, route: string, status: number, ms: number): void {
    this.#requests.observe({ method, route, status }, ms / 1000);
  }

  ended(outcome: string): void {
    this.#outcomes.inc({ outcome });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  render(): Promise<string> {
    return this.#registry.metrics();
  }
}
