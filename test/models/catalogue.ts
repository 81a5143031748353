/** A small model on the local hub. */
import type { DownloadableModel } from '../../src/models/downloadable.ts';
import { generatedBytes, sha256Of } from './local-hub.ts';

export const weights = generatedBytes(300_000);
export const words = generatedBytes(120_000, 2);
export const tokens = Buffer.from(JSON.stringify({ model: { vocab: {} } }));
export const repository = 'somebody/tiny';

/** Every file is pinned except the tokenizer. */
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

/** The same model without pins. */
export const unpinned: DownloadableModel = {
  ...tiny,
  name: 'unpinned',
  network: { ...tiny.network, sha256: null, bytes: 290_000, isExact: false },
};
