/** The models that lie beside the worker: one folder each, described by its `model.json`. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { spaceIdOf } from '../src/embedding/space-id.ts';
import { LeitmotifError } from '../src/errors.ts';

const modelManifest = z.object({
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/),
  version: z.string().min(1),
  /** Beside the manifest: a name, not a path, so that a manifest cannot name anything else on the machine. */
  file: z.string().regex(/^[^/\\]+$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sampleRateHz: z.int().min(8_000).max(192_000),
  /** Names in the graph: float32 [batch, samples] in, float32 [batch, dimensions] out, rows of unit length. */
  input: z.string().min(1),
  output: z.string().min(1),
  dimensions: z.int().positive().max(65_536),
  precision: z.string().min(1),
  frontEnd: z.string().min(1),
  licence: z.string().min(1),
  windowSec: z.object({ min: z.number().positive(), max: z.number().positive(), default: z.number().positive() }),
});

export type ModelManifest = z.infer<typeof modelManifest>;

export interface Model {
  readonly manifest: ModelManifest;
  /** Absolute path of the weights. */
  readonly weightsPath: string;
}

/** @throws {LeitmotifError} config-invalid when the manifest cannot be read or is not one */
export async function readModel(manifestPath: string): Promise<Model> {
  const cannot = (cause: unknown, why: string): LeitmotifError =>
    new LeitmotifError('config-invalid', `Cannot read the model ${manifestPath}: ${why}`, { cause });
  let json: unknown;
  try {
    json = JSON.parse(await readFile(manifestPath, 'utf8'));
  } catch (error) {
    throw cannot(error, error instanceof Error ? error.message : String(error));
  }
  const parsed = modelManifest.safeParse(json);
  if (!parsed.success) throw cannot(parsed.error, z.prettifyError(parsed.error));
  return { manifest: parsed.data, weightsPath: path.join(path.dirname(manifestPath), parsed.data.file) };
}

/** @throws {LeitmotifError} model-unknown, naming the models that are there; config-invalid on a bad manifest */
export async function findModel(modelsDir: string, name: string): Promise<Model> {
  const names = await namesIn(modelsDir);
  if (!names.includes(name)) throw unknownModel(name, names);
  const model = await readModel(manifestPathOf(modelsDir, name));
  if (model.manifest.name !== name) {
    throw new LeitmotifError(
      'config-invalid',
      `Cannot read the model ${name}: expected this name in its model.json, got "${model.manifest.name}"`,
    );
  }
  return model;
}

export function manifestPathOf(modelsDir: string, name: string): string {
  return path.join(modelsDir, name, 'model.json');
}

export function unknownModel(name: string, known: readonly string[]): LeitmotifError {
  const list = known.length > 0 ? known.join(', ') : 'none';
  return new LeitmotifError('model-unknown', `Cannot use the model "${name}": the models here are: ${list}`);
}

/** @throws {LeitmotifError} config-invalid when the model cannot take windows of this length */
export function spaceIdOfModel({ manifest }: Model, windowSec: number): string {
  const { min, max } = manifest.windowSec;
  if (windowSec < min || windowSec > max) {
    throw new LeitmotifError(
      'config-invalid',
      `Cannot use windows of ${windowSec} s with the model ${manifest.name}: expected ${min} to ${max} s`,
    );
  }
  return spaceIdOf({
    model: manifest.name,
    version: manifest.version,
    weightsSha256: manifest.sha256,
    precision: manifest.precision,
    windowSec,
    hopSec: windowSec,
    frontEnd: manifest.frontEnd,
  });
}

async function namesIn(modelsDir: string): Promise<string[]> {
  try {
    const entries = await readdir(modelsDir, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    throw new LeitmotifError('config-invalid', `Cannot list the models in ${modelsDir}`, { cause: error });
  }
}
