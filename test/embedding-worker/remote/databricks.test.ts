/** The Databricks client against a workspace as documented, with and without faults. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type DatabricksAccess,
  DatabricksNetwork,
  type DatabricksOptions,
  routeIdOf,
} from '../../../embedding-worker/engines/remote/databricks.ts';
import type { NetworkSpec } from '../../../src/models/network-spec.ts';
import { eventually } from '../processes.ts';
import { counted, impatient, testLimits } from './counted.ts';
import {
  type DatabricksServer,
  type DatabricksServerOptions,
  databricksServer,
  endpointPath,
  routePath,
} from './databricks-server.ts';
import type { Answer, Fault } from './faulty-server.ts';
import { type ServedNetwork, sixes, sixToThree, sixToThreeSpec, threeOf } from './networks.ts';

const never = new AbortController().signal;
const client = { id: 'the-client', secret: 'the secret: of it' };
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const part of opened.splice(0)) await part.close();
});

async function serve(options: Partial<DatabricksServerOptions> = {}): Promise<DatabricksServer> {
  const server = await databricksServer({ network: sixToThree, tokens: new Set(['dapi-1']), client, ...options });
  opened.push(server);
  return server;
}

function connect(server: DatabricksServer, options: Partial<DatabricksOptions> = {}) {
  const told = counted();
  const network = new DatabricksNetwork({
    url: server.url + endpointPath,
    access: { token: 'dapi-1' },
    spec: sixToThreeSpec,
    inFlightMax: 4,
    events: told.events,
    ...options,
    limits: { ...testLimits, ...options.limits },
  });
  opened.unshift(network);
  return { network, ...told };
}

async function started(server: DatabricksServer, options: Partial<DatabricksOptions> = {}) {
  const connected = connect(server, options);
  await connected.network.start(never);
  return connected;
}

const credentials = (server: DatabricksServer): DatabricksAccess => ({
  workspaceUrl: server.url,
  clientId: client.id,
  clientSecret: client.secret,
});

/** The clock, advanced by so many seconds. */
function later(sec: number): void {
  const now = performance.timeOrigin + performance.now();
  vi.spyOn(Date, 'now').mockReturnValue(now + sec * 1000);
}

const status = (code: number, rest: Partial<Extract<Fault, { kind: 'status' }>> = {}): Fault => ({
  kind: 'status',
  status: code,
  ...rest,
});

describe.each(['named', 'bare'] as const)('a model whose inputs are %s', (inputs) => {
  test.each(['rows', 'records', 'columns'] as const)(
    'and whose predictions are %s gives each input its row',
    async (predictions) => {
      const { network } = await started(await serve({ inputs, predictions }));
      expect(await network.infer(sixes(5), never)).toEqual(sixes(5).map(threeOf));
    },
  );
});

test('returns all rows of outputs over time', async () => {
  const frames: ServedNetwork = {
    ...sixToThree,
    output: { name: 'three', itemShape: [-1, 3] },
    compute: async (items) => items.map((item) => Float32Array.of(...threeOf(item), ...item.slice(0, 3))),
  };
  const spec: NetworkSpec = { ...sixToThreeSpec, output: { name: 'three', dimensions: 3, overTime: true } };
  const { network } = await started(await serve({ network: frames }), { spec });
  const [input] = sixes(1) as [Float32Array];
  expect(await network.infer([input], never)).toEqual([Float32Array.of(...threeOf(input), ...input.slice(0, 3))]);
});

