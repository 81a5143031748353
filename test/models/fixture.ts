/** A hub, a folder for models, and the other parts of a download. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { GetEvent } from '../../src/models/download/get-model.ts';
import { Models, type ModelsOptions } from '../../src/models/models.ts';
import { repository, tiny, tokens, unpinned, weights, words } from './catalogue.ts';
import { LocalHub } from './local-hub.ts';

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
    packageIndex: hub.endpoint,
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
