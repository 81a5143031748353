/** Finds a model by name among those on this machine. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { unknownModel } from './catalogue.ts';
import { type Model, manifestName, readModel } from './manifest.ts';

/** @param dirs folders with one folder a model; the first that holds the name is taken
 *  @throws {LeitmotifError} model-unknown, naming the models that are there; config-invalid on a bad manifest */
export async function findModel(dirs: readonly string[], name: string): Promise<Model> {
  const known = await Promise.all(dirs.map(namesIn));
  const dir = dirs[known.findIndex((names) => names.includes(name))];
  if (dir === undefined) throw unknownModel(name, known.flat());
  const model = await readModel(path.join(dir, name, manifestName));
  if (model.manifest.name !== name) {
    throw new LeitmotifError(
      'config-invalid',
      `Cannot read the model ${name}: expected this name in its model.json, got "${model.manifest.name}"`,
    );
  }
  return model;
}

/** The models of a folder, that is its folders with a manifest, which a download gets last; a folder that is not there
 *  holds none. */
async function namesIn(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && existsSync(path.join(dir, entry.name, manifestName)))
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new LeitmotifError('config-invalid', `Cannot list the models in ${dir}`, { cause: error });
  }
}
