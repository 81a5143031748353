import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BotMetrics, serveMetrics } from '../../src/discord/metrics.ts';

let metrics: BotMetrics;
let served: Awaited<ReturnType<typeof serveMetrics>>;
let counts = { running: 0, waiting: 0 };

beforeEach(async () => {
  counts = { running: 0, waiting: 0 };
  metrics = new BotMetrics({
    queue: {
      get counts() {
        return counts;
      },
    },
  });
  served = await serveMetrics(metrics, 0);
});
afterEach(() => served.close());

const get = (path: string) => fetch(`http://127.0.0.1:${served.port}${path}`);

/** @returns each sample by its name and labels */
async function read(): Promise<Map<string, number>> {
  const text = await (await get('/metrics')).text();
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

describe("the bot's metrics", () => {
  test('count events', async () => {
    metrics.acknowledged(12);
    metrics.stage('fetch', 700);
    metrics.stage('fetch', 300);
    metrics.stage('embed', 100);
    metrics.answered(1_500);
    metrics.failed('link-refused');
    metrics.failed('link-refused');
    metrics.rateLimited();
    metrics.reconnected();
    metrics.invalidRequests(40);
    counts = { running: 2, waiting: 7 };
    const samples = await read();
    expect(Object.fromEntries(samples)).toMatchObject({
      'bot_outcomes_total{outcome="answered"}': 1,
      'bot_outcomes_total{outcome="link-refused"}': 2,
      bot_acknowledgement_seconds_sum: 0.012,
      'bot_acknowledgement_seconds_bucket{le="0.01"}': 0,
      'bot_acknowledgement_seconds_bucket{le="0.025"}': 1,
      'bot_stage_seconds_sum{stage="fetch"}': 1,
      'bot_stage_seconds_count{stage="embed"}': 1,
      bot_answer_seconds_sum: 1.5,
      bot_discord_rate_limited_total: 1,
      bot_gateway_reconnects_total: 1,
      bot_discord_invalid_requests: 40,
      'bot_queries{state="running"}': 2,
      'bot_queries{state="waiting"}': 7,
    });
    expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(1e7);
  });

  test("report the event loop's delay since the last scrape", async () => {
    await delay(100);
    await read();
    // The next delay is measured from the first tick after a scrape.
    await delay(50);
    const until = performance.now() + 300;
    while (performance.now() < until);
    await delay(100);
    const late = await read();
    expect(late.get('bot_event_loop_delay_seconds{quantile="1"}')).toBeGreaterThan(0.2);
    expect(late.get('bot_event_loop_delay_seconds{quantile="0.5"}')).toBeLessThan(0.1);
    await delay(300);
    expect((await read()).get('bot_event_loop_delay_seconds{quantile="1"}')).toBeLessThan(0.2);
  });

  test('are separate for each bot', async () => {
    metrics.reconnected();
    const other = new BotMetrics({ queue: { counts } });
    expect(await other.render()).toContain('bot_gateway_reconnects_total 0');
    expect((await read()).get('bot_gateway_reconnects_total')).toBe(1);
  });

  test("are served in Prometheus's format, and no other path is", async () => {
    const found = await get('/metrics');
    expect([found.status, found.headers.get('content-type')]).toEqual([200, metrics.contentType]);
    expect((await get('/')).status).toBe(404);
  });

  test('are served on loopback only, until they are closed', async () => {
    await expect(fetch(`http://127.0.0.2:${served.port}/metrics`)).rejects.toThrow('fetch failed');
    await served.close();
    await expect(get('/metrics')).rejects.toThrow('fetch failed');
    served = await serveMetrics(metrics, 0);
  });

  test('report a taken port', async () => {
    await expect(serveMetrics(metrics, served.port)).rejects.toMatchObject({ code: 'config-invalid' });
  });
});
