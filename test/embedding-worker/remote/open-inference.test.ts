import { afterEach, describe, expect, test } from 'vitest';
import {
  OpenInferenceNetwork,
  type OpenInferenceOptions,
} from '../../../embedding-worker/engines/remote/open-inference.ts';
import { freePort } from '../../support/free-port.ts';
import { eventually } from '../processes.ts';
import { counted, impatient, testLimits } from './counted.ts';
import type { Fault, FaultyServer } from './faulty-server.ts';
import { type ServedNetwork, sixes, sixToThree, sixToThreeSpec, threeOf } from './networks.ts';
import { bothExtensions, type OpenInferenceServerOptions, openInferenceServer } from './open-inference-server.ts';

const never = new AbortController().signal;
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const part of opened.splice(0)) await part.close();
});

async function serve(options: Partial<OpenInferenceServerOptions> = {}): Promise<FaultyServer> {
  const server = await openInferenceServer({ models: { tiny: sixToThree }, ...options });
  opened.push(server);
  return server;
}

function connect(url: string, options: Partial<OpenInferenceOptions> = {}) {
  const told = counted();
  const network = new OpenInferenceNetwork({
    url,
    model: 'tiny',
    token: null,
    spec: sixToThreeSpec,
    inFlightMax: 4,
    events: told.events,
    ...options,
    limits: { ...testLimits, ...options.limits },
  });
  opened.unshift(network);
  return { network, ...told };
}

async function started(server: FaultyServer, options: Partial<OpenInferenceOptions> = {}) {
  const connected = connect(server.url, options);
  await connected.network.start(never);
  return connected;
}

const status = (code: number, rest: Partial<Extract<Fault, { kind: 'status' }>> = {}): Fault => ({
  kind: 'status',
  status: code,
  ...rest,
});

describe.each([
  ['bytes', bothExtensions],
  ['JSON', []],
])('inference in %s', (form, extensions) => {
  test('gives each input its own row, in order', async () => {
    const { network } = await started(await serve({ extensions }));
    const inputs = sixes(7);
    const rows = await network.infer(inputs, never);
    expect(rows).toEqual(inputs.map(threeOf));
  });

  test(`is requested in ${form}`, async () => {
    const server = await serve({ extensions });
    const { network } = await started(server);
    await network.infer(sixes(1), never);
    const [asked] = server.inferences();
    expect(asked?.headers['content-type']).toBe(form === 'JSON' ? 'application/json' : 'application/octet-stream');
    expect(asked?.headers['inference-header-content-length'] === undefined).toBe(form === 'JSON');
  });

  test('returns all rows of outputs over time', async () => {
    const frames: ServedNetwork = {
      ...sixToThree,
      output: { name: 'three', itemShape: [-1, 3] },
      compute: async (items) => items.map((item) => Float32Array.of(...threeOf(item), ...item.slice(0, 3))),
    };
    const server = await serve({ extensions, models: { tiny: frames } });
    const spec = { ...sixToThreeSpec, output: { name: 'three', dimensions: 3, overTime: true } };
    const { network } = await started(server, { spec });
    const [input] = sixes(1) as [Float32Array];
    const rows = await network.infer([input, input], never);
    expect(rows).toEqual([1, 2].map(() => Float32Array.of(...threeOf(input), ...input.slice(0, 3))));
  });
});