describe('at the start', () => {
  test.each<[string, Partial<DatabricksOptions>, Fault[], RegExp]>([
    [
      'a token that is not taken',
      { access: { token: 'dapi-2' } },
      [],
      /does not accept the token.*Credential.*; DATABRICKS_TOKEN/,
    ],
    [
      'an endpoint that is not there',
      {},
      [status(404, { body: '{"message":"no such endpoint"}' })],
      /no such endpoint.*; DATABRICKS_URL/,
    ],
    ['a token without the right', {}, [status(403, { body: '{"message":"lacks CAN_QUERY"}' })], /lacks CAN_QUERY/],
  ])('it refuses %s in words, and asks once', async (_, options, faults, words) => {
    const server = await serve();
    server.faults.push(...faults);
    const { network } = connect(server, options);
    await expect(network.start(never)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(words),
    });
    expect(server.inferences()).toHaveLength(1);
  });

  test('a model that accepts neither form of input is refused with the error of the first form', async () => {
    const server = await serve({ network: { ...sixToThree, input: { name: 'six', itemShape: [9] } } });
    await expect(connect(server).network.start(never)).rejects.toThrow(
      /400.*Incompatible input types.*; npm run models -- mlflow/,
    );
    expect(server.inferences()).toHaveLength(2);
  });

  test('a model of other dimensions is refused', async () => {
    const server = await serve();
    server.faults.push({ kind: 'rows', change: (rows) => rows.map((row) => Float32Array.of(...row, 1)) });
    await expect(connect(server).network.start(never)).rejects.toThrow(/expected 3 numbers in a prediction, got 4/);
  });

  test('the client waits for an endpoint that was scaled to zero', async () => {
    const server = await serve();
    server.faults.push(...Array.from({ length: 6 }, (_, i) => status(i % 2 === 0 ? 503 : 504)));
    const { network, states } = await started(server);
    expect(await network.infer(sixes(1), never)).toHaveLength(1);
    expect(server.inferences()).toHaveLength(8);
    expect(states).toEqual([]);
  });

  test('the first answer may take longer, and later ones may not', async () => {
    const server = await serve();
    const slow = new Promise((resolve) => setTimeout(resolve, 2_500));
    server.faults.push({ kind: 'late', until: slow });
    const { network, outcomes } = await started(server, { limits: { attemptMs: 2_000 } });
    expect(outcomes).toEqual(['ok']);
    server.faults.push({ kind: 'never' });
    await network.infer(sixes(1), never);
    expect(outcomes).toContain('timeout');
  });

  test('an endpoint that never starts is reported as not ready', async () => {
    const server = await serve();
    server.faults.push(status(503));
    const { network } = connect(server, { limits: impatient });
    await expect(network.start(never)).rejects.toMatchObject({
      code: 'worker-unavailable',
      message: expect.stringContaining('it is not ready'),
    });
  });
});

test('NaN in one row leaves the others of its batch as they are', async () => {
  const server = await serve();
  const { network } = await started(server);
  server.faults.push({ kind: 'rows', change: ([, ...others]) => [Float32Array.of(1, Number.NaN, 3), ...others] });
  const [first, ...others] = await network.infer(sixes(3), never);
  expect(first).toEqual(Float32Array.of(1, Number.NaN, 3));
  expect(others).toEqual(sixes(3).slice(1).map(threeOf));
});

