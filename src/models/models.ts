/** Manages models: lists, downloads, verifies and removes them. */
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { folderBytes } from '../io/folder-bytes.ts';
import { knownModels } from './catalogue.ts';
import { partPathOf } from './download/fetch-file.ts';
import { type DownloadResult, type GetOptions, getModel } from './download/get-model.ts';
import { bytesOf, downloadedFilesOf, type ModelParts, nameOf } from './download/model-files.ts';
import { lockModel } from './download/model-lock.ts';
import { archivePathOf } from './download/package-file.ts';
import { partBytes } from './download/part-file.ts';
import { type CheckedModelFile, verifyModel } from './download/verify-model.ts';
import type { DownloadableModel } from './downloadable.ts';
import { type InstalledModel, installedModel, installedModels } from './installed.ts';
import { writeMlflowModel } from './mlflow-model.ts';
import type { WrittenFolder } from './network-folder.ts';
import { writeTritonRepository } from './triton-repository.ts';

export interface ModelsOptions extends Pick<GetOptions, 'hub' | 'packageIndex' | 'silenceMs' | 'retryAfterMs'> {
  /** Folder of the shipped models. */
  readonly shippedDir: string;
  /** Folder of the downloaded models; created when needed. */
  readonly modelsDir: string;
  /** The models that can be downloaded. */
  readonly catalogue: readonly DownloadableModel[];
}

/** shipped part of the program; here downloaded, or added by hand; broken its manifest is invalid;
 *  partly its download is running or was interrupted; not-here it can be downloaded */
export type ModelPresence = 'shipped' | 'here' | 'broken' | 'partly' | 'not-here';

/** pinned the hash is in this repository; recorded the hash of the first download is required later */
export type HashSource = 'pinned' | 'recorded';

export interface ListedModel {
  readonly name: string;
  readonly purpose: string;
  readonly presence: ModelPresence;
  /** Size on this machine; for a missing model, the size of its audio side. */
  readonly bytes: number;
  readonly isExact: boolean;
  /** Bytes of the text side; null without one. */
  readonly textBytes: number | null;
  readonly licence: string;
  readonly precision: string;
  readonly dimensions: number | null;
  readonly hash: HashSource;
  /** The fault of a broken model. */
  readonly problem?: string;
}

export class Models {
  readonly #options: ModelsOptions;

  constructor(options: ModelsOptions) {
    this.#options = options;
  }

  /** Shipped models first, then downloadable ones in the catalogue's order, then others in the folder. */
  async list(): Promise<ListedModel[]> {
    const { catalogue } = this.#options;
    const [shipped, downloaded] = await this.#installed();
    const own = downloaded.filter(({ name }) => !catalogue.some((known) => known.name === name));
    const offered = catalogue.map(async (known) => {
      const here = downloaded.find(({ name }) => name === known.name);
      return here ? await listInstalled(here, known) : await this.#listOffered(known);
    });
    return Promise.all([
      ...shipped.map((model) => listInstalled(model, undefined)),
      ...offered,
      ...own.map((model) => listInstalled(model, undefined)),
    ]);
  }

  /** @throws {LeitmotifError} model-unknown, and as getModel */
  async get(name: string, parts: ModelParts, options: Pick<GetOptions, 'signal' | 'onEvent'>): Promise<DownloadResult> {
    const { catalogue, shippedDir, modelsDir, ...rest } = this.#options;
    const model = catalogue.find((known) => known.name === name);
    if (!model) throw await this.#cannotGet(name);
    if (parts.text && !model.text) {
      throw new LeitmotifError('model-unknown', `Cannot get a text side of ${name}: it has none`);
    }
    if (parts.half && !model.half) {
      throw new LeitmotifError('model-unknown', `Cannot get ${name} in float16: none is known`);
    }
    return await getModel(model, { ...rest, ...options, modelsDir, parts });
  }

