/** A small model on the local hub, and everything that getting it takes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { DownloadableModel } from '../../embedding-worker/downloadable-models.ts';
import type { GetEvent } from '../../src/models/get-model.ts';
import { Models, type ModelsOptions } from '../../src/models/models.ts';
import { generatedBytes, LocalHub, sha256Of } from './local-hub.ts';

export const weights = generatedBytes(300_000);
export const words = generatedBytes(120_000, 2);
export const tokens = Buffer.from(JSON.stringify({ model: { vocab: {} } }));
export const repository = 'somebody/tiny';

/** Pinned, but for its tokenizer. */
export const tiny: DownloadableModel = {
  name: 'tiny',
  purpose: 'tests',
  version: '1.0.0',
  family: 'clap',
  sampleRateHz: 48_000,
  dimensions: 512,
  precision: 'fp32',
  frontEnd: 'clap-mel-1',
  licence: 'CC0-1.0',
  windowSec: { min: 5, max: 10, default: 10 },
  repository,
  revision: 'main',
  network: {
    path: 'onnx/audio_model.onnx',
    sha256: sha256Of(weights),
    bytes: weights.length,
    isExact: true,
    input: 'input_features',
    output: 'audio_embeds',
  },
  text: {
    network: {
      path: 'onnx/text_model.onnx',
      sha256: sha256Of(words),
      bytes: words.length,
      isExact: true,
      input: 'input_ids',
      output: 'text_embeds',
    },
    tokenizer: { path: 'tokenizer.json', sha256: null, bytes: 100, isExact: false },
  },
};

/** The same without a pin. */
export const unpinned: DownloadableModel = {
  ...tiny,
  name: 'unpinned',
  network: { ...tiny.network, sha256: null, bytes: 290_000, isExact: false },
};

export interface Fixture {
  readonly hub: LocalHub;
  readonly folder: string;
  readonly modelsDir: string;
  readonly cacheDir: string;
  readonly events: GetEvent[];
  readonly models: Models;
  models2(changes: Partial<ModelsOptions>): Models;
  get(
    name?: string,
    parts?: { text?: boolean; half?: boolean },
    models?: Models,
    signal?: AbortSignal,
  ): ReturnType<Models['get']>;
}

export async function openFixture(changes: Partial<ModelsOptions['hub']> = {}): Promise<Fixture> {
  const folder = mkdtempSync(path.join(tmpdir(), 'leitmotif-models-'));
  const hub = await LocalHub.open();
  onTestFinished(async () => {
    await hub[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  hub.files[`${repository}/onnx/audio_model.onnx`] = { bytes: weights };
  hub.files[`${repository}/onnx/text_model.onnx`] = { bytes: words };
  hub.files[`${repository}/tokenizer.json`] = { bytes: tokens, inGit: true };
  const [modelsDir, cacheDir] = [path.join(folder, 'models'), path.join(folder, 'cache')];
  const options: ModelsOptions = {
    shippedDir: path.resolve(import.meta.dirname, '../../embedding-worker/models'),
    modelsDir,
    catalogue: [tiny, unpinned],
    hub: { endpoint: hub.endpoint, token: 'hf_secret', offline: false, cacheDir, ...changes },
    silenceMs: 20_000,
    retryAfterMs: 1,
  };
  const models = new Models(options);
  const events: GetEvent[] = [];
  return {
    ...{ hub, folder, modelsDir, cacheDir, events, models },
    models2: (more) => new Models({ ...options, ...more }),
    get: (name = 'tiny', parts = {}, asked = models, signal = new AbortController().signal) =>
      asked.get(
        name,
        { text: parts.text ?? false, half: parts.half ?? false },
        { signal, onEvent: (event) => events.push(event) },
      ),
  };
}
