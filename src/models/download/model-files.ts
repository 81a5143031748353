/** The files of a model and their manifest entries. Pure. */
import path from 'node:path';
import type { DownloadableFile, DownloadableModel } from '../downloadable.ts';
import type { ModelFile, ModelManifest } from '../manifest.ts';

/** Optional parts, in addition to the audio side. */
export interface ModelParts {
  /** The text encoder. */
  readonly text: boolean;
  /** The float16 weights for GPUs. */
  readonly half: boolean;
}

/** The file's name in the model's folder. */
export function nameOf(file: DownloadableFile): string {
  return path.posix.basename(file.path);
}

export function downloadedFilesOf(model: DownloadableModel, parts: ModelParts): DownloadableFile[] {
  const half = parts.half && model.half ? [model.half] : [];
  const text = parts.text && model.text ? [model.text.network, model.text.tokenizer] : [];
  const { network, musicHead } = model;
  return [network, ...(network.data ? [network.data] : []), ...half, ...text, ...(musicHead ? [musicHead] : [])];
}

export function filesOfManifest({ network, text, musicHead }: ModelManifest): ModelFile[] {
  const { data, half } = network;
  return [
    network,
    ...(data ? [data] : []),
    ...(half ? [half] : []),
    ...(text ? [text.network, text.tokenizer] : []),
    ...(musicHead ? [musicHead] : []),
  ];
}

export function bytesOf(files: readonly { readonly bytes: number }[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** @param taken size and hash of each file, by name */
export function manifestOf(
  model: DownloadableModel,
  parts: ModelParts,
  taken: ReadonlyMap<string, { readonly bytes: number; readonly sha256: string }>,
): ModelManifest {
  const fileOf = (file: DownloadableFile): ModelFile => {
    const found = taken.get(nameOf(file));
    if (!found) throw new RangeError(`Cannot describe ${model.name}: ${nameOf(file)} was not taken`);
    return { file: nameOf(file), sha256: found.sha256, bytes: found.bytes };
  };
  const {
    name,
    version,
    family,
    sampleRateHz,
    dimensions,
    precision,
    frontEnd,
    licence,
    windowSec,
    canary,
    musicHead,
  } = model;
  const extraInputs = musicHead?.extraInputs === undefined ? {} : { extraInputs: musicHead.extraInputs };
  const { input, output, data: outside } = model.network;
  const data = outside ? { data: fileOf(outside) } : {};
  const half = parts.half && model.half ? { half: fileOf(model.half) } : {};
  const text = parts.text && model.text ? { text: textOf(model.text, fileOf) } : {};
  return {
    ...{ name, version, family, sampleRateHz, dimensions, precision, frontEnd, licence, windowSec },
    network: { ...fileOf(model.network), input, output, ...data, ...half },
    ...text,
    ...(musicHead ? { musicHead: { ...fileOf(musicHead), ...extraInputs } } : {}),
    ...(canary === undefined ? {} : { canary }),
  };
}

function textOf(
  { network, tokenizer }: NonNullable<DownloadableModel['text']>,
  fileOf: (file: DownloadableFile) => ModelFile,
): NonNullable<ModelManifest['text']> {
  const { input, output } = network;
  return { network: { ...fileOf(network), input, output }, tokenizer: fileOf(tokenizer) };
}
