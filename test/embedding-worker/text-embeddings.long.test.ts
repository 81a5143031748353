/** `POST /v1/text-embeddings` of the real worker, over HTTP, with the small CLAP of random weights. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WorkerOptions } from '../../src/embedding/worker-options.ts';
import { spaceIdOfModel } from '../../src/models/manifest.ts';
import { floatsOf } from '../support/reference-fixtures.ts';
import {
  cosineDistance,
  referenceTextSide,
  referenceTexts,
  wholeTexts,
  writeTextModel,
} from '../support/text-models.ts';
import { descendantsRunning, eventually } from './processes.ts';
import { builtinModels, type RunningWorker, runWorker } from './running-worker.ts';

const never = new AbortController().signal;
const [phrase] = wholeTexts as [(typeof wholeTexts)[0]];

let folder: string;
let modelsDir: string;
let worker: RunningWorker;

const run = (options: Partial<WorkerOptions> = {}) =>
  runWorker({ modelsDirs: [modelsDir, builtinModels], models: ['clap-random', 'builtin'], ...options });
const post = (body: unknown, to: RunningWorker = worker, init: RequestInit = {}) =>
  to.fetch('/v1/text-embeddings', {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
  });
const metricsOf = async (of: RunningWorker) => (await of.fetch('/metrics')).text();
const textProcesses = () => descendantsRunning(process.pid, 'text-child.ts');

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'text-embeddings-'));
  modelsDir = path.join(folder, 'models');
  writeTextModel(modelsDir);
  worker = await run();
});
afterAll(async () => {
  await worker.close();
  expect(textProcesses()).toEqual([]);
  rmSync(folder, { recursive: true });
});

describe('texts sent to the worker', () => {
  test('get the vectors of Python, in order and in the space of the recordings', async () => {
    const answer = await worker.client.embedTexts(
      wholeTexts.map(({ text }) => text),
      { signal: never },
    );
    expect(answer).toMatchObject({ model: 'clap-random', vectors: { length: wholeTexts.length } });
    answer.vectors.forEach((vector, nth) => {
      expect(cosineDistance(vector, floatsOf(wholeTexts[nth]?.vector ?? ''))).toBeLessThan(1e-5);
    });
    const { models } = await worker.client.models();
    expect(models.find(({ name }) => name === 'clap-random')?.spaceId).toBe(answer.spaceId);
    expect(answer.spaceId).toBe(spaceIdOfModel(writeTextModel(modelsDir), 10));
  });

  test('from several callers at once get their own answers', async () => {
    const asked = wholeTexts.map(({ text }) => worker.client.embedTexts([text], { signal: never }));
    const patient = worker.clientWith({
      retryLimits: { queueWaitMaxMs: 60_000, unavailableWaitMaxMs: 0, cutOffMax: 0 },
    });
    const answers = await Promise.allSettled(asked);
    for (const [nth, { text, vector }] of wholeTexts.entries()) {
      const answer = answers[nth];
      // Five have a slot at once; a caller beyond that is refused and retries.
      if (answer?.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'queue-full' });
      const { vectors } =
        answer?.status === 'fulfilled' ? answer.value : await patient.embedTexts([text], { signal: never });
      expect(cosineDistance(vectors[0] ?? [], floatsOf(vector))).toBeLessThan(1e-5);
    }
  });

  test('of any words get a unit vector or are refused', async () => {
    const anyText = fc.string({ unit: fc.oneof(fc.constantFrom(...'piano </s>'), fc.string({ unit: 'binary' })) });
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const answer = await post({ texts: [text] });
        const body = (await answer.json()) as { vectors: string[] };
        if (answer.status === 422) return void expect(body).toMatchObject({ code: 'text-refused' });
        expect(answer.status).toBe(200);
        const vector = floatsOf(body.vectors[0] ?? '');
        expect(vector).toHaveLength(48);
        expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
      }),
      { numRuns: 30 },
    );
  });

  test.each(referenceTexts.filter((text) => !wholeTexts.includes(text)))(
    "that are empty or exceed the model's context are refused: $ids.length tokens",
    async ({ text }) => {
      const answer = await post({ texts: [phrase.text, text] });
      expect(answer.status).toBe(422);
      expect(await answer.json()).toMatchObject({
        code: 'text-refused',
        message: expect.stringMatching(/(empty text|at most 75 tokens).*\(text 2 of 2\)$/),
      });
    },
  );
});

describe('an invalid body', () => {
  const texts = fc.array(fc.string({ maxLength: 20 }), { minLength: 1, maxLength: 3 });
  const badBody = fc.oneof(
    fc.string().filter((text) => !text.trim().startsWith('{')),
    fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.array(fc.string())).map((json) => JSON.stringify(json)),
    fc
      .oneof(
        fc.record({ texts, surprise: fc.jsonValue() }),
        fc.record({ texts, model: fc.oneof(fc.integer(), fc.constant(''), fc.constant(null)) }),
        fc.record({
          texts: fc.oneof(fc.string(), fc.constant([]), fc.integer(), fc.dictionary(fc.string(), fc.string())),
        }),
        fc.record({ texts: fc.array(fc.oneof(fc.integer(), fc.constant(null)), { minLength: 1 }) }),
        fc.record({ texts: fc.array(fc.constant('x'), { minLength: 33, maxLength: 40 }) }),
        fc.record({ texts: fc.constant(['x'.repeat(1_001)]) }),
        fc.record({ texts: fc.constantFrom(['\ud800'], ['a\udc00b'], ['fine', '\udbff']) }),
        fc.record({ text: fc.string() }),
      )
      .map((json) => JSON.stringify(json)),
  );

  test('is refused, and the worker continues', async () => {
    await fc.assert(
      fc.asyncProperty(badBody, async (body) => {
        const answer = await post(body);
        expect(await answer.json()).toMatchObject({ code: 'bad-request', message: expect.any(String) });
        expect(answer.status).toBe(400);
      }),
      { numRuns: 100 },
    );
    expect((await post({ texts: [phrase.text] })).status).toBe(200);
  });

  test('is refused with the reason and the position', async () => {
    const said = async (body: unknown) => ((await (await post(body)).json()) as { message: string }).message;
    expect(await said('texts=x')).toContain('expected JSON such as {"texts": [');
    expect(await said({ texts: ['x', 7] })).toContain('texts[1]');
    expect(await said({ texts: ['x'.repeat(1_001)] })).toContain('1000');
    expect(await said({ texts: ['\ud800'] })).toContain('whole characters');
  });

  test('is refused for its size before it is read', async () => {
    // This body never ends: a worker that reads it before refusing never answers.
    const endless = new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(65_536)) });
    const answer = await post('', worker, { body: endless, duplex: 'half' } as RequestInit);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'bad-request', message: expect.stringContaining('256 KiB') });
  });
});

describe('a model', () => {
  test('without a text side is refused by name, with a remedy', async () => {
    const builtin = worker.clientWith({ model: 'builtin' });
    await expect(builtin.embedTexts(['x'], { signal: never })).rejects.toMatchObject({
      code: 'model-without-text',
      message: expect.stringMatching(/model builtin.*npm run models -- get clap --text/),
    });
    expect((await post({ texts: ['x'], model: 'builtin' })).status).toBe(404);
    expect((await post({ texts: ['x'], model: 'nobody' })).status).toBe(404);
  });

  test('whose text side is downloaded while the worker runs accepts texts from then on', async () => {
    const own = path.join(folder, 'own');
    writeTextModel(own, null);
    const late = await run({ modelsDirs: [own], models: ['clap-random'] });
    try {
      await expect(late.client.embedTexts(['x'], { signal: never })).rejects.toMatchObject({
        code: 'model-without-text',
        message: expect.stringContaining('npm run models -- get clap-random --text'),
      });
      writeTextModel(own);
      expect((await late.client.embedTexts([phrase.text], { signal: never })).vectors).toHaveLength(1);

      const { tokenizer } = referenceTextSide();
      rmSync(path.join(own, 'clap-random', tokenizer.file));
      await expect(late.client.embedTexts(['x'], { signal: never })).rejects.toMatchObject({
        code: 'model-without-text',
        message: expect.stringContaining(tokenizer.file),
      });
    } finally {
      await late.close();
    }
  });

  test('whose text side is damaged reports that, and still embeds recordings', async () => {
    const own = path.join(folder, 'damaged');
    const { tokenizer, network } = referenceTextSide();
    writeTextModel(own, { network, tokenizer: { ...tokenizer, sha256: '0'.repeat(64) } });
    const damaged = await run({ modelsDirs: [own], models: ['clap-random'] });
    try {
      await expect(damaged.client.embedTexts(['x'], { signal: never })).rejects.toMatchObject({
        code: 'config-invalid',
        message: expect.stringContaining('sha256'),
      });
      expect(await damaged.client.ready()).toBe(true);
    } finally {
      await damaged.close();
    }
  });
});

describe('the queue of texts', () => {
  test('is bounded, drops a caller that hangs up, and gives no caller the answer of another', async () => {
    const small = await run({ models: ['clap-random'], queueMax: 1 });
    try {
      const known = textProcesses().map(({ pid }) => pid);
      await small.client.embedTexts([phrase.text], { signal: never });
      const own = textProcesses().filter(({ pid }) => !known.includes(pid));
      expect(own).toHaveLength(1);
      for (const { pid } of own) process.kill(pid, 'SIGSTOP');

      const caller = new AbortController();
      const running = small.client.embedTexts(['another text'], { signal: caller.signal });
      running.catch(() => {});
      await eventually(async () => (await metricsOf(small)).includes('worker_text_requests{state="running"} 1'));
      const waiting = small.client.embedTexts([phrase.text], { signal: never });
      waiting.catch(() => {});
      await eventually(async () => (await metricsOf(small)).includes('worker_text_requests{state="waiting"} 1'));

      const refused = await post({ texts: ['x'] }, small);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(await refused.json()).toMatchObject({
        code: 'queue-full',
        message: expect.stringContaining('question in words'),
      });

      caller.abort();
      await expect(running).rejects.toMatchObject({ code: 'cancelled' });
      await eventually(async () => (await metricsOf(small)).includes('worker_text_requests{state="waiting"} 0'));
      for (const { pid } of own) process.kill(pid, 'SIGCONT');
      const { vectors } = await waiting;
      expect(cosineDistance(vectors[0] ?? [], floatsOf(phrase.vector))).toBeLessThan(1e-5);

      const metrics = await metricsOf(small);
      expect(metrics).toContain('worker_text_requests_total{outcome="ok"} 2');
      expect(metrics).toContain('worker_text_requests_total{outcome="cancelled"} 1');
      expect(metrics).toContain('worker_text_requests_total{outcome="queue-full"} 1');
      expect(metrics).toContain('worker_texts_total 2');
      expect(metrics).toContain('worker_text_processes{model="clap-random"} 1');
    } finally {
      await small.close();
    }
  });

  test('requires the token', async () => {
    const anybody = await fetch(`${worker.url}/v1/text-embeddings`, { method: 'POST', body: '{"texts":["x"]}' });
    expect(anybody.status).toBe(401);
  });
});
