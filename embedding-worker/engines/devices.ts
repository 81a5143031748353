/** The devices to try for a model, in order: a device set by name is the only one; with `auto`, GPUs come first, and one is
 *  used if it passes its proof (proof.ts). */
import { existsSync, globSync } from 'node:fs';
import type { EmbeddingDevice } from '../../src/embedding/worker-options.ts';
import { LeitmotifError } from '../../src/errors.ts';
import type { ExecutionProvider } from './onnx.ts';

/** Largest batch of a GPU. Kernels are compiled once for each batch size, so there are few sizes: see {@link bucketOf}. */
export const gpuBatchMax = 16;

/** @param mayBeThere whether trying GPUs with `auto` is worthwhile
 *  @returns best first, at least one */
export function devicesToTry(wanted: EmbeddingDevice, mayBeThere = gpuMayBeThere): ExecutionProvider[] {
  if (wanted !== 'auto') return [wanted];
  return mayBeThere() ? ['cuda', 'webgpu', 'cpu'] : ['cpu'];
}

/** Linux lists GPUs as files, so a machine without one skips the tries. Other systems may always have one. */
export function gpuMayBeThere(platform: NodeJS.Platform = process.platform): boolean {
  if (platform !== 'linux') return true;
  return ['/dev/nvidiactl', '/dev/dxg'].some((file) => existsSync(file)) || globSync('/dev/dri/renderD*').length > 0;
}

/** The error for a device that was set by name and cannot be used. */
export function deviceUnusable(device: ExecutionProvider, why: string): LeitmotifError {
  return new LeitmotifError(
    'config-invalid',
    `Cannot use EMBEDDING_DEVICE=${device}: ${why.replace(/\.$/, '')}. With EMBEDDING_DEVICE=auto the first device that works is used`,
  );
}

/** @param batchSize at least 1
 *  @returns the smallest power of two that holds the batch: kernels are compiled for each shape */
export function bucketOf(batchSize: number): number {
  return 2 ** Math.ceil(Math.log2(batchSize));
}
