/** Which device a model runs on: the one asked for by name or none; left to us, the first that can be proved. */
import { existsSync, globSync } from 'node:fs';
import type { EmbeddingDevice } from '../../src/embedding/worker-options.ts';
import { LeitmotifError } from '../../src/errors.ts';
import type { ExecutionProvider } from './onnx.ts';

/** Windows that a GPU is given at once. Each batch size is compiled for once, so there are few: see {@link bucketOf}. */
export const gpuBatchMax = 16;

export interface OnDevice<T> {
  readonly device: ExecutionProvider;
  readonly loaded: T;
  /** Those that were tried before, with the reason, for whoever wonders why it is slow. */
  readonly passedOver: readonly string[];
}

/** @throws {LeitmotifError} config-invalid when the one that was asked for, or the last that is left, cannot be used */
export async function openOnDevice<T>(
  wanted: EmbeddingDevice,
  open: (provider: ExecutionProvider) => Promise<T>,
): Promise<OnDevice<T>> {
  if (wanted !== 'auto') return { device: wanted, loaded: await openNamed(wanted, open), passedOver: [] };
  const passedOver: string[] = [];
  for (const device of gpuMayBeThere() ? (['cuda', 'webgpu'] as const) : []) {
    try {
      return { device, loaded: await open(device), passedOver };
    } catch (error) {
      passedOver.push(`${device}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { device: 'cpu', loaded: await open('cpu'), passedOver };
}

async function openNamed<T>(device: ExecutionProvider, open: (provider: ExecutionProvider) => Promise<T>): Promise<T> {
  try {
    return await open(device);
  } catch (error) {
    if (device === 'cpu') throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new LeitmotifError(
      'config-invalid',
      `Cannot use EMBEDDING_DEVICE=${device}: ${why}. With EMBEDDING_DEVICE=auto the first that works is used.`,
      { cause: error },
    );
  }
}

/** Linux shows GPUs as files; looking saves every machine without one the tries. Elsewhere one may always be there. */
export function gpuMayBeThere(platform: NodeJS.Platform = process.platform): boolean {
  if (platform !== 'linux') return true;
  return ['/dev/nvidiactl', '/dev/dxg'].some((file) => existsSync(file)) || globSync('/dev/dri/renderD*').length > 0;
}

/** @returns the smallest power of two that holds the batch: a GPU compiles for each shape that it meets */
export function bucketOf(batchSize: number): number {
  return 2 ** Math.ceil(Math.log2(batchSize));
}
