/** The whole worker: real HTTP, real ffmpeg, real inference processes, the built-in model. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadModel } from '../../embedding-worker/engines/loaded-model.ts';
import { cutWindows } from '../../src/audio/chunk.ts';
import { decodePcm } from '../../src/audio/decode.ts';
import { classifyWindow } from '../../src/audio/gate/gate.ts';
import { findModel } from '../../src/models/find-model.ts';
import { spaceIdOfModel } from '../../src/models/manifest.ts';
import { builtinModels, type RunningWorker, runWorker } from './running-worker.ts';
import { chords, makeSound, writeWav } from './sounds.ts';

const never = new AbortController().signal;
const limits = { deadlineMs: 60_000, durationMaxSec: 7_200, bytesMax: 64_000_000, memoryMaxBytes: 2 ** 31 };

let folder: string;
let worker: RunningWorker;
let music: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'worker-sounds-'));
  music = makeSound(folder, 'music.mp3', chords(34), '-metadata', 'title=Étude "one"', '-metadata', 'artist=Nobody');
  worker = await runWorker();
});
afterAll(async () => {
  await worker.close();
  rmSync(folder, { recursive: true });
});

describe('a recording sent to the worker', () => {
  test('gets the same answer as direct calls of the parts', async () => {
    const heard = await worker.client.embed(music, { signal: never });

    const model = await findModel([builtinModels], 'builtin');
    const loaded = await loadModel(model, 10, 'cpu');
    const { sampleRateHz } = model.manifest;
    const { pcm, finished } = decodePcm(music, { sampleRateHz, fingerprint: true, signal: never, limits });
    const expected = [];
    for await (const { span, samples } of cutWindows(pcm, { sampleRateHz, windowSec: 10, startSec: 0 })) {
      const [vector] = await loaded.run([samples]);
      const { kind, loudnessDb } = classifyWindow(samples, sampleRateHz);
      expected.push({ ...span, kind, loudnessDb, vector });
    }
    const { decodedSec, fingerprint } = await finished;

    expect(heard.chunks).toEqual(expected);
    expect(heard.chunks.length).toBe(4);
    expect(heard.durationSec).toBe(decodedSec);
    expect(heard.fingerprint).toEqual(fingerprint);
    expect(heard.fingerprint.items.length).toBeGreaterThan(0);
    expect(heard.tags).toEqual({ title: 'Étude "one"', artist: 'Nobody', album: null });
    expect(heard.spaceId).toBe(spaceIdOfModel(model, 10));
  });

  test('gets the same answer each time', async () => {
    const strip = ({ timingsMs: _, ...rest }: Awaited<ReturnType<typeof worker.client.embed>>) => rest;
    const [once, again] = await Promise.all([
      worker.client.embed(music, { signal: never }),
      worker.client.embed(music, { signal: never }),
    ]);
    expect(strip(once)).toEqual(strip(again));
  });

  test('can be requested in part, with times of the whole', async () => {
    const part = await worker.client.embed(music, { fromSec: 12, toSec: 27, signal: never });
    expect(part.chunks[0]?.startSec).toBe(12);
    expect(part.chunks.at(-1)?.endSec).toBeCloseTo(27, 1);
    expect(part.durationSec).toBeCloseTo(27, 1);
  });

  test('with only silence gets chunks of silence', async () => {
    const silence = writeWav(path.join(folder, 'silence.wav'), new Float32Array(16_000 * 12));
    const heard = await worker.client.embed(silence, { signal: never });
    expect(heard.chunks.map(({ kind, loudnessDb }) => [kind, loudnessDb])).toEqual([
      ['silence', -120],
      ['silence', -120],
    ]);
  });

  test('reports progress up to its end', async () => {
    const seen: number[] = [];
    await worker.client.embed(music, { signal: never, onProgress: ({ chunksDone }) => seen.push(chunksDone) });
    expect(seen.at(-1)).toBe(4);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  test.each([
    ['an empty file', () => '', /^audio-empty$/],
    ['a text file named .mp3', () => 'It was a dark and stormy night.\n'.repeat(100), /^audio-unreadable$/],
    ['a playlist of a local file', () => '#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n', /^audio-(refused|unreadable)$/],
  ])('that is %s is refused by code', async (name, content, code) => {
    const file = path.join(folder, `${name.replaceAll(' ', '-')}.mp3`);
    writeFileSync(file, content());
    await expect(worker.client.embed(file, { signal: never })).rejects.toMatchObject({
      code: expect.stringMatching(code),
    });
  });

  test('leaves no file behind', () => {
    expect(readdirSync(worker.spoolDir)).toEqual([]);
  });
});

describe('the rest of the API', () => {
  test('leaves health and readiness open, and requires the token for everything else', async () => {
    for (const open of ['/healthz', '/readyz']) expect((await fetch(worker.url + open)).status).toBe(200);
    for (const closed of ['/metrics', '/v1/models', '/nowhere']) {
      expect((await fetch(worker.url + closed)).status).toBe(401);
    }
    const wrong = { authorization: 'Bearer the token of somebody else' };
    const refused = await fetch(`${worker.url}/v1/embeddings`, { method: 'POST', body: 'x', headers: wrong });
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ code: 'unauthorized' });
    await expect(worker.clientWith({ token: 'another token' }).embed(music, { signal: never })).rejects.toMatchObject({
      code: 'unauthorized',
    });
  });

  test('describes the models', async () => {
    const { default: name, models } = await worker.client.models();
    expect(name).toBe('builtin');
    expect(models).toHaveLength(1);
    expect(models[0]).toMatchObject({ name: 'builtin', sampleRateHz: 16_000, windowSec: 10, device: 'cpu' });
    expect(models[0]?.spaceId).toMatch(/^builtin@/);
  });

  test('refuses an unknown model, and names the available ones', async () => {
    await expect(worker.clientWith({ model: 'clap' }).embed(music, { signal: never })).rejects.toMatchObject({
      code: 'model-unknown',
      message: expect.stringContaining('builtin'),
    });
  });

  test.each(['fromSec=abc', 'fromSec=-1', 'fromSec=5&toSec=5', 'toSec=Infinity', 'surprise=1'])(
    'refuses the query %s',
    async (query) => {
      const answer = await worker.fetch(`/v1/embeddings?${query}`, { method: 'POST', body: 'x' });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ code: 'bad-request' });
    },
  );

  test('answers an unknown address with JSON', async () => {
    const answer = await worker.fetch('/nowhere');
    expect(answer.status).toBe(404);
    expect(await answer.json()).toHaveProperty('message');
  });

  test('counts requests in the metrics', async () => {
    const text = await (await worker.fetch('/metrics')).text();
    expect(text).toMatch(/worker_requests_total\{outcome="ok"\} [1-9]/);
    expect(text).toMatch(/worker_requests_total\{outcome="audio-unreadable"\} [1-9]/);
    expect(text).toMatch(/worker_windows_total\{kind="music"\} [1-9]/);
    expect(text).toMatch(/worker_audio_seconds_total [1-9]/);
    expect(text).toMatch(/worker_decode_seconds_count [1-9]/);
    expect(text).toMatch(/worker_window_embed_seconds_count [1-9]/);
    expect(text).toMatch(/worker_recordings\{state="waiting"\} 0/);
    expect(text).toMatch(/nodejs_eventloop_lag_p99_seconds/);
  });
});

describe('a worker that cannot start', () => {
  test('because of its model names the available models', async () => {
    await expect(runWorker({ models: ['clap'] })).rejects.toMatchObject({
      code: 'model-unknown',
      message: expect.stringContaining('builtin'),
    });
  });

  test('because of its window names the range of the model', async () => {
    await expect(runWorker({ windowSec: 30 })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('5 to 10 s'),
    });
  });

  test('because its address is in use says so', async () => {
    const port = Number(new URL(worker.url).port);
    await expect(runWorker({ listen: { host: '127.0.0.1', port } })).rejects.toMatchObject({
      code: 'worker-unavailable',
      message: expect.stringContaining('EADDRINUSE'),
    });
  });
});
