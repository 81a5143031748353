/** The models that can be downloaded (`npm run models -- get NAME`): origin and hashes of the files, and manifest fields.
 *  Shipped models have manifests in embedding-worker/models/ instead. Separate from the downloader, so that an error about a missing model
 *  can say that it can be downloaded.
 *
 *  No third-party weights are in this repository, and each model has its own licence.
 *
 *  Pins: a file must have the hash stated here, from any source. A file without a pin is accepted on its first download if it
 *  matches the hub's hash, and its hash is recorded; `npm run models -- list` shows which files are pinned. The hashes of CLAP's
 *  files were stated by a third party, those of HuBERT's and of the float16 files are on the hub's own pages. A wrong hash leads
 *  to a refused download, never to an accepted wrong file.
 */
import { LeitmotifError } from '../errors.ts';
import { formatBytes } from '../format.ts';
import type { DownloadableModel } from './downloadable.ts';
import { musicnn } from './musicnn/entry.ts';

/** CLAP was trained on windows of 10 s, and wav2vec2 accepts this length; shorter windows are padded. */
const windowSec = { min: 5, max: 10, default: 10 } as const;

const clap = {
  version: '1.0.0',
  family: 'clap',
  sampleRateHz: 48_000,
  dimensions: 512,
  frontEnd: 'clap-mel-1',
  windowSec,
  licence: 'Apache-2.0',
} as const;
const audioNames = { input: 'input_features', output: 'audio_embeds' } as const;
const textNames = { input: 'input_ids', output: 'text_embeds' } as const;
/** RoBERTa's, the same in both repositories; small enough to be stored in git itself, which names its hash. */
const tokenizer = { path: 'tokenizer.json', sha256: null, bytes: 2_110_000, isExact: false } as const;

const musicAndSpeech = {
  ...clap,
  repository: 'Xenova/larger_clap_music_and_speech',
  revision: 'e9fd5ac1dbf3280936a7fc3ec8a020453ff184db',
  text: {
    network: {
      path: 'onnx/text_model_quantized.onnx',
      sha256: '8f9f29c5f6adee917553d4b3a70729c731c0d18b88efca0ae67c1a1fc278f3b6',
      bytes: 126_603_262,
      isExact: true,
      ...textNames,
    },
    tokenizer,
  },
} as const;

const htsatUnfused = {
  ...clap,
  repository: 'Xenova/clap-htsat-unfused',
  revision: 'c28f2883575e590e04d3146ff0713c2448d691ba',
  text: {
    network: {
      path: 'onnx/text_model_quantized.onnx',
      sha256: '1a3df8b197e249816e08415fd040434c44762b2eea7eb7bf8a48a0f0bf3c14e5',
      bytes: 126_603_263,
      isExact: true,
      ...textNames,
    },
    tokenizer,
  },
} as const;

const speech = {
  version: '1.0.0',
  family: 'wav2vec2',
  sampleRateHz: 16_000,
  dimensions: 768,
  precision: 'fp32',
  frontEnd: 'zscore-1',
  windowSec,
} as const;
const speechNames = { input: 'input_values', output: 'last_hidden_state' } as const;

