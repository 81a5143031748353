/** Model manifests (`model.json`): one folder per model. Some models are shipped with the worker, others are downloaded
 *  (`npm run models`). */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { LeitmotifError } from '../errors.ts';
import { spaceIdOf } from './space-id.ts';

/** A file in the manifest's folder: a name, not a path, so that a manifest cannot refer to other files. */
const modelFile = z.object({
  file: z.string().regex(/^[^/\\]+$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().positive(),
});

/** @property input, output names in the graph
 *  @property data weights outside of the graph file, which refers to them by their file's name (ONNX external data) */
const network = modelFile.extend({
  input: z.string().min(1),
  output: z.string().min(1),
  data: modelFile.optional(),
});

export const modelManifest = z.object({
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/),
  version: z.string().min(1),
  /** Defines input and output of the network: see families/. */
  family: z.enum(['pcm', 'clap', 'wav2vec2']),
  sampleRateHz: z.int().min(8_000).max(192_000),
  dimensions: z.int().positive().max(65_536),
  precision: z.string().min(1),
  frontEnd: z.string().min(1),
  licence: z.string().min(1),
  windowSec: z.object({ min: z.number().positive(), max: z.number().positive(), default: z.number().positive() }),
  /** @property half the same weights in float16: used on GPUs if their output is close enough */
  network: network.extend({ half: modelFile.optional() }),
  /** The text side: embeds texts into the same space. */
  text: z.object({ network, tokenizer: modelFile }).optional(),
  /** Judges from a vector whether its window is music: see embedding-worker/music-head.ts.
   *  @property extraInputs values that follow the vector in the network's output, which only the head reads */
  musicHead: modelFile.extend({ extraInputs: z.int().positive().max(65_536).optional() }).optional(),
  /** The network's output for the canary window (engines/canary.ts) of the default length, as base64 of float32: computed once on a CPU. A
   *  device must reproduce it before it is used. */
  canary: z.base64().optional(),
});

export type ModelManifest = z.infer<typeof modelManifest>;
export type ModelFile = z.infer<typeof modelFile>;

export interface Model {
  readonly manifest: ModelManifest;
  /** Absolute path of the folder that holds the manifest and its files. */
  readonly folder: string;
}

/** @throws {LeitmotifError} config-invalid when the manifest cannot be read or is invalid */
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
  return { manifest: parsed.data, folder: path.dirname(manifestPath) };
}

/** Values of the network's output for one window, or one step of time: the vector, and what only the music head reads. */
export function networkWidth({ dimensions, musicHead }: ModelManifest): number {
  return dimensions + (musicHead?.extraInputs ?? 0);
}

export const modelManifestName = 'model.json';

export function manifestPathOf({ folder }: Model): string {
  return path.join(folder, modelManifestName);
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
    weightsSha256: weightsSha256Of(manifest),
    precision: manifest.precision,
    windowSec,
    hopSec: windowSec,
    frontEnd: manifest.frontEnd,
  });
}

/** The hash of the graph file; with weights outside of it, of both hashes. */
function weightsSha256Of({ network: { sha256, data } }: ModelManifest): string {
  return data ? createHash('sha256').update(`${sha256} ${data.sha256}`).digest('hex') : sha256;
}
