/** Loads a model and proves it with the canary: windows in, unit vectors out. For a network on a remote server, only the
 *  preparation is loaded: windows in, inputs of the network out. */
import path from 'node:path';
import { LeitmotifError } from '../../src/errors.ts';
import type { Model, ModelManifest } from '../../src/models/manifest.ts';
import { samplesOf } from '../../src/models/network-spec.ts';
import { canaryWindow, checkCanary, halfToleranceDistance, storedCanary } from './canary.ts';
import { type ExecutionProvider, verifySum } from './onnx.ts';
import { type NetworkFile, type OpenedModel, openModel, openPreparation } from './opened-model.ts';
import { msPerWindow, proveGpu, type Reference } from './proof.ts';

export interface LoadedModel extends Pick<OpenedModel, 'run' | 'close'> {
  /** Rejected options, with the reason. */
  readonly passedOver: readonly string[];
  /** Repeats the proof. @throws {Error} when the device no longer computes the same */
  prove(): Promise<void>;
}

/** With `auto`, a GPU is used only if it is faster than all CPU processes together. */
export interface CpuToBeat {
  readonly processes: number;
  /** The gate's work on each window, in the same process. */
  readonly gate: (window: Float32Array) => void;
}

/** The device cannot be used; the model is not at fault. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
}

/** @throws {LeitmotifError} config-invalid when the weights are missing, changed, or differ from the manifest
 *  @throws {DeviceError} when the provider cannot run them, computes other vectors, or is not faster */
export async function loadModel(
  model: Model,
  windowSec: number,
  provider: ExecutionProvider,
  cpuToBeat: CpuToBeat | null = null,
): Promise<LoadedModel> {
  const { manifest, folder } = model;
  const canary = canaryWindow(samplesOf(manifest, windowSec));
  const stored = storedCanary(manifest, windowSec);
  let reference: Reference;
  try {
    const { network } = manifest;
    for (const { file, sha256 } of network.data ? [network, network.data] : [network]) {
      await verifySum(path.join(folder, file), sha256);
    }
    if (provider === 'cpu') return (await loadOnCpu(model, canary, stored)).loaded;
    reference =
      stored && !cpuToBeat ? { vector: stored, cpuMs: null } : await computeReference(model, canary, stored, cpuToBeat);
  } catch (error) {
    throw cannotLoad(manifest, error);
  }
  return loadProven(model, canary, provider, reference, cpuToBeat?.gate);
}

/** Loads the preparation only: windows in, inputs of the network out. */
export async function loadFrontEnd(model: Model): Promise<LoadedModel> {
  try {
    return { ...(await openPreparation(model)), passedOver: [], prove: async () => {} };
  } catch (error) {
    throw cannotLoad(model.manifest, error);
  }
}

/** Uses half-precision weights if there are any and their vectors are close enough, else the full ones.
 *  @param canary shape [samples]
 *  @throws {DeviceError} with the reason why the device cannot be used */
export async function loadProven(
  model: Model,
  canary: Float32Array,
  provider: ExecutionProvider,
  reference: Reference,
  gate: CpuToBeat['gate'] = () => {},
): Promise<LoadedModel> {
  const { half, ...full } = model.manifest.network;
  const passedOver: string[] = [];
  const open = async (weights: NetworkFile, toleranceMax?: number): Promise<LoadedModel> => {
    const opened = await openModel(model, weights, provider);
    try {
      await proveGpu(opened, canary, reference, gate, toleranceMax);
    } catch (error) {
      await opened.close();
      throw error;
    }
    const prove = async () => checkCanary(await vectorOf(opened, canary), reference.vector, toleranceMax);
    return { ...opened, passedOver, prove };
  };
  if (half) {
    try {
      await verifySum(path.join(model.folder, half.file), half.sha256);
      return await open({ ...full, ...half }, halfToleranceDistance);
    } catch (error) {
      passedOver.push(`half-precision weights: ${messageOf(error)}`);
    }
  }
  try {
    return await open(full);
  } catch (error) {
    throw new DeviceError(messageOf(error), { cause: error });
  }
}

async function loadOnCpu(model: Model, canary: Float32Array, stored: Float32Array | null) {
  const opened = await openModel(model, model.manifest.network, 'cpu');
  const vector = await vectorOf(opened, canary);
  if (stored) checkCanary(vector, stored);
  // The CPU is the reference, so its proof is not repeated.
  return { loaded: { ...opened, passedOver: [], prove: async () => {} }, vector };
}

/** Embeds the canary on this machine's CPU and measures the time. */
async function computeReference(
  model: Model,
  canary: Float32Array,
  stored: Float32Array | null,
  cpuToBeat: CpuToBeat | null,
): Promise<Reference> {
  const { loaded, vector } = await loadOnCpu(model, canary, stored);
  try {
    if (!cpuToBeat) return { vector, cpuMs: null };
    const { processes, gate } = cpuToBeat;
    return { vector, cpuMs: (await msPerWindow(loaded, [canary], gate)) / processes };
  } finally {
    await loaded.close();
  }
}

async function vectorOf({ run }: Pick<OpenedModel, 'run'>, canary: Float32Array): Promise<Float32Array> {
  const [vector] = await run([canary]);
  return vector as Float32Array;
}

function cannotLoad({ name }: ModelManifest, cause: unknown): LeitmotifError {
  return new LeitmotifError('config-invalid', `Cannot load the model ${name}: ${messageOf(cause)}`, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