export const downloadableModels: readonly DownloadableModel[] = [
  musicnn,
  {
    ...musicAndSpeech,
    name: 'clap',
    purpose: 'music and speech; the model of choice where it may take its time',
    precision: 'fp32',
    network: {
      path: 'onnx/audio_model.onnx',
      sha256: '3ecc72d27740e2a09ced20cf22fd6244122e5e506008763a0f368b3b4ff6eac8',
      bytes: 281_749_092,
      isExact: true,
      ...audioNames,
    },
    half: { path: 'onnx/audio_model_fp16.onnx', sha256: null, bytes: 143_000_000, isExact: false },
  },
  {
    ...musicAndSpeech,
    name: 'clap-int8',
    purpose: 'the same in 8 bits: smaller, less exact, and a space of its own',
    precision: 'int8',
    network: {
      path: 'onnx/audio_model_quantized.onnx',
      sha256: '021dd4fb962b4ed20cc3a6730b09e0ccf9f9c49931047032118a3b64828513a6',
      bytes: 78_155_433,
      isExact: true,
      ...audioNames,
    },
  },
  {
    ...htsatUnfused,
    name: 'clap-small',
    purpose: 'the smaller CLAP, of sounds of all kinds',
    precision: 'fp32',
    network: {
      path: 'onnx/audio_model.onnx',
      sha256: 'a1c2b43c44f71e0fa841a4b86700886c199bf87699ea45632c4d831bc6c88957',
      bytes: 118_000_000,
      isExact: false,
      ...audioNames,
    },
    half: {
      path: 'onnx/audio_model_fp16.onnx',
      sha256: '65963cfa5e903e0a8df475137252d618663df88ecf0b55a3fb327e6c1ca63a97',
      bytes: 60_400_000,
      isExact: false,
    },
  },
  {
    ...htsatUnfused,
    name: 'clap-small-int8',
    purpose: 'the same in 8 bits',
    precision: 'int8',
    network: {
      path: 'onnx/audio_model_quantized.onnx',
      sha256: '3fcff2c8824e7bcb83a983f2a49edab3b60cbcf4872ac70efee517355173bd1f',
      bytes: 34_301_667,
      isExact: true,
      ...audioNames,
    },
  },
  {
    ...speech,
    name: 'wav2vec2',
    purpose: "speech; the original system's first model",
    licence: 'Apache-2.0',
    repository: 'onnx-community/wav2vec2-base-ONNX',
    revision: 'main',
    network: { path: 'onnx/model.onnx', sha256: null, bytes: 378_000_000, isExact: false, ...speechNames },
  },
  {
    ...speech,
    name: 'hubert',
    purpose: 'speech; learnt from hidden units',
    licence: 'Apache-2.0',
    repository: 'Xenova/hubert-base-ls960',
    revision: '605602b14ca8b3bfe9a3f6d28bfc7120e27d8223',
    network: {
      path: 'onnx/model.onnx',
      sha256: 'c6fcb81a8315972f672b9433e85886fda467b9c6d76f1799e5bf01f8c68f915b',
      bytes: 378_000_000,
      isExact: false,
      ...speechNames,
    },
  },
  {
    ...speech,
    name: 'wavlm',
    purpose: 'speech; learnt from overlapping voices too',
    // torchaudio redistributes the same weights under it; the hub's card points to the licence of the authors' code.
    licence: 'MIT',
    repository: 'Xenova/wavlm-base-plus',
    revision: '27b8ee283bf6c3a5ae77d7e90d8e40a6925288e2',
    network: { path: 'onnx/model.onnx', sha256: null, bytes: 378_000_000, isExact: false, ...speechNames },
    half: {
      path: 'onnx/model_fp16.onnx',
      sha256: '8595e889bc108a87544b1c815c2c033b11e7824d9d18732be8e21d16fef0a351',
      bytes: 189_000_000,
      isExact: false,
    },
  },
];

export function downloadableModel(name: string): DownloadableModel | undefined {
  return downloadableModels.find((model) => model.name === name);
}

/** "clap (282 MB), clap-int8 (78 MB), ..." */
export function knownModels(catalogue: readonly DownloadableModel[] = downloadableModels): string {
  return catalogue.map((model) => `${model.name} (${sizeOf(model)})`).join(', ');
}

function sizeOf({ network }: DownloadableModel): string {
  return formatBytes(network.bytes + (network.data?.bytes ?? 0));
}

/** The error for a model that is not installed, with advice.
 *  @param here names of the installed models
 *  @returns model-unknown */
export function unknownModel(name: string, here: readonly string[]): LeitmotifError {
  const model = downloadableModel(name);
  const list = here.length > 0 ? here.join(', ') : 'none';
  const message = model
    ? `Cannot use the model "${name}": it is not downloaded yet; \`npm run models -- get ${name}\` does it (${sizeOf(model)}). The models here are: ${list}`
    : `Cannot use the model "${name}": the models here are: ${list}; others can be downloaded (npm run models -- get NAME): ${knownModels()}`;
  return new LeitmotifError('model-unknown', message);
}