describe('at the start', () => {
  test('waits until the server is ready', async () => {
    const server = await serve({ unready: 4 });
    await started(server);
    expect(server.seen.filter(({ path }) => path === '/v2/health/ready').length).toBeGreaterThan(1);
  });

  test('continues when only another model of the server is broken', async () => {
    const { network } = await started(await serve({ otherModelBroken: true }));
    expect(await network.infer(sixes(2), never)).toHaveLength(2);
  });

  test('reports that the server is not ready when that takes too long', async () => {
    const { network } = connect((await serve({ unready: 1e9 })).url, { limits: impatient });
    await expect(network.start(never)).rejects.toMatchObject({
      code: 'worker-unavailable',
      message: expect.stringContaining('is not ready'),
    });
  });

  test('waits for a server that does not listen yet, and names one that never does', async () => {
    const port = await freePort();
    const { network } = connect(`http://127.0.0.1:${port}`, { limits: { coldPatienceMs: 300 } });
    await expect(network.start(never)).rejects.toMatchObject({
      code: 'worker-unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test("takes the largest batch from the server's metadata", async () => {
    expect((await started(await serve())).network.batchMax).toBe(8);
    expect((await started(await serve({ extensions: ['binary_tensor_data'] }))).network.batchMax).toBe(32);
  });

  test('accepts a model with a fixed batch of one', async () => {
    const metadata = (honest: object) => ({
      ...honest,
      inputs: [{ name: 'six', datatype: 'FP32', shape: [1, 1, 3, 2] }],
    });
    expect((await started(await serve({ metadata }))).network.batchMax).toBe(1);
  });

  test('accepts a model that declares no tensors', async () => {
    for (const nothing of [[], null]) {
      const metadata = (honest: object) => ({ ...honest, inputs: nothing, outputs: nothing });
      const { network } = await started(await serve({ metadata, extensions: [] }));
      expect(network.batchMax).toBe(32);
      expect(await network.infer(sixes(2), never)).toEqual(sixes(2).map(threeOf));
    }
  });

  test('requests a version when one is set', async () => {
    const server = await serve();
    const { network } = await started(server, { model: 'tiny/versions/1' });
    await network.infer(sixes(1), never);
    expect(server.inferences()[0]?.path).toBe('/v2/models/tiny/versions/1/infer');
  });

  test.each([
    ['an unknown model', { model: 'other' }, {}, /other.*unknown model.*OPEN_INFERENCE_MODEL/],
    ['a missing token', {}, { token: 'secret' }, /does not accept the token.*OPEN_INFERENCE_TOKEN/],
    ['another input', {}, { metadata: changed('inputs', { name: 'pcm' }) }, /one input "six", got "pcm"/],
    ['another output', {}, { metadata: changed('outputs', { name: 'pcm' }) }, /output "three", got "pcm"/],
    ['another type', {}, { metadata: changed('inputs', { datatype: 'FP16' }) }, /FP32 \[-1, 1, 3, 2\], got FP16/],
    ['another shape', {}, { metadata: changed('inputs', { shape: [-1, 1, 3, 3] }) }, /got FP32 \[-1, 1, 3, 3\]/],
    ['other dimensions', {}, { metadata: changed('outputs', { shape: [-1, 4] }) }, /\[-1, 3\], got FP32 \[-1, 4\]/],
    ['a fixed batch of many', {}, { metadata: changed('inputs', { shape: [4, 1, 3, 2] }) }, /got FP32 \[4, 1, 3, 2\]/],
  ])('refuses %s with the reason, and does not retry', async (_, options, serverOptions, words) => {
    const server = await serve(serverOptions);
    const { network, count } = connect(server.url, options);
    await expect(network.start(never)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(words),
    });
    expect(count.retries).toBe(0);
  });

  test('refuses a server that does not speak Open Inference', async () => {
    const server = await serve();
    const { network } = connect(`${server.url}/elsewhere`);
    await expect(network.start(never)).rejects.toMatchObject({ message: expect.stringContaining('status 404') });
  });

  test('refuses TLS with a server that has none', async () => {
    const server = await serve();
    const { network, count } = connect(server.url.replace('http:', 'https:'));
    await expect(network.start(never)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(/TLS/),
    });
    expect(count.retries).toBe(0);
  });
});