  /** @param name null: all installed models
   *  @throws {LeitmotifError} model-unknown when it is not installed */
  async verify(name: string | null): Promise<{ model: InstalledModel; files: CheckedModelFile[] | LeitmotifError }[]> {
    const installed = (await this.#installed()).flat();
    const asked = name === null ? installed : installed.filter((model) => model.name === name);
    if (name !== null && asked.length === 0) throw await this.#notHere(name);
    const results: { model: InstalledModel; files: CheckedModelFile[] | LeitmotifError }[] = [];
    // One by one, because disks are fastest at sequential reads.
    for (const model of asked) {
      const known = this.#options.catalogue.find((each) => each.name === model.name);
      results.push({ model, files: await verifyModel(model, known).catch(asFailure) });
    }
    return results;
  }

  /** Also removes the rest of an interrupted download.
   *  @returns the freed bytes
   *  @throws {LeitmotifError} model-unknown when it is not installed; not-allowed for a shipped model; model-locked during its
   *    download */
  async remove(name: string, signal: AbortSignal): Promise<{ bytes: number }> {
    const { shippedDir, modelsDir } = this.#options;
    const shipped = await installedModels(shippedDir, true);
    if (shipped.some((model) => model.name === name)) {
      throw new LeitmotifError('not-allowed', `Cannot remove the model ${name}: it came with the program`);
    }
    const names = await readdir(modelsDir).catch(() => [] as string[]);
    // Only existing names are accepted, so that no name leads to another folder.
    const folder = path.join(modelsDir, name);
    if (!names.includes(name) || !(await stat(folder)).isDirectory()) throw await this.#notHere(name);
    using _lock = await lockModel(modelsDir, name, { signal, waitMaxMs: 0 });
    const bytes = await folderBytes(folder);
    await rm(folder, { recursive: true });
    return { bytes };
  }

  /** Writes a model as a folder for an inference server.
   *  @param dir Triton's model repository, or a folder of MLflow models
   *  @throws {LeitmotifError} model-unknown when the model is not installed; as writeNetworkFolder */
  async writeServed(server: 'triton' | 'mlflow', dir: string, name: string, windowSec: number): Promise<WrittenFolder> {
    const found = (await this.#installed()).flat().find((each) => each.name === name);
    if (!found) throw await this.#notHere(name);
    if (found.model instanceof LeitmotifError) throw found.model;
    const write = { triton: writeTritonRepository, mlflow: writeMlflowModel }[server];
    return write(dir, found.model, windowSec);
  }

  async #installed(): Promise<[shipped: InstalledModel[], downloaded: InstalledModel[]]> {
    const { shippedDir, modelsDir } = this.#options;
    return [await installedModels(shippedDir, true), await installedModels(modelsDir, false)];
  }

  async #listOffered(known: DownloadableModel): Promise<ListedModel> {
    const files = downloadedFilesOf(known, { text: false, half: false });
    const folder = path.join(this.#options.modelsDir, known.name);
    const parts = downloadedFilesOf(known, { text: true, half: true }).map((file) => {
      const { origin } = file;
      const arriving = origin?.kind === 'package' ? archivePathOf(origin, folder) : path.join(folder, nameOf(file));
      return partBytes(partPathOf(arriving));
    });
    const begun = (await Promise.all(parts)).some((bytes) => bytes > 0);
    return {
      ...wordsOf(known),
      presence: begun ? 'partly' : 'not-here',
      bytes: bytesOf(files),
      isExact: files.every(({ isExact }) => isExact),
      textBytes: textBytesOf(known),
    };
  }

  async #notHere(name: string): Promise<LeitmotifError> {
    const here = (await this.#installed()).flat().map((model) => model.name);
    return new LeitmotifError('model-unknown', `The model "${name}" is not here; those that are: ${here.join(', ')}`);
  }

  async #cannotGet(name: string): Promise<LeitmotifError> {
    if (await installedModel(this.#options.shippedDir, name, true)) {
      return new LeitmotifError('not-allowed', `Nothing to get: the model ${name} came with the program`);
    }
    return new LeitmotifError(
      'model-unknown',
      `Cannot get the model "${name}": those that can be downloaded are: ${knownModels(this.#options.catalogue)}`,
    );
  }
}

function asFailure(error: unknown): LeitmotifError {
  if (error instanceof LeitmotifError) return error;
  throw error;
}

function wordsOf(known: DownloadableModel) {
  const { name, purpose, licence, precision, dimensions } = known;
  const hash: HashSource = known.network.sha256 === null ? 'recorded' : 'pinned';
  return { name, purpose, licence, precision, dimensions, hash };
}

function textBytesOf({ text }: DownloadableModel): number | null {
  return text ? bytesOf([text.network, text.tokenizer]) : null;
}

async function listInstalled({ name, folder, isShipped, model }: InstalledModel, known?: DownloadableModel) {
  const bytes = await folderBytes(folder);
  const purpose = known?.purpose ?? (isShipped ? 'came with the program; nothing to download' : 'put here by hand');
  if (model instanceof LeitmotifError) {
    const nothing = { licence: known?.licence ?? '', precision: '', dimensions: null, textBytes: null };
    const hash: HashSource = 'recorded';
    const presence: ModelPresence = 'broken';
    return { name, purpose, presence, bytes, isExact: true, ...nothing, hash, problem: model.message };
  }
  const { licence, precision, dimensions, text } = model.manifest;
  const pinned = isShipped || (known !== undefined && known.network.sha256 !== null);
  return {
    ...{ name, purpose, licence, precision, dimensions },
    presence: isShipped ? ('shipped' as const) : ('here' as const),
    bytes,
    isExact: true,
    textBytes: text ? bytesOf([text.network, text.tokenizer]) : known ? textBytesOf(known) : null,
    hash: pinned ? ('pinned' as const) : ('recorded' as const),
  } satisfies ListedModel;
}
