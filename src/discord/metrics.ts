/** The bot's Prometheus metrics, in their own registry. They contain no names of users or servers, and no links. */
import { createServer } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { LeitmotifError } from '../errors.ts';

/** Period of the timer whose lateness is the event loop's delay. */
const delayResolutionMs = 10;
/** Discord waits 3 s for an acknowledgement; ours should take less than a tenth of one. */
const acknowledgementBucketsSec = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2, 3];
/** From a cache hit to a recording of hours. */
const stageBucketsSec = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 600];

export interface BotMetricsOptions {
  /** Read at each scrape. */
  readonly queue: { readonly counts: { readonly running: number; readonly waiting: number } };
}

export class BotMetrics {
  readonly #registry = new Registry();
  readonly #registers = [this.#registry];
  readonly #outcomes = new Counter({
    name: 'bot_outcomes_total',
    help: 'Queries answered (outcome "answered"), and whatever was refused or failed, by the code of its error',
    labelNames: ['outcome'],
    registers: this.#registers,
  });
  readonly #answerSeconds = new Histogram({
    name: 'bot_answer_seconds',
    help: 'Per answered query: from its acknowledgement to its sent answer, waiting included',
    buckets: stageBucketsSec,
    registers: this.#registers,
  });
  readonly #stageSeconds = new Histogram({
    name: 'bot_stage_seconds',
    help: 'Per query and stage of its way',
    labelNames: ['stage'],
    buckets: stageBucketsSec,
    registers: this.#registers,
  });
  readonly #acknowledgementSeconds = new Histogram({
    name: 'bot_acknowledgement_seconds',
    help: 'Per interaction: from its arrival to the confirmed acknowledgement',
    buckets: acknowledgementBucketsSec,
    registers: this.#registers,
  });
  readonly #rateLimited = this.#counter('bot_discord_rate_limited_total', 'Calls that waited because of a rate limit');
  readonly #invalidRequests = new Gauge({
    name: 'bot_discord_invalid_requests',
    help: "Refused calls in Discord's current 10 minutes, as last warned of; 10,000 ban the address",
    registers: this.#registers,
  });
  readonly #reconnects = this.#counter('bot_gateway_reconnects_total', 'Times that the gateway connection was lost');

  constructor({ queue }: BotMetricsOptions) {
    const registers = this.#registers;
    collectDefaultMetrics({ register: this.#registry });
    new Gauge({
      name: 'bot_queries',
      help: 'Queries that wait for their turn or are worked on',
      labelNames: ['state'],
      registers,
      collect() {
        const { running, waiting } = queue.counts;
        this.set({ state: 'running' }, running);
        this.set({ state: 'waiting' }, waiting);
      },
    });
    const delay = monitorEventLoopDelay({ resolution: delayResolutionMs });
    delay.enable();
    new Gauge({
      name: 'bot_event_loop_delay_seconds',
      help: 'How late the event loop was since this was last read, by quantile',
      labelNames: ['quantile'],
      registers,
      collect() {
        for (const percent of [50, 99, 100]) {
          // Node measures between two ticks of the timer, which includes the period.
          const lateSec = delay.percentile(percent) / 1e9 - delayResolutionMs / 1000;
          this.set({ quantile: percent / 100 }, delay.count === 0 ? 0 : Math.max(0, lateSec));
        }
        delay.reset();
      },
    });
  }

  /** @param ms from the interaction's arrival */
  acknowledged(ms: number): void {
    this.#acknowledgementSeconds.observe(ms / 1000);
  }

  stage(stage: string, ms: number): void {
    this.#stageSeconds.observe({ stage }, ms / 1000);
  }

  answered(ms: number): void {
    this.#outcomes.inc({ outcome: 'answered' });
    this.#answerSeconds.observe(ms / 1000);
  }

  /** @param code of the error in the reply */
  failed(code: string): void {
    this.#outcomes.inc({ outcome: code });
  }

  rateLimited(): void {
    this.#rateLimited.inc();
  }

  /** @param count refused requests in Discord's current window of 10 minutes */
  invalidRequests(count: number): void {
    this.#invalidRequests.set(count);
  }

  reconnected(): void {
    this.#reconnects.inc();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** @returns the metrics in Prometheus's text format */
  render(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: this.#registers });
  }
}

/** Serves GET /metrics, on the loopback interface only.
 *  @throws {LeitmotifError} config-invalid when the port is taken */
export async function serveMetrics(
  metrics: BotMetrics,
  port: number,
): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    const text = await metrics.render();
    response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `Cannot serve metrics on port ${port}: ${cause.message}. Choose another METRICS_PORT.`;
      reject(new LeitmotifError('config-invalid', message, { cause }));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