describe('retries an inference', () => {
  test.each<[string, Fault]>([
    ['429', status(429, { headers: { 'retry-after': '0' } })],
    ['502', status(502)],
    ['503', status(503, { body: '{"error":"Exceeds maximum queue size"}' })],
    ['504', status(504)],
    ['a reset connection', { kind: 'reset' }],
    ['half an answer', { kind: 'half' }],
  ])('after %s', async (_, fault) => {
    const server = await serve();
    const { network, count } = await started(server);
    server.faults.push(fault, fault);
    expect(await network.infer(sixes(3), never)).toEqual(sixes(3).map(threeOf));
    expect(server.inferences()).toHaveLength(3);
    expect(count.retries).toBe(2);
  });

  test('after no answer in time', async () => {
    const server = await serve();
    const { network, outcomes } = await started(server, { limits: { coldAttemptMs: 2_000 } });
    server.faults.push({ kind: 'never' });
    expect(await network.infer(sixes(1), never)).toEqual(sixes(1).map(threeOf));
    expect(outcomes).toContain('timeout');
    await eventually(() => server.inferences()[0]?.cut === true);
  });

  test.each([400, 404])('after %i from a server that loads the model again', async (code) => {
    const server = await serve({ unloaded: 2 });
    const { network, count } = await started(server);
    server.faults.push(status(code, { body: '{"error":"Model tiny is not ready yet."}' }), status(code));
    expect(await network.infer(sixes(1), never)).toEqual(sixes(1).map(threeOf));
    expect(count.retries).toBe(2);
  });

  test('after the Retry-After delay, and not at all when that exceeds the limit', async () => {
    const server = await serve();
    const { network } = await started(server, { limits: { coldPatienceMs: 5_000 } });
    server.faults.push(status(429, { headers: { 'retry-after': '3600' } }));
    await expect(network.infer(sixes(1), never)).rejects.toMatchObject({ code: 'worker-unavailable' });
    expect(server.inferences()).toHaveLength(1);

    server.faults.push(status(503, { headers: { 'retry-after': new Date(Date.now() + 1_000).toUTCString() } }));
    expect(await network.infer(sixes(1), never)).toHaveLength(1);
  });
});

describe('does not retry an inference', () => {
  test.each<[string, Fault, string, RegExp]>([
    ['400', status(400, { body: '{"error":"unexpected shape"}' }), 'inference-failed', /unexpected shape/],
    [
      '422',
      status(422, { body: '{"detail":[{"loc":["body","inputs",0,"data"],"msg":"Field required"}]}' }),
      'inference-failed',
      /body\.inputs\.0\.data: Field required/,
    ],
    [
      'a long message',
      status(400, { body: JSON.stringify({ message: `Failed: ${'7, '.repeat(20_000)} Shape of input is wrong` }) }),
      'inference-failed',
      /\(Failed: 7.*….*Shape of input is wrong\)$/,
    ],
    ['401', status(401), 'config-invalid', /does not accept the token/],
    ['403', status(403, { body: 'no\nentry' }), 'config-invalid', /does not permit.*no entry/],
    ['404', status(404, { body: '<html>nginx</html>' }), 'config-invalid', /no such model or endpoint$/],
    ['408', status(408), 'inference-failed', /gave up waiting/],
    ['413', status(413), 'inference-failed', /too large/],
    ['500', status(500, { body: '{"error":"CUDA out of memory"}' }), 'inference-failed', /CUDA out of memory/],
    ['501', status(501), 'inference-failed', /status 501/],
    ['a redirect', status(307, { headers: { location: 'http://elsewhere/' } }), 'config-invalid', /elsewhere/],
    ['an answer that is no JSON', status(200, { body: 'hello' }), 'inference-failed', /JSON/],
    ['an answer that never ends', status(200, { body: 'x'.repeat(2_000_000) }), 'inference-failed', /at most/],
    ['fewer rows', { kind: 'rows', change: (rows) => rows.slice(1) }, 'inference-failed', /\[2, 3\], got \[1, 3\]/],
    ['wide rows', { kind: 'rows', change: widened }, 'inference-failed', /\[2, 3\], got \[2, 4\]/],
    ['a header beyond its body', { kind: 'header-length', change: () => '999999' }, 'inference-failed', /999999/],
    ['a header cut short', { kind: 'header-length', change: (n) => `${n - 7}` }, 'inference-failed', /JSON/],
    ['a header that is no number', { kind: 'header-length', change: () => 'many' }, 'inference-failed', /many/],
    ['a size too large', { kind: 'binary-size', change: (n) => n + 4 }, 'inference-failed', /24 bytes.*28/],
    ['a size too small', { kind: 'binary-size', change: (n) => n - 4 }, 'inference-failed', /24 bytes.*20/],
  ])('after %s', async (_, fault, code, words) => {
    const server = await serve();
    const { network } = await started(server);
    server.faults.push(fault);
    await expect(network.infer(sixes(2), never)).rejects.toMatchObject({ code, message: expect.stringMatching(words) });
    expect(server.inferences()).toHaveLength(1);
    expect(await network.infer(sixes(2), never)).toEqual(sixes(2).map(threeOf));
  });
});

