/** Writes a model's network as a folder for Triton: `<dir>/<model>/config.pbtxt` and `<dir>/<model>/1/model.onnx`.
 *  @see https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/model_repository.html */
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, link, mkdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { writeAtomically } from '../io/durable-file.ts';
import type { Model } from './manifest.ts';
import { networkSpecOf } from './network-spec.ts';

export interface WrittenRepository {
  /** `<dir>/<model>` */
  readonly folder: string;
  /** Whether the weights are a hard link, which takes no disk space. */
  readonly isLinked: boolean;
}

/** Largest batch of windows. 32 CLAP windows take about 4 GB of a GPU's memory at float32; the worker sends no larger batch. */
const batchMax = 32;
/** Time that Triton waits for further windows, because several workers may use one server. */
const queueDelayMicroseconds = 5_000;

/** @param dir created if missing; other content stays unchanged
 *  @throws {LeitmotifError} not-allowed when the model exists there already; config-invalid when its weights are missing or
 *    differ from the manifest; disk-full */
export async function writeTritonRepository(dir: string, model: Model, windowSec: number): Promise<WrittenRepository> {
  const { name, network } = model.manifest;
  const folder = path.join(dir, name);
  if (await exists(folder)) {
    // The operator may have tuned its config.pbtxt.
    throw new LeitmotifError(
      'not-allowed',
      `Cannot write ${folder}: it is there already; remove it, or name another folder`,
    );
  }
  const weights = path.join(model.folder, network.file);
  await checkWeights(model, weights);
  // Renamed into place when complete, because Triton may watch the folder.
  const write = async (part: string): Promise<WrittenRepository> => {
    await rm(part, { recursive: true, force: true });
    await mkdir(path.join(part, '1'), { recursive: true });
    await writeFile(path.join(part, 'config.pbtxt'), tritonConfig(model, windowSec));
    return { folder, isLinked: await linkOrCopy(weights, path.join(part, '1', 'model.onnx')) };
  };
  return writeAtomically(folder, write, { partial: path.join(dir, `.${name}.part`) });
}

/** The text of config.pbtxt, with the names and shapes that the worker expects. */
export function tritonConfig(model: Pick<Model, 'manifest'>, windowSec: number): string {
  const { input, output } = networkSpecOf(model, windowSec);
  const outputDims = output.overTime ? [-1, output.dimensions] : [output.dimensions];
  return `# ${model.manifest.name} ${model.manifest.version}, windows of ${windowSec} s.
name: "${model.manifest.name}"
platform: "onnxruntime_onnx"
max_batch_size: ${batchMax}
input [
  { name: "${input.name}" data_type: TYPE_FP32 dims: [ ${input.itemShape.join(', ')} ] }
]
output [
  { name: "${output.name}" data_type: TYPE_FP32 dims: [ ${outputDims.join(', ')} ] }
]
dynamic_batching { max_queue_delay_microseconds: ${queueDelayMicroseconds} }
# One copy on each GPU, or one on the CPU where there is none. More copies:
# instance_group [ { count: 2 kind: KIND_GPU } ]
`;
}

async function checkWeights({ manifest }: Model, file: string): Promise<void> {
  const cannot = (why: string, cause?: unknown): LeitmotifError =>
    new LeitmotifError('config-invalid', `Cannot use the weights of ${manifest.name}: ${why}`, { cause });
  const hash = createHash('sha256');
  try {
    for await (const block of createReadStream(file)) hash.update(block as Buffer);
  } catch (error) {
    throw cannot(error instanceof Error ? error.message : String(error), error);
  }
  const sum = hash.digest('hex');
  const { sha256 } = manifest.network;
  if (sum !== sha256) throw cannot(`expected ${file} to have sha256 ${sha256}, got ${sum}`);
}

/** @returns whether a hard link was possible; not to another disk, nor on all file systems */
async function linkOrCopy(from: string, to: string): Promise<boolean> {
  const real = await realpath(from);
  try {
    await link(real, to);
    return true;
  } catch {
    await copyFile(real, to, constants.COPYFILE_FICLONE);
    return false;
  }
}

async function exists(where: string): Promise<boolean> {
  return stat(where).then(
    () => true,
    () => false,
  );
}