describe('a batch over the request limit', () => {
  /** Sixteen megabytes are 20 CLAP windows; here 1,600 bytes are two windows of 64 values. */
  const wide: ServedNetwork = {
    input: { name: 'wide', itemShape: [64] },
    output: { name: 'one', itemShape: [1] },
    batchMax: 99,
    compute: async (items) => items.map((item) => Float32Array.of(item[0] as number)),
  };
  const spec: NetworkSpec = {
    name: 'wide',
    input: { name: 'wide', itemShape: [64] },
    output: { name: 'one', dimensions: 1, overTime: false },
  };
  const items = (count: number) => Array.from({ length: count }, (_, i) => new Float32Array(64).fill(i + 1));

  test('is halved when the server refuses it, and that size is not sent again', async () => {
    const server = await serve({ network: wide, bytesMax: 2_000 });
    const { network } = await started(server, { spec });
    expect(network.batchMax).toBe(32);
    const rows = await network.infer(items(9), never);
    expect(rows.map(([value]) => value)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(network.batchMax).toBeLessThan(5);
    const asked = server.inferences().length;
    await network.infer(items(network.batchMax), never);
    expect(
      server
        .inferences()
        .slice(asked)
        .every(({ items: sent }) => sent > 0),
    ).toBe(true);
  });

  test('fails when it is a single window', async () => {
    const server = await serve({ network: wide, bytesMax: 500 });
    server.faults.push(status(200, { body: '{"predictions":[[1]]}' }));
    const { network } = await started(server, { spec });
    await expect(network.infer(items(1), never)).rejects.toMatchObject({
      code: 'inference-failed',
      message: expect.stringContaining('too large'),
    });
  });

  test('of CLAP is split at 16 MB before it is sent', async () => {
    const mel: ServedNetwork = { ...wide, input: { name: 'wide', itemShape: [1, 1001, 64] } };
    const server = await serve({ network: mel });
    const { network } = await started(server, { spec: { ...spec, input: { name: 'wide', itemShape: [1, 1001, 64] } } });
    expect(network.batchMax).toBe(20);
    const windows = Array.from({ length: 21 }, (_, i) => new Float32Array(64_064).fill(-(i + 1) - 1 / 3));
    const rows = await network.infer(windows, never);
    expect(rows.map(([value]) => value)).toEqual(windows.map(([value]) => value));
    const [, ...parts] = server.inferences();
    expect(parts.map(({ items: sent }) => sent)).toEqual([20, 1]);
    expect(Math.max(...parts.map(({ bytes }) => bytes))).toBeLessThan(16_000_000);
  });
});

describe('retries an invocation', () => {
  test.each<[string, Fault]>([
    [
      '429',
      status(429, { headers: { 'retry-after': '0' }, body: '{"error_code":"RESOURCE_EXHAUSTED","message":"x"}' }),
    ],
    ['502', status(502)],
    ['503', status(503)],
    ['504', status(504)],
    ['a reset connection', { kind: 'reset' }],
    ['half an answer', { kind: 'half' }],
  ])('after %s', async (_, fault) => {
    const server = await serve();
    const { network, count } = await started(server);
    server.faults.push(fault, fault);
    expect(await network.infer(sixes(3), never)).toEqual(sixes(3).map(threeOf));
    expect(server.inferences()).toHaveLength(4);
    expect(count.retries).toBe(2);
  });
});

describe('does not retry an invocation', () => {
  test.each<[string, Fault, string, RegExp]>([
    [
      '400',
      status(400, { body: '{"error_code":"BAD_REQUEST","message":"Wrong\\nshape"}' }),
      'inference-failed',
      /Wrong shape/,
    ],
    ['401 with a token that was given', status(401), 'config-invalid', /token/],
    ['403', status(403), 'config-invalid', /permit/],
    ['404', status(404), 'config-invalid', /no such model or endpoint/],
    ['408', status(408), 'inference-failed', /gave up/],
    ['500', status(500, { body: '{"message":"model raised"}' }), 'inference-failed', /model raised/],
    ['an answer that is no JSON', status(200, { body: '<html>' }), 'inference-failed', /expected JSON/],
    ['an answer without predictions', status(200, { body: '{"outputs":[]}' }), 'inference-failed', /"predictions"/],
    ['text for predictions', status(200, { body: '{"predictions":["a","b"]}' }), 'inference-failed', /something else/],
    [
      'records of several names',
      status(200, { body: '{"predictions":[{"a":[],"b":[]}]}' }),
      'inference-failed',
      /2 pred/,
    ],
    ['fewer rows', { kind: 'rows', change: (rows) => rows.slice(1) }, 'inference-failed', /2 predictions, got 1/],
    ['short rows', { kind: 'rows', change: (rows) => rows.map((row) => row.slice(1)) }, 'inference-failed', /got 2/],
  ])('after %s', async (_, fault, code, words) => {
    const server = await serve();
    const { network } = await started(server);
    server.faults.push(fault);
    await expect(network.infer(sixes(2), never)).rejects.toMatchObject({ code, message: expect.stringMatching(words) });
    expect(server.inferences()).toHaveLength(2);
    expect(await network.infer(sixes(2), never)).toEqual(sixes(2).map(threeOf));
  });
});

test('opens the circuit breaker when requests in a row fail', async () => {
  const server = await serve();
  const { network, states } = await started(server, { limits: impatient });
  server.faults.push(status(503), status(503));
  for (let i = 0; i < 2; i++) await expect(network.infer(sixes(1), never)).rejects.toThrow('503');
  expect(states).toEqual(['open']);
  await expect(network.infer(sixes(1), never)).rejects.toThrow(/is down, and is asked again in/);
  expect(server.inferences()).toHaveLength(3);
});

test('aborts the request on the wire when the caller cancels', async () => {
  const server = await serve();
  const { network } = await started(server);
  server.faults.push({ kind: 'never' });
  const gone = new AbortController();
  const asked = network.infer(sixes(1), gone.signal);
  await eventually(() => server.inferences().length === 2);
  gone.abort(new Error('gone'));
  await expect(asked).rejects.toThrow('gone');
  await eventually(() => server.inferences()[1]?.cut === true);
});

describe('a token by client credentials', () => {
  test('is fetched once for all concurrent callers, and used until it expires', async () => {
    const server = await serve();
    const { network } = connect(server, { access: credentials(server) });
    const rows = await Promise.all(sixes(6).map((six) => network.infer([six], never)));
    expect(rows.flat()).toEqual(sixes(6).map(threeOf));
    await network.infer(sixes(1), never);
    expect(server.tokenRequests).toHaveLength(1);
    expect(server.tokenRequests[0]?.get('authorization_details')).toBeNull();
  });

  test('is renewed before it expires', async () => {
    const server = await serve();
    const { network } = await started(server, { access: credentials(server) });
    await network.infer(sixes(1), never);
    expect(server.tokenRequests).toHaveLength(1);
    later(3_310);
    await network.infer(sixes(1), never);
    expect(server.tokenRequests).toHaveLength(2);
  });

  test('is used on when the renewal fails, but not after it expires', async () => {
    const tokenFaults: Answer[] = [];
    const server = await serve({ tokenFaults });
    const { network, count } = await started(server, { access: credentials(server) });
    later(3_310);
    tokenFaults.push({ status: 503 });
    await network.infer(sixes(1), never);
    expect(count.retries).toBe(0);
    later(3_610);
    tokenFaults.push({ status: 503 });
    await network.infer(sixes(1), never);
    expect(count.retries).toBe(1);
    expect(server.inferences().map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-1',
      'Bearer token-4',
    ]);
  });

  test('is replaced once when it was revoked, and the request is repeated', async () => {
    const tokens = new Set<string>();
    const server = await serve({ tokens });
    const { network } = await started(server, { access: credentials(server) });
    tokens.clear();
    expect(await network.infer(sixes(1), never)).toHaveLength(1);
    expect(server.tokenRequests).toHaveLength(2);
    server.faults.push(status(401), status(401));
    await expect(network.infer(sixes(1), never)).rejects.toMatchObject({ code: 'config-invalid' });
    expect(server.tokenRequests).toHaveLength(3);
  });

  test('is requested by endpoint name for a route-optimised address', async () => {
    const server = await serve();
    const { network } = await started(server, { access: credentials(server), url: server.url + routePath });
    expect(await network.infer(sixes(1), never)).toHaveLength(1);
    expect(JSON.parse(server.tokenRequests[0]?.get('authorization_details') ?? '')).toEqual([
      {
        type: 'workspace_permission',
        object_type: 'serving-endpoints',
        object_path: '/serving-endpoints/127',
        actions: ['query_inference_endpoint'],
      },
    ]);
  });

  test('is refused with a message that contains no secret', async () => {
    const server = await serve();
    const access = { ...credentials(server), clientSecret: 'a wrong secret' };
    const failure = await connect(server, { access })
      .network.start(never)
      .catch((error: Error) => error);
    expect(failure).toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(/DATABRICKS_CLIENT_ID.*Client authentication failed/),
    });
    expect(String(failure)).not.toContain('wrong secret');
    expect(server.tokenRequests).toHaveLength(1);
  });

  test('is requested again when the workspace is busy', async () => {
    const tokenFaults = [{ status: 503 }, { status: 429, headers: { 'retry-after': '0' } }];
    const server = await serve({ tokenFaults });
    const { network } = await started(server, { access: credentials(server) });
    expect(await network.infer(sixes(1), never)).toHaveLength(1);
    expect(server.tokenRequests).toHaveLength(3);
  });

  test('is refused when the answer has another form', async () => {
    const tokenFaults = [{ status: 200, headers: { 'content-type': 'application/json' }, body: '{"token":"x"}' }];
    const server = await serve({ tokenFaults });
    await expect(connect(server, { access: credentials(server) }).network.start(never)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('Cannot get a token'),
    });
  });
});

test('takes the id of a route-optimised endpoint from the first part of its host', () => {
  const path = 'serving-endpoints/clap/invocations';
  expect(routeIdOf(`https://abcdefg.serving.cloud.databricks.com/9999999/${path}`)).toBe('abcdefg');
  expect(routeIdOf(`https://dbc-a1.cloud.databricks.com/${path}`)).toBeNull();
});