describe('the circuit breaker', () => {
  const down: Fault = status(503, { body: '{"error":"loading"}' });

  test('opens when requests in a row fail, refuses the next at once and says when it tries again', async () => {
    const server = await serve();
    const { network, states } = await started(server, { limits: impatient });
    server.faults.push(down, down);
    for (let i = 0; i < 2; i++) await expect(network.infer(sixes(1), never)).rejects.toThrow('503');
    expect(states).toEqual(['open']);
    expect(network.trouble).toMatch(/asked again in \d+ s.*loading/);
    await expect(network.infer(sixes(1), never)).rejects.toMatchObject({
      code: 'worker-unavailable',
      message: expect.stringMatching(/is down, and is asked again in \d+ s/),
    });
    expect(server.inferences()).toHaveLength(2);
  });

  test('tries one request, sent once, and closes when that succeeds', async () => {
    const server = await serve();
    const { network, states } = await started(server, { limits: { ...impatient, openMs: 1 } });
    server.faults.push(down, down, down);
    for (let i = 0; i < 2; i++) await expect(network.infer(sixes(1), never)).rejects.toThrow('503');
    await new Promise((resolve) => setTimeout(resolve, 10));
    await expect(network.infer(sixes(1), never)).rejects.toThrow('503');
    expect(states).toEqual(['open', 'half-open', 'open']);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(network.trouble).toBeNull();
    expect(await network.infer(sixes(1), never)).toHaveLength(1);
    expect(states).toEqual(['open', 'half-open', 'open', 'half-open', 'closed']);
    expect(server.inferences()).toHaveLength(4);
  });

  test('is not opened by bad requests or by cancelled ones', async () => {
    const server = await serve();
    const { network, states } = await started(server, { limits: impatient });
    for (let i = 0; i < 3; i++) {
      server.faults.push(status(400));
      await expect(network.infer(sixes(1), never)).rejects.toThrow('400');
      server.faults.push({ kind: 'never' });
      const gone = new AbortController();
      const asked = network.infer(sixes(1), gone.signal);
      await eventually(() => server.inferences().length === 2 * (i + 1));
      gone.abort(new Error('gone'));
      await expect(asked).rejects.toThrow('gone');
    }
    expect(states).toEqual([]);
  });
});

describe('a caller that cancels', () => {
  test('aborts the request on the wire', async () => {
    const server = await serve();
    const { network } = await started(server);
    server.faults.push({ kind: 'never' });
    const gone = new AbortController();
    const asked = network.infer(sixes(1), gone.signal);
    await eventually(() => server.inferences().length === 1);
    gone.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    await eventually(() => server.inferences()[0]?.cut === true);
  });

  test('does not wait for the pause before the next attempt', async () => {
    const server = await serve();
    const { network } = await started(server, { limits: { coldPatienceMs: 4_000_000 } });
    server.faults.push(status(429, { headers: { 'retry-after': '3600' } }));
    const gone = new AbortController();
    const asked = network.infer(sixes(1), gone.signal);
    await eventually(() => server.inferences().length === 1);
    gone.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
  });

  test('by closing the network ends the running requests', async () => {
    const server = await serve();
    const { network } = await started(server);
    server.faults.push({ kind: 'never' });
    const asked = network.infer(sixes(1), never);
    asked.catch(() => {});
    await eventually(() => server.inferences().length === 1);
    await network.close();
    await expect(asked).rejects.toMatchObject({ code: 'worker-unavailable' });
  });
});

test('keeps and shares connections, and opens no more than allowed', async () => {
  const server = await serve({ wait: () => new Promise((resolve) => setImmediate(resolve)) });
  const { network } = await started(server, { inFlightMax: 2 });
  const rows = await Promise.all(sixes(20).map((six) => network.infer([six], never)));
  expect(rows.flat()).toEqual(sixes(20).map(threeOf));
});

test('sends the bearer token when one is set', async () => {
  const server = await serve({ token: 'secret' });
  const { network } = await started(server, { token: 'secret' });
  expect(await network.infer(sixes(1), never)).toHaveLength(1);
  expect(network.device).toBe(`open-inference tiny@127.0.0.1:${server.port}`);
});

function changed(part: 'inputs' | 'outputs', change: object) {
  return (honest: object) => {
    const metadata = honest as Record<string, object[]>;
    return { ...metadata, [part]: metadata[part]?.map((tensor) => ({ ...tensor, ...change })) };
  };
}

function widened(rows: Float32Array[]): Float32Array[] {
  return rows.map((row) => Float32Array.of(...row, 1));
}
