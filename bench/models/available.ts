/** The models that a machine has: shipped, downloaded, and networks of the published ones' size with random weights. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { type Model, modelManifestName, readModel } from '../../src/models/manifest.ts';

export interface AvailableModel {
  readonly model: Model;
  /** The folder of models that contains this one. */
  readonly dir: string;
  /** Trained weights; networks without them only have the same cost. */
  readonly trained: boolean;
}

const root = path.resolve(import.meta.dirname, '../..');
const shippedDir = path.join(root, 'embedding-worker/models');

/** Folders of all trained models, to start a worker with. */
export function trainedDirs(environment: Readonly<Record<string, string | undefined>>): string[] {
  return [shippedDir, path.resolve(root, environment.MODELS_DIR || 'models')];
}

/** @param shapesDir where bench/reference/export_shape.py wrote its networks; may be missing */
export async function availableModels(
  environment: Readonly<Record<string, string | undefined>>,
  shapesDir: string,
): Promise<AvailableModel[]> {
  const trained = trainedDirs(environment).map((dir) => ({ dir, trained: true }));
  const found: AvailableModel[] = [];
  for (const { dir, trained: knows } of [...trained, { dir: shapesDir, trained: false }]) {
    for (const name of existsSync(dir) ? readdirSync(dir).sort() : []) {
      const manifest = path.join(dir, name, modelManifestName);
      if (existsSync(manifest)) found.push({ model: await readModel(manifest), dir, trained: knows });
    }
  }
  return found;
}
