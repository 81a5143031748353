/** Finds an installed model by name. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { unknownModel } from './catalogue.ts';
import { type Model, modelManifestName, readModel } from './manifest.ts';

/** @param dirs folders with one folder per model; the first with the name is used
 *  @throws {LeitmotifError} model-unknown, naming the installed models; config-invalid on a bad manifest */
export async function findModel(dirs: readonly string[], name: string): Promise<Model> {
  const known = await Promise.all(dirs.map(namesIn));
  const dir = dirs[known.findIndex((names) => names.includes(name))];
  if (dir === undefined) throw (await otherVersion(dirs, name, known.flat())) ?? unknownModel(name, known.flat());
  const model = await readModel(path.join(dir, name, modelManifestName));
  if (model.manifest.name !== name) {
    throw new LeitmotifError(
      'config-invalid',
      `Cannot read the model ${name}: expected this name in its model.json, got "${model.manifest.name}"`,
    );
  }
  return model;
}

/** For names such as `builtin@2`: a release contains one version of a model, which cannot search an index of another version. */
async function otherVersion(dirs: readonly string[], name: string, known: readonly string[]) {
  const [base = '', version] = name.split('@');
  if (version === undefined || !known.includes(base)) return undefined;
  const { manifest } = await findModel(dirs, base);
  return new LeitmotifError(
    'model-unknown',
    `Cannot use the model "${name}": a model is chosen without its version, and here is ${base}@${manifest.version}. ` +
      `With EMBEDDING_MODEL=${base}, \`npm run index -- DIR\` indexes the library in its space; an index of another version ` +
      'stays where it is, for the release that made it',
  );
}

/** Names of the models in a folder: subfolders with a manifest, which a download writes last. Empty if the folder does not
 *  exist. */
async function namesIn(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && existsSync(path.join(dir, entry.name, modelManifestName)))
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new LeitmotifError('config-invalid', `Cannot list the models in ${dir}`, { cause: error });
  }
}
