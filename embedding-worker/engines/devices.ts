/** Which devices a model is tried on, and in which order: the one asked for by name and no other; left to us, GPUs first,
 *  of which one is taken if it proves itself (proof.ts). */
import { existsSync, globSync } from 'node:fs';
import type { EmbeddingDevice } from '../../src/embedding/worker-options.ts';
import { LeitmotifError } from '../../src/errors.ts';
import type { ExecutionProvider } from './onnx.ts';

/** Windows that a GPU is given at once. Each batch size is compiled for once, so there are few: see {@link bucketOf}. */
export const gpuBatchMax = 16;

/** @param mayBeThere whether it is worth trying GPUs that nobody asked for by name
 *  @returns best first, at least one */
export function devicesToTry(wanted: EmbeddingDevice, mayBeThere = gpuMayBeThere): ExecutionProvider[] {
  if (wanted !== 'auto') return [wanted];
  return mayBeThere() ? ['cuda', 'webgpu', 'cpu'] : ['cpu'];
}

/** Linux shows GPUs as files; looking saves every machine without one the tries. Elsewhere one may always be there. */
export function gpuMayBeThere(platform: NodeJS.Platform = process.platform): boolean {
  if (platform !== 'linux') return true;
  return ['/dev/nvidiactl', '/dev/dxg'].some((file) => existsSync(file)) || globSync('/dev/dri/renderD*').length > 0;
}

/** What whoever asked for a device by name is told when it cannot be had. */
export function deviceUnusable(device: ExecutionProvider, why: string): LeitmotifError {
  return new LeitmotifError(
    'config-invalid',
    `Cannot use EMBEDDING_DEVICE=${device}: ${why.replace(/\.$/, '')}. With EMBEDDING_DEVICE=auto the first device that works is used`,
  );
}

/** @param batchSize at least 1
 *  @returns the smallest power of two that holds the batch: a GPU compiles for each shape that it meets */
export function bucketOf(batchSize: number): number {
  return 2 ** Math.ceil(Math.log2(batchSize));
}
