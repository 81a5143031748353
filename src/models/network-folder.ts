/** Writes a model's network as a folder for an inference server: complete and with the right weights, or not at all. */
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, link, mkdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LeitmotifError } from '../errors.ts';
import { writeAtomically } from '../io/durable-file.ts';
import type { Model, ModelFile } from './manifest.ts';

export interface WrittenFolder {
  /** `<dir>/<model>` */
  readonly folder: string;
  /** Whether the weights are a hard link, which takes no disk space. */
  readonly isLinked: boolean;
}

export interface NetworkFolder {
  /** Path of the weights in the folder. */
  readonly weights: string;
  /** Texts by their path in the folder. */
  readonly files: Readonly<Record<string, string>>;
}

/** @param dir created if missing; other content stays unchanged
 *  @throws {LeitmotifError} not-allowed when the model exists there already; config-invalid when its weights are missing or
 *    differ from the manifest; disk-full */
export async function writeNetworkFolder(dir: string, model: Model, content: NetworkFolder): Promise<WrittenFolder> {
  const { name, network } = model.manifest;
  const folder = path.join(dir, name);
  if (await exists(folder)) {
    // The operator may have changed its files.
    throw new LeitmotifError(
      'not-allowed',
      `Cannot write ${folder}: it is there already; remove it, or name another folder`,
    );
  }
  const weights = path.join(model.folder, network.file);
  await checkWeights(model);
  // Renamed into place when complete, because a server may watch the folder.
  const write = async (part: string): Promise<WrittenFolder> => {
    await rm(part, { recursive: true, force: true });
    for (const [file, text] of Object.entries(content.files)) {
      await mkdir(path.dirname(path.join(part, file)), { recursive: true });
      await writeFile(path.join(part, file), text);
    }
    const to = path.join(part, content.weights);
    await mkdir(path.dirname(to), { recursive: true });
    if (network.data) {
      // The graph names this file: it has to be next to it.
      await linkOrCopy(path.join(model.folder, network.data.file), path.join(path.dirname(to), network.data.file));
    }
    return { folder, isLinked: await linkOrCopy(weights, to) };
  };
  return writeAtomically(folder, write, { partial: path.join(dir, `.${name}.part`) });
}

async function checkWeights(model: Model): Promise<void> {
  const { network } = model.manifest;
  for (const file of network.data ? [network, network.data] : [network]) await checkFile(model, file);
}

async function checkFile({ manifest, folder }: Model, { file: name, sha256 }: ModelFile): Promise<void> {
  const cannot = (why: string, cause?: unknown): LeitmotifError =>
    new LeitmotifError('config-invalid', `Cannot use the weights of ${manifest.name}: ${why}`, { cause });
  const file = path.join(folder, name);
  const hash = createHash('sha256');
  try {
    for await (const block of createReadStream(file)) hash.update(block as Buffer);
  } catch (error) {
    throw cannot(error instanceof Error ? error.message : String(error), error);
  }
  const sum = hash.digest('hex');
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
