/** The models that this worker serves, each with its engine. */
import type { ModelsAnswer } from '../src/embedding/wire-format.ts';
import { LeitmotifError } from '../src/errors.ts';
import { findModel } from '../src/models/find-model.ts';
import { type Model, type ModelManifest, spaceIdOfModel } from '../src/models/manifest.ts';
import type { EmbeddingEngine } from './engines/engine.ts';
import { type MusicHead, readMusicHead } from './music-head.ts';

export interface ServedModel {
  readonly manifest: ModelManifest;
  /** Absolute path of the folder that holds the manifest and its files. */
  readonly folder: string;
  readonly windowSec: number;
  readonly spaceId: string;
  readonly engine: EmbeddingEngine;
  /** Null when the model has none: then the gate judges by the sound alone. */
  readonly musicHead: MusicHead | null;
}

export class ServedModels {
  readonly #models: readonly ServedModel[];
  #loading = false;

  private constructor(models: readonly ServedModel[]) {
    this.#models = models;
  }

  /** @param names at least one; the first is the default
   *  @throws {LeitmotifError} model-unknown, or config-invalid on a bad manifest, music head or window */
  static async read(
    { modelsDirs, names, windowSec }: { modelsDirs: readonly string[]; names: readonly string[]; windowSec: number },
    engineFor: (model: Model) => Promise<EmbeddingEngine>,
  ): Promise<ServedModels> {
    const served: ServedModel[] = [];
    for (const name of names) {
      const model = await findModel(modelsDirs, name);
      const spaceId = spaceIdOfModel(model, windowSec);
      const musicHead = await readMusicHead(model);
      served.push({ ...model, windowSec, spaceId, engine: await engineFor(model), musicHead });
    }
    if (served.length === 0) throw new RangeError('Cannot serve: expected at least one model, got none');
    return new ServedModels(served);
  }

  get ready(): boolean {
    return this.#models.every(({ engine }) => engine.ready);
  }

  /** Whether `start` runs. */
  get loading(): boolean {
    return this.#loading;
  }

  /** @param name undefined: the default @throws {LeitmotifError} model-unknown, naming the served models */
  get(name: string | undefined): ServedModel {
    const found = name === undefined ? this.#models[0] : this.#models.find(({ manifest }) => manifest.name === name);
    if (found) return found;
    const served = this.#models.map(({ manifest }) => manifest.name).join(', ');
    throw new LeitmotifError('model-unknown', `Cannot use the model "${name}": the models served here are: ${served}`);
  }

  describe(): ModelsAnswer {
    return {
      default: this.get(undefined).manifest.name,
      models: this.#models.map(({ manifest, windowSec, spaceId, engine }) => ({
        name: manifest.name,
        version: manifest.version,
        spaceId,
        dimensions: manifest.dimensions,
        windowSec,
        sampleRateHz: manifest.sampleRateHz,
        licence: manifest.licence,
        device: engine.device,
        passedOver: [...(engine.passedOver ?? [])],
      })),
    };
  }

  async start(): Promise<void> {
    this.#loading = true;
    try {
      await Promise.all(this.#models.map(({ engine }) => engine.start()));
    } finally {
      this.#loading = false;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#models.map(({ engine }) => engine.close()));
  }
}
